import { u8 } from "../packet/words.ts";

/**
 * What travels as the payload of an RTP packet on the media lane (docs/protocol.md, "Media lane"):
 *   0  version (high four bits, 1) and type (low four bits)
 *   1  flags
 *   2  a packet: the IP packet, to the end
 *      a probe or its echo: four bytes that tell one probe from another, then padding that makes it the size of a packet
 */
export const MEDIA_HEADER_BYTES = 2;
export const MEDIA_VERSION = 1;
export const PROBE_ID_BYTES = 4;

export const MEDIA_TYPE = { packet: 0, probe: 1, echo: 2 } as const;
export type MediaType = (typeof MEDIA_TYPE)[keyof typeof MEDIA_TYPE];

/** The packet's TCP or UDP checksum is partial: the pseudo-header's sum, for the receiver's kernel to complete. */
export const MEDIA_PARTIAL_CHECKSUM = 0x01;

export function writeMediaHeader(into: Uint8Array, at: number, type: MediaType, flags: number): void {
  into[at] = (MEDIA_VERSION << 4) | type;
  into[at + 1] = flags;
}

/** The type of a frame; undefined when it is none of ours, of another version, or too short for what it says it is. */
export function mediaTypeOf(frame: Uint8Array): MediaType | undefined {
  if (frame.length <= MEDIA_HEADER_BYTES || u8(frame, 0) >> 4 !== MEDIA_VERSION) return undefined;
  const type = u8(frame, 0) & 0x0f;
  if (type === MEDIA_TYPE.packet) return type;
  if (type !== MEDIA_TYPE.probe && type !== MEDIA_TYPE.echo) return undefined;
  return frame.length >= MEDIA_HEADER_BYTES + PROBE_ID_BYTES ? type : undefined;
}
