/**
 * The largest packet that a path carries, found by probes alone, in the style of DPLPMTUD (RFC 8899): no ICMP is needed,
 * and none is believed. A round is a handful of probes sent together, so that one round trip tells which sizes pass.
 *
 *          any echo                    nothing left to try
 *   base ───────────▶ search(limit) ─────────────────────▶ complete
 *                          ▲  ▲                                │
 *                          │  └── raise timer, wider ceiling ──┤
 *                          └── black hole: its own size is lost while smaller ones pass
 *
 * All sizes are bytes of IP packet inside; MEDIA_OVERHEAD_BYTES say what is around them.
 */

/** Sizes in one search round: two rounds split a range in 64. */
const LADDER_STEPS = 8;
/** How often the smallest size that failed is tried before it is believed: a probe may be lost by chance. */
const LIMIT_TRIES = 2;
/** A range that does not close by then (loss among probes) is left where it is, until the raise timer. */
const SEARCH_ROUNDS = 8;
/** So many probes of its size say that it is a black hole, not chance: all of them lost while smaller ones came back. */
const SUSPECT_PROBES = 3;
/**
 * Until a larger size is tried again. Soon at first, because what narrowed the path may have been a change of route that
 * settles; then seldom, for a raise costs ten probes. RFC 8899 has 600 s, for paths that nobody waits for.
 */
export const RAISE_FIRST_MS = 5_000;
export const RAISE_LAST_MS = 60_000;

export interface PathSizes {
  /** What every path carries that carries the lane at all; the search does not go below. */
  readonly floor: number;
  /** What nearly every path carries: tried first, beside the ceiling. */
  readonly base: number;
  /** The largest of interest: neither end's interface takes more. */
  readonly ceiling: number;
}

type Phase =
  | { readonly kind: "base" }
  | { readonly kind: "search"; readonly limit: number; readonly tries: number; readonly rounds: number }
  | { readonly kind: "complete"; readonly raiseAt: number };

export class PathMtu {
  readonly #floor: number;
  readonly #base: number;
  #ceiling: number;
  #size: number;
  #phase: Phase = { kind: "base" };
  #isSuspect = false;
  #raiseMs = RAISE_FIRST_MS;

  constructor({ floor, base, ceiling }: PathSizes) {
    this.#floor = floor;
    this.#base = base;
    this.#ceiling = ceiling;
    this.#size = Math.min(base, ceiling);
  }

  /** The largest size known to pass; before the first echo, the base. */
  get size(): number {
    return this.#size;
  }

  get ceiling(): number {
    return this.#ceiling;
  }

  /** Whether another round should follow at once: something is being found out. */
  get isSearching(): boolean {
    return this.#isSuspect || this.#phase.kind === "search";
  }

  setCeiling(bytes: number): void {
    const before = this.#ceiling;
    this.#ceiling = Math.max(this.#floor, bytes);
    this.#size = Math.min(this.#size, this.#ceiling);
    if (this.#phase.kind !== "base" && this.#ceiling !== before) this.#search(this.#ceiling);
  }

  /**
   * Sizes of the next round's probes. Always among them: the size in use, which they watch, and the least, whose echo
   * says that the path lives and only the size is wrong.
   */
  plan(now: number): readonly number[] {
    if (this.#phase.kind === "base") return distinct([this.#ceiling, Math.min(this.#base, this.#ceiling), this.#floor]);
    const watch = distinct([this.#size, this.#floor]);
    if (this.#isSuspect) {
      const again = Array.from({ length: SUSPECT_PROBES - 1 }, () => this.#size);
      return [...again, ...watch, ...ladder(this.#floor, this.#size - 1)];
    }
    if (this.#phase.kind === "complete" && this.#size < this.#ceiling && now >= this.#phase.raiseAt) {
      this.#search(this.#ceiling);
    }
    return this.#phase.kind === "search" ? [...watch, ...ladder(this.#size, this.#phase.limit)] : watch;
  }

  /** What became of a round. @param sent its sizes @param echoed those that came back; a round of none says nothing of sizes. */
  onRound(sent: readonly number[], echoed: ReadonlySet<number>, now: number): void {
    if (echoed.size === 0) return;
    const best = Math.max(...echoed);
    if (this.#phase.kind === "base") {
      this.#size = best;
      this.#search(Math.min(...sent.filter((size) => size > best), this.#ceiling));
    } else if (best < this.#size) {
      return this.#onSizeLost(best);
    }
    this.#isSuspect = false;
    this.#size = Math.max(this.#size, best);
    if (this.#phase.kind === "search" && sent.includes(this.#phase.limit)) this.#narrow(this.#phase, sent, now);
  }

  /** An echo that came when its round was over: the path was only slow. */
  onLateEcho(size: number): void {
    if (this.#phase.kind !== "base" && size > this.#size && size <= this.#ceiling) this.#size = size;
  }

  /** The path is gone, or another one: forgets it. What passes next is found from the base. */
  reset(): void {
    this.#phase = { kind: "base" };
    this.#isSuspect = false;
    this.#raiseMs = RAISE_FIRST_MS;
  }

  /** Once may be chance. After the second round, in which it was sent several times, it is a black hole. */
  #onSizeLost(best: number): void {
    if (!this.#isSuspect) {
      this.#isSuspect = true;
      return;
    }
    const limit = this.#size - 1;
    this.#isSuspect = false;
    this.#size = best;
    this.#raiseMs = RAISE_FIRST_MS;
    this.#search(limit);
  }

  #search(limit: number): void {
    this.#phase = { kind: "search", limit, tries: 0, rounds: 0 };
  }

  /** Closes the range from above, with the smallest size that did not come back. */
  #narrow({ limit, tries, rounds }: Phase & { kind: "search" }, sent: readonly number[], now: number): void {
    const failed = Math.min(...sent.filter((size) => size > this.#size), limit);
    const known = failed === limit ? tries + 1 : 1;
    const isClosed = failed <= this.#size || (failed === this.#size + 1 && known >= LIMIT_TRIES);
    if (!isClosed && rounds + 1 < SEARCH_ROUNDS) {
      this.#phase = { kind: "search", limit: failed, tries: known, rounds: rounds + 1 };
      return;
    }
    this.#phase = { kind: "complete", raiseAt: now + this.#raiseMs };
    this.#raiseMs = Math.min(2 * this.#raiseMs, RAISE_LAST_MS);
  }
}

/** Up to LADDER_STEPS sizes over `low`, evenly apart, the last of them `high`. */
function ladder(low: number, high: number): readonly number[] {
  const range = high - low;
  const steps = Math.min(LADDER_STEPS, range);
  return Array.from({ length: Math.max(0, steps) }, (_, i) => low + Math.ceil((range * (i + 1)) / steps));
}

function distinct(sizes: readonly number[]): readonly number[] {
  return [...new Set(sizes)];
}
