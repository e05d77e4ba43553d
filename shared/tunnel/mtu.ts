/**
 * The MTU of the virtual interface, in bytes: 1280, the least that IPv6 allows (RFC 8200, section 5).
 *
 * A packet of this size travels as one datagram on every path that matters. Over a WebRTC data channel it grows by
 *   16  SCTP DATA chunk (RFC 9260; 20 as I-DATA)      12  SCTP common header
 *   37  DTLS 1.2 record, AES-GCM: 13 + 8 + 16          8  UDP
 *   40  IPv6 (20 in IPv4)                              4  TURN ChannelData, where relayed
 * to 1393 bytes over IPv6 (1397 relayed). That fits Ethernet (1500), PPPoE (1492), mobile networks (about 1430) and
 * another VPN (WireGuard: 1420). 1360 would also fit Ethernet, but not the last two, for 6 % more payload; 1400 would
 * be cut in two SCTP fragments over IPv6, and then the loss of either datagram loses the packet.
 * Throughput comes from handing over many packets at once, not from a wider interface.
 */
export const DEFAULT_TUNNEL_MTU = 1280;
