import { systemClock } from "../../electron/adapters/clock.ts";
import type { Clock } from "../../shared/base/clock.ts";

/** The machine's time, moved on by what a test says. For real sockets, which do not wait for a fake clock's timers. */
export class ShiftedClock implements Clock {
  #shift = 0;
  readonly after = systemClock.after;
  readonly every = systemClock.every;

  now(): number {
    return systemClock.now() + this.#shift;
  }

  wallTime(): number {
    return systemClock.wallTime() + this.#shift;
  }

  /** Makes it later at once, without running any timer. */
  shift(ms: number): void {
    this.#shift += ms;
  }
}
