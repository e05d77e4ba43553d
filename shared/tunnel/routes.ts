import type { PublicKey } from "../base/brand.ts";
import { isIpv6At } from "../packet/address.ts";
import { u16, u32 } from "../packet/words.ts";

export interface Addresses {
  ipv4: number;
  /** 16 bytes. */
  ipv6: Uint8Array;
}

/** Someone with addresses. */
export interface Routed extends Readonly<Addresses> {
  readonly publicKey: PublicKey;
}

/**
 * Who has which address. Where two claim one IPv4 address the smaller public key (by its base64 text) has it, until the
 * other announces a new salt (docs/protocol.md, "Addresses"): the same on every member's machine, whoever joined first.
 */
export class RouteTable<T extends Routed> {
  readonly #members = new Map<PublicKey, T>();
  readonly #withdrawn = new Set<PublicKey>();
  #ipv4 = new Map<number, T>();
  /** By 48 bits of the address; a list because someone may grind out a key with the same bits. */
  #ipv6 = new Map<number, T[]>();

  /** Adds it in place of whatever had the same key. */
  set(member: T): void {
    this.#members.set(member.publicKey, member);
    this.#withdrawn.delete(member.publicKey);
    this.#rebuild();
  }

  /** Nobody is found by its addresses any more, and others may have them. It is still there, until it is set again. */
  withdraw(publicKey: PublicKey): void {
    if (!this.#members.has(publicKey)) return;
    this.#withdrawn.add(publicKey);
    this.#rebuild();
  }

  delete(publicKey: PublicKey): void {
    this.#withdrawn.delete(publicKey);
    if (this.#members.delete(publicKey)) this.#rebuild();
  }

  get(publicKey: PublicKey): T | undefined {
    return this.#members.get(publicKey);
  }

  values(): IterableIterator<T> {
    return this.#members.values();
  }

  byIpv4(address: number): T | undefined {
    return this.#ipv4.get(address);
  }

  /** By the 16 bytes of `packet` from `at`. */
  byIpv6(packet: Uint8Array, at: number): T | undefined {
    const candidates = this.#ipv6.get(ipv6Key(packet, at));
    if (!candidates) return undefined;
    for (const member of candidates) if (isIpv6At(packet, at, member.ipv6)) return member;
    return undefined;
  }

  /** Members change a few times a minute and there are at most some dozens: building anew is the simplest right way. */
  #rebuild(): void {
    this.#ipv4 = new Map();
    this.#ipv6 = new Map();
    for (const member of this.#members.values()) {
      if (this.#withdrawn.has(member.publicKey)) continue;
      const holder = this.#ipv4.get(member.ipv4);
      if (!holder || member.publicKey < holder.publicKey) this.#ipv4.set(member.ipv4, member);
      const key = ipv6Key(member.ipv6, 0);
      this.#ipv6.set(key, [...(this.#ipv6.get(key) ?? []), member]);
    }
  }
}

/** The last 48 bits, which come from the member's key: a number, so that a look-up allocates nothing. */
function ipv6Key(bytes: Uint8Array, at: number): number {
  return u16(bytes, at + 10) * 2 ** 32 + u32(bytes, at + 12);
}
