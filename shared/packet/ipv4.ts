import type { Transport } from "./protocol.ts";
import { u8, u16, u32 } from "./words.ts";

export const IPV4_MIN_HEADER_BYTES = 20;

/** Byte offsets of fields (RFC 791, section 3.1). */
export const IPV4 = {
  typeOfService: 1,
  totalLength: 2,
  identification: 4,
  flagsAndOffset: 6,
  timeToLive: 8,
  protocol: 9,
  checksum: 10,
  source: 12,
  destination: 16,
} as const;

const DONT_FRAGMENT = 0x4000;
const MORE_FRAGMENTS = 0x2000;
const OFFSET_MASK = 0x1fff;

/** An IPv4 header whose lengths have been checked against the bytes at hand. Addresses are unsigned 32-bit numbers. */
export interface Ipv4Header {
  readonly headerBytes: number;
  /** The packet's length by its header: at least `headerBytes`, at most the bytes at hand. */
  readonly totalBytes: number;
  readonly protocol: number;
  readonly source: number;
  readonly destination: number;
  readonly dontFragment: boolean;
  readonly moreFragments: boolean;
  /** In bytes from the start of the original payload. */
  readonly fragmentOffset: number;
}

/** Undefined unless `packet` starts with a whole IPv4 packet. The header's checksum is the receiving system's to check. */
export function parseIpv4(packet: Uint8Array): Ipv4Header | undefined {
  if (packet.length < IPV4_MIN_HEADER_BYTES || u8(packet, 0) >> 4 !== 4) return undefined;
  const headerBytes = (u8(packet, 0) & 0x0f) * 4;
  const totalBytes = u16(packet, IPV4.totalLength);
  if (headerBytes < IPV4_MIN_HEADER_BYTES || totalBytes < headerBytes || totalBytes > packet.length) return undefined;
  const fragment = u16(packet, IPV4.flagsAndOffset);
  return {
    headerBytes,
    totalBytes,
    protocol: u8(packet, IPV4.protocol),
    source: u32(packet, IPV4.source),
    destination: u32(packet, IPV4.destination),
    dontFragment: (fragment & DONT_FRAGMENT) !== 0,
    moreFragments: (fragment & MORE_FRAGMENTS) !== 0,
    fragmentOffset: (fragment & OFFSET_MASK) * 8,
  };
}

/** Undefined in a fragment other than the first, which has no transport header. */
export function ipv4Transport(header: Ipv4Header): Transport | undefined {
  if (header.fragmentOffset > 0) return undefined;
  return { protocol: header.protocol, offset: header.headerBytes, end: header.totalBytes };
}
