import type { Disposable } from "./disposable.ts";

/** The port to time. The real one is in electron/adapters/clock.ts, the fake one in test/fakes/clock.ts. */
export interface Clock {
  /** Milliseconds that only go forward, from an arbitrary start. For durations. */
  now(): number;
  /** Milliseconds since 1970 by the machine's wall clock. For what other machines read. */
  wallTime(): number;
  /** Calls `task` once after `ms` milliseconds unless disposed. */
  after(ms: number, task: () => void): Disposable;
  /** Calls `task` every `ms` milliseconds until disposed. */
  every(ms: number, task: () => void): Disposable;
}

/** A time of `clock.now()` as milliseconds since 1970. */
export function wallTimeOf(time: number, clock: Clock): number {
  return Math.round(clock.wallTime() + time - clock.now());
}
