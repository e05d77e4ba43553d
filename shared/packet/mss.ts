import { updateChecksum } from "./checksum.ts";
import type { Transport } from "./protocol.ts";
import { PROTOCOL } from "./protocol.ts";
import { parseTcp, TCP, TCP_FLAG, TCP_MIN_HEADER_BYTES } from "./tcp.ts";
import { setU16, u8, u16 } from "./words.ts";

const OPTION_END = 0;
const OPTION_NOP = 1;
const OPTION_MSS = 2;
const OPTION_MSS_BYTES = 4;

/**
 * Lowers the maximum segment size that a SYN or SYN-ACK announces so that the connection's full segments fit `mtu`,
 * and mends the TCP checksum. Changes the packet in place; leaves everything else alone: a smaller MSS, no MSS option
 * (the default of 536 or 1220 fits every lane), malformed options.
 * @param isPartial whether the checksum field holds the pseudo-header's sum only (partial.ts), which knows no options.
 * @returns whether it changed the packet.
 */
export function clampMss(packet: Uint8Array, transport: Transport, mtu: number, isPartial = false): boolean {
  if (transport.protocol !== PROTOCOL.tcp) return false;
  const tcp = parseTcp(packet, transport);
  if (!tcp || (tcp.flags & TCP_FLAG.syn) === 0) return false;
  const at = findMss(packet, transport.offset + TCP_MIN_HEADER_BYTES, transport.offset + tcp.headerBytes);
  if (at === undefined) return false;
  // RFC 6691: the fixed headers alone, whatever options or extension headers a packet may carry.
  const limit = mtu - (u8(packet, 0) >> 4 === 4 ? 20 : 40) - TCP_MIN_HEADER_BYTES;
  const announced = u16(packet, at);
  if (announced <= limit) return false;
  setU16(packet, at, limit);
  if (isPartial) return true;
  // At an odd place in the header the value straddles two words: its bytes count swapped.
  const isOdd = (at - transport.offset) % 2 === 1;
  const sumAt = transport.offset + TCP.checksum;
  setU16(packet, sumAt, updateChecksum(u16(packet, sumAt), word(announced, isOdd), word(limit, isOdd)));
  return true;
}

function word(value: number, swapped: boolean): number {
  return swapped ? ((value & 0xff) << 8) | (value >>> 8) : value;
}

/** Offset of the MSS value among the options in `packet[start, end)`. */
function findMss(packet: Uint8Array, start: number, end: number): number | undefined {
  let at = start;
  while (at < end) {
    const kind = u8(packet, at);
    if (kind === OPTION_END) return undefined;
    if (kind === OPTION_NOP) {
      at += 1;
      continue;
    }
    const length = at + 1 < end ? u8(packet, at + 1) : 0;
    if (length < 2 || at + length > end) return undefined;
    if (kind === OPTION_MSS) return length === OPTION_MSS_BYTES ? at + 2 : undefined;
    at += length;
  }
  return undefined;
}
