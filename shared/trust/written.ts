import type { Clock } from "../base/clock.ts";

/** A policy is handed out once it is written down. A disk that takes longer must not keep a removed member in. */
export const WRITE_PATIENCE_MS = 1_000;

/** When it is written down, cannot be, or has taken too long. */
export function written(persist: () => Promise<void>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const patience = clock.after(WRITE_PATIENCE_MS, resolve);
    const done = () => {
      patience.dispose();
      resolve();
    };
    persist().then(done, done);
  });
}
