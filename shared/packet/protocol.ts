/** IP protocol and IPv6 next-header numbers (IANA "Assigned Internet Protocol Numbers") that this code reads. */
export const PROTOCOL = {
  hopByHop: 0,
  icmp: 1,
  tcp: 6,
  udp: 17,
  routing: 43,
  fragment: 44,
  authentication: 51,
  icmpv6: 58,
  destinationOptions: 60,
  mobility: 135,
  hostIdentity: 139,
  shim6: 140,
} as const;

/** Where a transport header starts, and what it is. */
export interface Transport {
  readonly protocol: number;
  /** Offset of the transport header in the packet, in bytes. */
  readonly offset: number;
  /** Offset just past the last byte of the packet, as its own header tells it. */
  readonly end: number;
}
