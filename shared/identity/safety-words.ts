import { sha512 } from "@noble/hashes/sha2.js";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import type { PublicKey } from "../base/brand.ts";
import { concatBytes, utf8 } from "../base/bytes.ts";
import { publicKeyBytes } from "./keys.ts";

/**
 * Eight words of eleven bits are 88 bits: to make another key with the same words takes some 2^88 tries, and eight words
 * are read out in a breath.
 */
export const SAFETY_WORDS = 8;
const BITS_PER_WORD = 11;

/** Keeps this hash apart from every other use of a public key. A change of it changes everybody's words. */
const DOMAIN = utf8.encode("GoVPN safety words v1\0");

/**
 * What two people read to each other to be sure of a key: eight lower-case English words, separated by single spaces.
 * They are the first 88 bits of SHA-512(domain, key) in BIP-39's list of 2,048 words, in which no two words share their
 * first four letters. They name a key and hide nothing; unlike BIP-39's they are not a way back to any secret.
 */
export function safetyWords(key: PublicKey): string {
  const digest = sha512(concatBytes(DOMAIN, publicKeyBytes(key)));
  return Array.from({ length: SAFETY_WORDS }, (_, i) => wordlist[bitsAt(digest, i * BITS_PER_WORD)]).join(" ");
}

/** Eleven bits from a bit offset, the most significant first. They never reach over more than three bytes. */
function bitsAt(bytes: Uint8Array, offset: number): number {
  const [a = 0, b = 0, c = 0] = bytes.subarray(offset >>> 3, (offset >>> 3) + 3);
  const bits = (a << 16) | (b << 8) | c;
  return (bits >>> (24 - BITS_PER_WORD - (offset & 7))) & (2 ** BITS_PER_WORD - 1);
}
