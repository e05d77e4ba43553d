import { u8 } from "./words.ts";

/**
 * The internet checksum (RFC 1071): the one's complement of the one's complement sum of 16-bit words.
 * Sums are carried unfolded as plain numbers, so that parts can be added in any order and folded once; 2^53 leaves
 * room for more words than a packet can hold.
 */

/** Adds the words of `bytes[start, end)` to `sum`. An odd last byte counts as the high half of a word. */
export function sumWords(bytes: Uint8Array, start: number, end: number, sum = 0): number {
  const limit = Math.min(end, bytes.length);
  let total = sum;
  let at = start;
  // A 64 KiB packet's sum stays under 2^31, so the additions below are integer additions.
  for (const last = limit - 7; at < last; at += 8) {
    total +=
      ((u8(bytes, at) + u8(bytes, at + 2) + u8(bytes, at + 4) + u8(bytes, at + 6)) << 8) +
      (u8(bytes, at + 1) + u8(bytes, at + 3) + u8(bytes, at + 5) + u8(bytes, at + 7));
  }
  for (; at + 1 < limit; at += 2) total += (u8(bytes, at) << 8) + u8(bytes, at + 1);
  if (at < limit) total += u8(bytes, at) << 8;
  return total;
}

/** The 16-bit one's complement sum of an unfolded one. */
export function foldSum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  return folded;
}

/** The checksum field's value for `bytes[start, end)`; 0 over bytes that already hold a right one. */
export function checksum(bytes: Uint8Array, start: number, end: number, sum = 0): number {
  return ~foldSum(sumWords(bytes, start, end, sum)) & 0xffff;
}

/**
 * The checksum after one 16-bit word changed, without looking at the rest: RFC 1624, equation 3.
 * For a value that straddles two words pass both values with their bytes swapped (RFC 1071, section 2B).
 */
export function updateChecksum(old: number, oldWord: number, newWord: number): number {
  return ~foldSum((~old & 0xffff) + (~oldWord & 0xffff) + newWord) & 0xffff;
}

/** The pseudo-header of TCP, UDP (RFC 9293, 768) or ICMPv6 (RFC 8200, section 8.1), as a sum to start from. */
export function pseudoHeaderSum(packet: Uint8Array, protocol: number, length: number): number {
  const isIpv4 = u8(packet, 0) >> 4 === 4;
  const addresses = isIpv4 ? sumWords(packet, 12, 20) : sumWords(packet, 8, 40);
  return addresses + protocol + (length >>> 16) + (length & 0xffff);
}
