import type { Clock } from "../../shared/base/clock.ts";
import type { Disposable } from "../../shared/base/disposable.ts";

/** Time that a loop of millions of turns moves: unlike the unit tests' clock it waits for no promise. */
export class SteppedClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ readonly due: number; readonly task: () => void }>();

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#now;
  }

  after(ms: number, task: () => void): Disposable {
    const timer = { due: this.#now + ms, task };
    this.#timers.add(timer);
    return { dispose: () => void this.#timers.delete(timer) };
  }

  every(): Disposable {
    throw new Error("no periodic timers here");
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time forward; what falls due runs, each once, in the order in which it was asked for. */
  step(ms: number): void {
    this.#now += ms;
    for (const timer of [...this.#timers]) {
      if (timer.due > this.#now || !this.#timers.delete(timer)) continue;
      timer.task();
    }
  }
}
