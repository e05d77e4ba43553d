/** Too much waits already: an answer now would be late for everybody. */
export class Busy extends Error {}

/** Runs a few tasks at a time and queues a bounded number more, in order. */
export class Slots {
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #maxRunning: number;
  readonly #maxWaiting: number;

  constructor(maxRunning: number, maxWaiting: number) {
    this.#maxRunning = maxRunning;
    this.#maxWaiting = maxWaiting;
  }

  /** @throws Busy when too many wait already; what `task` rejects with. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running < this.#maxRunning) this.#running++;
    else {
      if (this.#waiting.length >= this.#maxWaiting) throw new Busy("too many tasks are waiting");
      // Whoever finishes hands over its slot, so the count of running tasks stays.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
