import type { Clock } from "../../../shared/base/clock.ts";
import type { Disposable } from "../../../shared/base/disposable.ts";

interface Timer {
  due: number;
  readonly task: () => void;
  readonly everyMs: number | undefined;
}

/**
 * Time that moves when it is told to, by leaps: what falls due within one runs once, at its end, so that a day takes
 * no 86,400 ticks.
 */
export class LeapClock implements Clock {
  #now = 0;
  readonly #epoch = Date.UTC(2026, 0, 1);
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#epoch + this.#now;
  }

  after(ms: number, task: () => void): Disposable {
    return this.#add({ due: this.#now + ms, task, everyMs: undefined });
  }

  every(ms: number, task: () => void): Disposable {
    return this.#add({ due: this.#now + ms, task, everyMs: ms });
  }

  leap(ms: number): void {
    this.#now += ms;
    for (const timer of [...this.#timers].sort((a, b) => a.due - b.due)) {
      if (timer.due > this.#now || !this.#timers.has(timer)) continue;
      if (timer.everyMs === undefined) this.#timers.delete(timer);
      else timer.due = this.#now + timer.everyMs;
      timer.task();
    }
  }

  #add(timer: Timer): Disposable {
    this.#timers.add(timer);
    return { dispose: () => void this.#timers.delete(timer) };
  }
}
