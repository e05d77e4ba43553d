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

/**
 * The same over `view`, whose bounds the caller has checked: about twice as fast, for payloads of a kilobyte
 * and more in a buffer that one view is kept for. Reads little-endian words of 32 bits, whatever the alignment: a sum of
 * those folds to the sum of their halves, and one with all bytes swapped to the swapped sum (RFC 1071, section 2B).
 */
export function sumViewWords(view: DataView, start: number, end: number, sum = 0): number {
  // As doubles, and two sums at once, so that neither overflow nor the latency of an addition slows it down.
  let even = 0;
  let odd = 0;
  let at = start;
  for (const last = end - 15; at < last; at += 16) {
    even += view.getUint32(at, true) + view.getUint32(at + 4, true);
    odd += view.getUint32(at + 8, true) + view.getUint32(at + 12, true);
  }
  for (; at + 1 < end; at += 2) even += view.getUint16(at, true);
  if (at < end) even += view.getUint8(at);
  const swapped = foldSum(even + odd);
  return sum + ((swapped & 0xff) << 8) + (swapped >>> 8);
}

/** The 16-bit one's complement sum of an unfolded one. */
export function foldSum(sum: number): number {
  // Integer operations throughout: a remainder of doubles is a call into the C library.
  const low = sum >>> 0;
  let folded = (low & 0xffff) + (low >>> 16) + (sum > 0xffffffff ? foldSum((sum - low) / 0x1_0000_0000) : 0);
  folded = (folded & 0xffff) + (folded >>> 16);
  return (folded & 0xffff) + (folded >>> 16);
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
