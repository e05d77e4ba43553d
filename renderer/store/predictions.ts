import type { Clock } from "../../shared/base/clock.ts";
import type { AppState } from "../../shared/ipc/app.ts";

/**
 * What the person asked for is shown at once, on top of what the host last said, until the host's own state says it:
 * that comes with the next patch after the answer, or does not come within `SETTLE_MS`, and then the host is right.
 */
export interface Predictions {
  /** The host's state with every prediction that still holds. */
  apply(state: AppState): AppState;
  /** Shows `change` from now on; the caller says how it went. */
  add(change: (state: AppState) => AppState): Prediction;
  /** The host has sent a newer state: what was answered before it is in it. */
  confirmed(): void;
}

export interface Prediction {
  /** The host agreed: the prediction goes with the next state. */
  agreed(): void;
  /** It did not happen: the prediction goes at once. */
  failed(): void;
}

/** Longer than the host takes to send what it has just done, shorter than a person would believe a wrong picture. */
const SETTLE_MS = 2_000;

interface Entry {
  readonly change: (state: AppState) => AppState;
  isAgreed: boolean;
}

export function createPredictions(clock: Clock, changed: () => void): Predictions {
  let entries: readonly Entry[] = [];
  const remove = (gone: (entry: Entry) => boolean) => {
    const kept = entries.filter((entry) => !gone(entry));
    if (kept.length === entries.length) return;
    entries = kept;
    changed();
  };
  return {
    apply: (state) => entries.reduce((shown, { change }) => change(shown), state),
    add(change) {
      const entry: Entry = { change, isAgreed: false };
      entries = [...entries, entry];
      changed();
      return {
        agreed() {
          entry.isAgreed = true;
          clock.after(SETTLE_MS, () => remove((other) => other === entry));
        },
        failed: () => remove((other) => other === entry),
      };
    },
    confirmed() {
      entries = entries.filter(({ isAgreed }) => !isAgreed);
    },
  };
}
