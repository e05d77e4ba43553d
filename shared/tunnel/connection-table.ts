import { CONNECTION, type ConnectionState, IDLE_MS, isAssured } from "./connection-state.ts";

/**
 * Of one peer. More than one machine begins with one other in a few minutes; about 100 KiB, and not before the first.
 * A power of two.
 */
export const MAX_CONNECTIONS = 4096;

const BUCKETS = MAX_CONNECTIONS;
const BUCKET_SHIFT = 32 - Math.log2(BUCKETS);
/** 2^32 divided by the golden ratio: spreads neighbouring numbers over the high bits (Knuth, volume 3, section 6.4). */
const HASH_FACTOR = 0x9e3779b1;

/** The two lists of what was last used when, as places behind those of the connections. */
const TRANSIENT = MAX_CONNECTIONS;
const ASSURED = MAX_CONNECTIONS + 1;
const NONE = -1;

/**
 * What this machine began with one peer, in fixed memory. A connection is found by a number for its IP version and
 * protocol (`kind`) and one for its ports, ours in the upper 16 bits; the addresses are the two machines' own, so they
 * need not be kept. What has been idle for longer than its state lasts is not found any more. When the table is full
 * the connection that was idle longest makes room, one that nobody answered or that is over before any other.
 * Nothing here allocates, and nothing runs by itself.
 */
export class ConnectionTable {
  readonly #kinds = new Uint16Array(MAX_CONNECTIONS);
  readonly #ports = new Int32Array(MAX_CONNECTIONS);
  readonly #states = new Uint8Array(MAX_CONNECTIONS);
  readonly #usedAt = new Float64Array(MAX_CONNECTIONS);
  /** The first of each bucket, and the next after each in its bucket; of the unused places, the next unused one. */
  readonly #buckets = new Int16Array(BUCKETS).fill(NONE);
  readonly #chain = Int16Array.from({ length: MAX_CONNECTIONS }, (_, i) => (i + 1 < MAX_CONNECTIONS ? i + 1 : NONE));
  #unused = 0;
  #size = 0;
  /** Rings through TRANSIENT and ASSURED, from the one used last to the one idle longest. */
  readonly #newer = Int16Array.from({ length: MAX_CONNECTIONS + 2 }, (_, i) => i);
  readonly #older = Int16Array.from({ length: MAX_CONNECTIONS + 2 }, (_, i) => i);

  get size(): number {
    return this.#size;
  }

  /** The connection's place in the table until the next `open`; -1 when there is none, or it was idle for too long. */
  find(kind: number, ports: number, now: number): number {
    const wanted = ports | 0;
    for (let at = this.#buckets[bucketOf(kind, wanted)] ?? NONE; at !== NONE; at = this.#chain[at] ?? NONE) {
      if (this.#ports[at] !== wanted || this.#kinds[at] !== kind) continue;
      if (now - (this.#usedAt[at] ?? 0) < (IDLE_MS[this.stateOf(at)] ?? 0)) return at;
      this.remove(at);
      return NONE;
    }
    return NONE;
  }

  /** Adds one that `find` did not find. */
  open(kind: number, ports: number, state: ConnectionState, now: number): void {
    if (this.#unused === NONE) this.#removeIdlest();
    const at = this.#unused;
    this.#unused = this.#chain[at] ?? NONE;
    this.#kinds[at] = kind;
    this.#ports[at] = ports;
    this.#states[at] = state;
    this.#usedAt[at] = now;
    const bucket = bucketOf(kind, ports | 0);
    this.#chain[at] = this.#buckets[bucket] ?? NONE;
    this.#buckets[bucket] = at;
    this.#list(at);
    this.#size++;
  }

  stateOf(at: number): ConnectionState {
    return (this.#states[at] ?? CONNECTION.reset) as ConnectionState;
  }

  /** It is in this state now, and was used now. */
  use(at: number, state: ConnectionState, now: number): void {
    this.#states[at] = state;
    this.#usedAt[at] = now;
    if (this.#newer[at] === (isAssured(state) ? ASSURED : TRANSIENT)) return;
    this.#unlist(at);
    this.#list(at);
  }

  remove(at: number): void {
    const bucket = bucketOf(this.#kinds[at] ?? 0, this.#ports[at] ?? 0);
    const next = this.#chain[at] ?? NONE;
    let before = this.#buckets[bucket] ?? NONE;
    if (before === at) {
      this.#buckets[bucket] = next;
    } else {
      while (this.#chain[before] !== at) before = this.#chain[before] ?? NONE;
      this.#chain[before] = next;
    }
    this.#unlist(at);
    this.#chain[at] = this.#unused;
    this.#unused = at;
    this.#size--;
  }

  /** Removes every connection of such a kind. */
  removeWhere(isGone: (kind: number) => boolean): void {
    for (const list of [TRANSIENT, ASSURED]) {
      for (let at = this.#older[list] ?? list; at !== list; ) {
        const next = this.#older[at] ?? list;
        if (isGone(this.#kinds[at] ?? 0)) this.remove(at);
        at = next;
      }
    }
  }

  /** Every assured connection counts as used now: its packets have not been looked at for a while. */
  refresh(now: number): void {
    for (let at = this.#older[ASSURED] ?? ASSURED; at !== ASSURED; at = this.#older[at] ?? ASSURED) {
      this.#usedAt[at] = now;
    }
  }

  #removeIdlest(): void {
    const transient = this.#newer[TRANSIENT] ?? TRANSIENT;
    this.remove(transient === TRANSIENT ? (this.#newer[ASSURED] ?? ASSURED) : transient);
  }

  /** As the one used last of its list. */
  #list(at: number): void {
    const list = isAssured(this.stateOf(at)) ? ASSURED : TRANSIENT;
    const next = this.#older[list] ?? list;
    this.#newer[at] = list;
    this.#older[at] = next;
    this.#newer[next] = at;
    this.#older[list] = at;
  }

  #unlist(at: number): void {
    const newer = this.#newer[at] ?? at;
    const older = this.#older[at] ?? at;
    this.#older[newer] = older;
    this.#newer[older] = newer;
  }
}

function bucketOf(kind: number, ports: number): number {
  const mixed = Math.imul(ports ^ Math.imul(kind, HASH_FACTOR), HASH_FACTOR);
  return Math.imul(mixed ^ (mixed >>> 15), HASH_FACTOR) >>> BUCKET_SHIFT;
}
