import type { Transport } from "./protocol.ts";
import { u16 } from "./words.ts";

export const UDP_HEADER_BYTES = 8;

/** Byte offsets of fields from the start of the UDP header (RFC 768). */
export const UDP = { length: 4, checksum: 6 } as const;

export interface UdpHeader {
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Header and data, as the header tells it; more than is at hand in a first fragment. */
  readonly length: number;
}

/** Undefined unless the header lies within the packet (RFC 768). */
export function parseUdp(packet: Uint8Array, { offset, end }: Transport): UdpHeader | undefined {
  if (offset + UDP_HEADER_BYTES > end || end > packet.length) return undefined;
  const length = u16(packet, offset + UDP.length);
  if (length < UDP_HEADER_BYTES) return undefined;
  return { sourcePort: u16(packet, offset), destinationPort: u16(packet, offset + 2), length };
}
