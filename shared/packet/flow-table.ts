import { IPV4 } from "./ipv4.ts";
import { IPV6 } from "./ipv6.ts";
import type { TransportLayout } from "./layout.ts";
import { u32 } from "./words.ts";

/**
 * More flows than carry bulk at the same instant; each may hold a buffer of 64 KiB, so this bounds the memory at 2 MiB.
 */
export const MAX_FLOWS = 32;

/** At most half full, so that a search ends after a slot or two, and always ends. A power of two. */
const SLOTS = 64;
const SLOT_SHIFT = 32 - Math.log2(SLOTS);

/** IP version and protocol, both ports, and two addresses of up to four words each. */
const KEY_WORDS = 10;
const IPV4_KEY_WORDS = 4;

/** 2^32 divided by the golden ratio: spreads neighbouring numbers over the high bits (Knuth, volume 3, section 6.4). */
const HASH_FACTOR = 0x9e3779b1;

/**
 * Numbers the flows of one batch from 0 in the order they are added: a small hash table with linear probing and nothing
 * ever removed but all at once. A flow is a transport protocol, two addresses and two ports, in one direction.
 */
export class FlowTable {
  /** The flow's number plus one; 0 in an empty slot. */
  readonly #slots = new Uint8Array(SLOTS);
  readonly #keys = new Int32Array(MAX_FLOWS * KEY_WORDS);
  /** What the last `find` looked for, and the slot where it belongs. */
  readonly #wanted = new Int32Array(KEY_WORDS);
  #freeSlot = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size === MAX_FLOWS;
  }

  /** The number of the flow of a TCP or UDP packet; -1 when it has none. */
  find(packet: Uint8Array, layout: TransportLayout): number {
    const words = this.#readKey(packet, layout);
    let slot = this.#hash(words);
    for (let entry = this.#slots[slot]; entry; entry = this.#slots[slot]) {
      if (this.#isWanted(entry - 1, words)) return entry - 1;
      slot = (slot + 1) % SLOTS;
    }
    this.#freeSlot = slot;
    return -1;
  }

  /** Adds the flow that the last `find` did not find; there must be room. */
  add(): number {
    const flow = this.#size++;
    this.#keys.set(this.#wanted, flow * KEY_WORDS);
    this.#slots[this.#freeSlot] = flow + 1;
    return flow;
  }

  clear(): void {
    if (this.#size === 0) return;
    this.#slots.fill(0);
    this.#size = 0;
  }

  /** @returns how many words the key has; those after them are left from before and never compared. */
  #readKey(packet: Uint8Array, layout: TransportLayout): number {
    const key = this.#wanted;
    key[0] = layout.protocol | (layout.isIpv4 ? 0x400 : 0x600);
    key[1] = u32(packet, layout.transport);
    if (layout.isIpv4) {
      key[2] = u32(packet, IPV4.source);
      key[3] = u32(packet, IPV4.destination);
      return IPV4_KEY_WORDS;
    }
    for (let i = 0; i < 8; i++) key[2 + i] = u32(packet, IPV6.source + 4 * i);
    return KEY_WORDS;
  }

  #hash(words: number): number {
    let hash = 0;
    for (let i = 0; i < words; i++) {
      const mixed = Math.imul(hash ^ (this.#wanted[i] ?? 0), HASH_FACTOR);
      hash = mixed ^ (mixed >>> 15);
    }
    return Math.imul(hash, HASH_FACTOR) >>> SLOT_SHIFT;
  }

  #isWanted(flow: number, words: number): boolean {
    const base = flow * KEY_WORDS;
    for (let i = 0; i < words; i++) if (this.#keys[base + i] !== this.#wanted[i]) return false;
    return true;
  }
}
