/**
 * What is around a packet on the media lane, in bytes, at most:
 *    2  our frame                  12  RTP                       16  SRTP's authentication tag (10 with AES-CM)
 *    8  UDP                        40  IPv6 (20 in IPv4)          4  TURN ChannelData, where relayed
 */
export const MEDIA_OVERHEAD_BYTES = 82;

/**
 * The MTU of the virtual interface, in bytes: 1420, which the media lane carries as one datagram of 1498 bytes over IPv6
 * on Ethernet. What a path carries less of is found by probes for each peer (shared/mesh/path-mtu.ts), and its senders
 * are held to that by MSS and ICMP, so that the interface need not be as narrow as the narrowest path.
 *
 * Over the packets channel SCTP cuts messages into chunks of about 1100 bytes whatever their size, so a wider interface
 * costs nothing there: between desktop members a message is a super-packet anyhow.
 */
export const DEFAULT_TUNNEL_MTU = 1420;
