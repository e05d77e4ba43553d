/** Random numbers that a seed repeats, at a few nanoseconds each: xorshift32 (Marsaglia 2003). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    // Neighbouring seeds are to differ in every bit, and zero would stay zero.
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1;
  }

  /** 0 to `sides` - 1. */
  roll(sides: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % sides;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.roll(from.length)] as T;
  }
}
