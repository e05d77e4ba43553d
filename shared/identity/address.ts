import { sha256 } from "@noble/hashes/sha2.js";
import type { PublicKey } from "../base/brand.ts";
import { concatBytes, hex } from "../base/bytes.ts";
import { publicKeyBytes } from "./keys.ts";

/**
 * A member's addresses follow from its public key, so that anyone can check them and nobody has to hand them out.
 * IPv6: fd67:6f76:706e::/48 ("govpn" in ASCII) and 80 bits of SHA-256(key).
 * IPv4: 100.64.0.0/10 (RFC 6598, never routed on the internet) and 22 bits of the same hash.
 */
export const IPV4_PREFIX_BITS = 10;
export const IPV4_NETWORK = 0x64400000;
export const IPV6_PREFIX = "fd67:6f76:706e";
export const IPV6_PREFIX_BITS = 48;

/** More salts than 50 members in 4 million addresses will ever need; a peer that announces a larger one is refused. */
export const MAX_IPV4_SALT = 255;

export interface MemberAddress {
  /** Dotted quad. */
  readonly ipv4: string;
  /** RFC 5952 text form. */
  readonly ipv6: string;
  readonly ipv4Salt: number;
}

/**
 * @param ipv4Salt 0 but for a member that lost a collision in its room; it announces the salt, others re-derive.
 */
export function deriveAddress(publicKey: PublicKey, ipv4Salt = 0): MemberAddress {
  const key = publicKeyBytes(publicKey);
  return { ipv4: deriveIpv4(key, ipv4Salt), ipv6: deriveIpv6(key), ipv4Salt };
}

function deriveIpv6(key: Uint8Array): string {
  const text = hex.encode(sha256(key).subarray(0, 10));
  const groups = [...IPV6_PREFIX.split(":"), ...(text.match(/.{4}/g) ?? [])];
  return formatIpv6(groups.map((group) => Number.parseInt(group, 16)));
}

function deriveIpv4(key: Uint8Array, salt: number): string {
  let digest = sha256(salt === 0 ? key : concatBytes(key, Uint8Array.of(salt)));
  for (;;) {
    // 22 bits from each place of the digest in turn, until the last byte is neither a network's .0 nor its .255.
    for (let i = 0; i + 3 <= digest.length; i += 3) {
      const bits = (((digest[i] ?? 0) << 16) | ((digest[i + 1] ?? 0) << 8) | (digest[i + 2] ?? 0)) & 0x3fffff;
      const last = bits & 0xff;
      if (last !== 0 && last !== 255) return formatIpv4(IPV4_NETWORK | bits);
    }
    digest = sha256(digest);
  }
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join(".");
}

/** RFC 5952: lowercase, no leading zeros, the longest run of two or more zero groups as "::". */
export function formatIpv6(groups: readonly number[]): string {
  let best = { start: -1, length: 1 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const text = (part: readonly number[]) => part.map((group) => group.toString(16)).join(":");
  if (best.start < 0) return text(groups);
  return `${text(groups.slice(0, best.start))}::${text(groups.slice(best.start + best.length))}`;
}
