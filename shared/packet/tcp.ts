import { PROTOCOL, type Transport } from "./protocol.ts";
import { u8, u16, u32 } from "./words.ts";

export const TCP_MIN_HEADER_BYTES = 20;

/** Byte offsets of fields from the start of the TCP header (RFC 9293, section 3.1). */
export const TCP = {
  sequence: 4,
  acknowledgment: 8,
  dataOffset: 12,
  flags: 13,
  window: 14,
  checksum: 16,
  urgent: 18,
} as const;
/** The low eight flags; the two of RFC 3168 among them. */
export const TCP_FLAG = {
  fin: 0x01,
  syn: 0x02,
  rst: 0x04,
  psh: 0x08,
  ack: 0x10,
  urg: 0x20,
  ece: 0x40,
  cwr: 0x80,
} as const;

export interface TcpHeader {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  /** Low eight flag bits; test with TCP_FLAG. */
  readonly flags: number;
  /** With options: 20 to 60, all of them within the packet. */
  readonly headerBytes: number;
}

/** Undefined unless the whole header, options included, lies within the packet. */
export function parseTcp(packet: Uint8Array, { offset, end }: Transport): TcpHeader | undefined {
  if (offset + TCP_MIN_HEADER_BYTES > end || end > packet.length) return undefined;
  const headerBytes = (u8(packet, offset + TCP.dataOffset) >> 4) * 4;
  if (headerBytes < TCP_MIN_HEADER_BYTES || offset + headerBytes > end) return undefined;
  return {
    sourcePort: u16(packet, offset),
    destinationPort: u16(packet, offset + 2),
    sequence: u32(packet, offset + TCP.sequence),
    flags: u8(packet, offset + TCP.flags),
    headerBytes,
  };
}

const CONTROL_FLAGS = TCP_FLAG.syn | TCP_FLAG.fin | TCP_FLAG.rst;

/** Whether it is a TCP segment that begins or ends something. Looks at one byte, and allocates nothing. */
export function isTcpControl(packet: Uint8Array, { protocol, offset, end }: Transport): boolean {
  if (protocol !== PROTOCOL.tcp || offset + TCP_MIN_HEADER_BYTES > end) return false;
  return (u8(packet, offset + TCP.flags) & CONTROL_FLAGS) !== 0;
}
