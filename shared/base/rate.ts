/**
 * A token bucket: `capacity` at once, refilled evenly over `perMs`. Time is passed in, so it has no clock of its own.
 */
export class TokenBucket {
  #tokens: number;
  #at: number;
  readonly capacity: number;
  readonly perMs: number;

  constructor(capacity: number, perMs: number, now: number) {
    this.capacity = capacity;
    this.perMs = perMs;
    this.#tokens = capacity;
    this.#at = now;
  }

  /** Takes one token, or so many, if they are there. */
  take(now: number, tokens = 1): boolean {
    this.#refill(now);
    if (this.#tokens < tokens) return false;
    this.#tokens -= tokens;
    return true;
  }

  /** Milliseconds until a token is there; 0 when one is there now. */
  waitMs(now: number): number {
    this.#refill(now);
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) * this.perMs) / this.capacity);
  }

  /** Whether it has refilled completely, so that an owner of many buckets may forget it. */
  isFull(now: number): boolean {
    this.#refill(now);
    return this.#tokens >= this.capacity;
  }

  #refill(now: number): void {
    const gained = ((now - this.#at) * this.capacity) / this.perMs;
    this.#tokens = Math.min(this.capacity, this.#tokens + Math.max(0, gained));
    this.#at = now;
  }
}
