import { checksum } from "./checksum.ts";
import { IPV4, IPV4_MIN_HEADER_BYTES, type Ipv4Header } from "./ipv4.ts";
import { setU16, u8 } from "./words.ts";

const MORE_FRAGMENTS = 0x2000;
const OPTION_END = 0;
const OPTION_NOP = 1;
const OPTION_COPIED = 0x80;

/**
 * Splits an IPv4 packet into fragments of at most `maxBytes` (RFC 791, section 3.2): data in multiples of 8 bytes, and
 * the options of the first fragment only in the others when marked "copied". A fragment can be split again.
 * The caller has seen that "don't fragment" is clear. Copies; the packet is left as it was.
 * @returns undefined when `maxBytes` has no room for the header and 8 bytes.
 */
export function fragmentIpv4(packet: Uint8Array, header: Ipv4Header, maxBytes: number): Uint8Array[] | undefined {
  const first = packet.subarray(0, header.headerBytes);
  const later = laterHeader(first);
  const data = packet.subarray(header.headerBytes, header.totalBytes);
  if (maxBytes - header.headerBytes < 8) return undefined;
  const fragments: Uint8Array[] = [];
  for (let offset = 0; offset < data.length; ) {
    const head = offset === 0 ? first : later;
    const room = maxBytes - head.length;
    const rest = data.length - offset;
    const length = rest <= room ? rest : room & ~7;
    const hasMore = offset + length < data.length || header.moreFragments;
    const part = data.subarray(offset, offset + length);
    fragments.push(buildFragment(head, part, header.fragmentOffset + offset, hasMore));
    offset += length;
  }
  return fragments;
}

function buildFragment(head: Uint8Array, data: Uint8Array, offset: number, hasMore: boolean): Uint8Array {
  const bytes = new Uint8Array(head.length + data.length);
  bytes.set(head);
  bytes.set(data, head.length);
  bytes[0] = 0x40 | (head.length / 4);
  setU16(bytes, IPV4.totalLength, bytes.length);
  setU16(bytes, IPV4.flagsAndOffset, (offset / 8) | (hasMore ? MORE_FRAGMENTS : 0));
  setU16(bytes, IPV4.checksum, 0);
  setU16(bytes, IPV4.checksum, checksum(bytes, 0, head.length));
  return bytes;
}

/** The header with only the options that every fragment must carry, padded to 4 bytes with "end of options". */
function laterHeader(head: Uint8Array): Uint8Array {
  const kept: number[] = [...head.subarray(0, IPV4_MIN_HEADER_BYTES)];
  for (let at = IPV4_MIN_HEADER_BYTES; at < head.length; ) {
    const kind = u8(head, at);
    if (kind === OPTION_END) break;
    const length = kind === OPTION_NOP ? 1 : u8(head, at + 1);
    // A malformed option ends the list; guessing at what follows would be worse.
    if (length < 1 || (kind !== OPTION_NOP && length < 2) || at + length > head.length) break;
    if (kind & OPTION_COPIED) kept.push(...head.subarray(at, at + length));
    at += length;
  }
  while (kept.length % 4 !== 0) kept.push(OPTION_END);
  return Uint8Array.from(kept);
}
