import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";

/** Where two machines do not agree, a message was lost: they greet again, less and less often. */
export const GREET_AGAIN_MS = [5_000, 30_000, 120_000, 600_000] as const;

export interface ReminderDeps {
  readonly clock: Clock;
  /** Whether there is anybody to remind. */
  readonly isNeeded: () => boolean;
  readonly remind: () => void;
}

/** Reminds again and again, at growing intervals, as long as there is need. */
export class Reminder {
  readonly #deps: ReminderDeps;
  #next: Disposable | undefined;
  #count = 0;

  constructor(deps: ReminderDeps) {
    this.#deps = deps;
  }

  /** Something new has happened: what is missing now is missing for another reason. */
  restart(): void {
    this.#count = 0;
    this.dispose();
  }

  /** To be called whenever there may be need. */
  arm(): void {
    if (this.#next || !this.#deps.isNeeded()) return;
    const wait = GREET_AGAIN_MS[Math.min(this.#count++, GREET_AGAIN_MS.length - 1)] ?? 0;
    this.#next = this.#deps.clock.after(wait, () => {
      this.#next = undefined;
      if (this.#deps.isNeeded()) this.#deps.remind();
      this.arm();
    });
  }

  dispose(): void {
    this.#next?.dispose();
    this.#next = undefined;
  }
}
