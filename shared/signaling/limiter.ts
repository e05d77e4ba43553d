import { RATE_LIMIT_PER_MINUTE } from "../protocols/govpn/limits.ts";

/**
 * The server's minute, and two seconds for requests that spent different times on the way: spaced so on this side,
 * no 60 seconds on the server's side can see one too many.
 */
export const ENTRY_WINDOW_MS = 62_000;
/** After the server said "rate limit" all the same (others behind this address count too), how long nothing is tried. */
export const RATE_LIMITED_PAUSE_MS = 20_000;

/**
 * Keeps create and join requests under the server's limit, whichever way the server counts: at most `limit` in *any*
 * span of `windowMs`. A token bucket of the same rate would not do: three at once and one every 20 s after them are
 * five in the first minute.
 */
export class EntryLimiter {
  readonly limit: number;
  readonly windowMs: number;
  /** When the last `limit` requests were made, oldest first. */
  #made: number[] = [];
  #pausedUntil = Number.NEGATIVE_INFINITY;

  constructor(limit: number = RATE_LIMIT_PER_MINUTE, windowMs: number = ENTRY_WINDOW_MS) {
    this.limit = limit;
    this.windowMs = windowMs;
  }

  /** Makes one request now if that is allowed. */
  take(now: number): boolean {
    if (this.slots(now, 1)[0] !== now) return false;
    this.#made = [...this.#made, now].slice(-this.limit);
    return true;
  }

  /** The server counts more than we did: wait. */
  pause(now: number): void {
    this.#pausedUntil = now + RATE_LIMITED_PAUSE_MS;
  }

  /** When the next `count` requests may be made at the earliest, by the same clock as `now`. */
  slots(now: number, count: number): number[] {
    const made = [...this.#made];
    const slots: number[] = [];
    for (let i = 0; i < count; i++) {
      const blocker = made.length >= this.limit ? made[made.length - this.limit] : undefined;
      const free = blocker === undefined ? now : blocker + this.windowMs;
      const slot = Math.max(now, this.#pausedUntil, free);
      slots.push(slot);
      made.push(slot);
    }
    return slots;
  }
}
