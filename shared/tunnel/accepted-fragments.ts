import type { Dissection } from "../packet/dissection.ts";

/** Datagrams of one peer whose fragments may be on the way at once; the oldest makes room. */
export const MAX_FRAGMENTED = 64;
/** Linux gives up on a fragmented datagram after 30 s (ipfrag_time). */
export const FRAGMENTED_MS = 30_000;

const FREE = 0;

/**
 * The datagrams of one peer whose first fragment was let in, so that the others, which have no ports, may follow it.
 * A fragment that comes before the first is refused, as is one that would write over any part of the first, where the
 * ports and flags are that let it in (RFC 3128; RFC 5722 forbids overlaps altogether).
 */
export class AcceptedFragments {
  /** What the receiver puts together: by identification, IP version, and in IPv4 the protocol too. */
  readonly #keys = new Float64Array(MAX_FRAGMENTED);
  readonly #protocols = new Uint8Array(MAX_FRAGMENTED);
  /** Where the first fragment ends, in bytes of the datagram's payload; FREE in a place that holds none. */
  readonly #ends = new Uint16Array(MAX_FRAGMENTED);
  readonly #acceptedAt = new Float64Array(MAX_FRAGMENTED);
  #next = 0;

  /**
   * The first fragment is let in.
   * @returns false when it must not be: another transport protocol's first fragment, of the same datagram, was.
   */
  accept(fragment: Dissection, now: number): boolean {
    const known = this.#find(fragment, now);
    // A receiver that mixed the two would see ports that nobody looked at.
    if (known >= 0 && this.#protocols[known] !== fragment.protocol) {
      this.#ends[known] = FREE;
      return false;
    }
    const at = known >= 0 ? known : this.#next;
    if (known < 0) this.#next = (this.#next + 1) % MAX_FRAGMENTED;
    this.#keys[at] = keyOf(fragment);
    this.#protocols[at] = fragment.protocol;
    this.#ends[at] = fragment.fragmentEnd;
    this.#acceptedAt[at] = now;
    return true;
  }

  /** The first fragment is refused, and with it what was let in under the same number before. */
  refuse(fragment: Dissection, now: number): void {
    const known = this.#find(fragment, now);
    if (known >= 0) this.#ends[known] = FREE;
  }

  /** Whether a later fragment belongs to a datagram that was let in, and leaves its first fragment as it was. */
  admits(fragment: Dissection, now: number): boolean {
    const known = this.#find(fragment, now);
    return known >= 0 && fragment.fragmentStart >= (this.#ends[known] ?? FREE);
  }

  clear(): void {
    this.#ends.fill(FREE);
  }

  #find(fragment: Dissection, now: number): number {
    const key = keyOf(fragment);
    for (let at = 0; at < MAX_FRAGMENTED; at++) {
      if (this.#keys[at] !== key || this.#ends[at] === FREE) continue;
      if (now - (this.#acceptedAt[at] ?? 0) < FRAGMENTED_MS) return at;
      this.#ends[at] = FREE;
    }
    return -1;
  }
}

function keyOf({ isIpv4, protocol, identification }: Dissection): number {
  return isIpv4 ? 2 ** 32 + protocol * 2 ** 16 + identification : identification;
}
