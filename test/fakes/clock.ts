import type { Clock } from "../../shared/base/clock.ts";
import type { Disposable } from "../../shared/base/disposable.ts";

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly task: () => void;
}

/** Time that stands still until a test moves it. */
export class FakeClock implements Clock {
  #now = 0;
  #order = 0;
  readonly #epoch: number;
  readonly #timers = new Set<Timer>();

  constructor(epoch = Date.UTC(2026, 0, 1)) {
    this.#epoch = epoch;
  }

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#epoch + this.#now;
  }

  after(ms: number, task: () => void): Disposable {
    return this.#add({ due: this.#now + ms, order: this.#order++, task });
  }

  every(ms: number, task: () => void): Disposable {
    let current: Disposable;
    const arm = (due: number) => {
      current = this.#add({
        due,
        order: this.#order++,
        task: () => {
          arm(due + ms);
          task();
        },
      });
    };
    arm(this.#now + ms);
    return { dispose: () => current.dispose() };
  }

  /** Timers still waiting: a leak check asks for 0. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time forward, running what falls due in order, and lets promises settle after each task. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const next = this.#earliest(end);
      if (!next) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.due);
      next.task();
      await settle();
    }
    this.#now = end;
    await settle();
  }

  #earliest(end: number): Timer | undefined {
    let best: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.due > end) continue;
      if (!best || timer.due < best.due || (timer.due === best.due && timer.order < best.order)) best = timer;
    }
    return best;
  }

  #add(timer: Timer): Disposable {
    this.#timers.add(timer);
    return { dispose: () => void this.#timers.delete(timer) };
  }
}

/** Lets everything that is already resolved run: macrotask after macrotask, so chains of awaits come to rest. */
export async function settle(turns = 4): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}
