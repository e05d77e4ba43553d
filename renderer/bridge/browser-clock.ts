import type { Clock } from "../../shared/base/clock.ts";
import type { RandomBytes } from "../../shared/base/random.ts";

export const browserClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return { dispose: () => clearTimeout(timer) };
  },
  every(ms, task) {
    const timer = setInterval(task, ms);
    return { dispose: () => clearInterval(timer) };
  },
};

export const browserRandom: RandomBytes = (length) => crypto.getRandomValues(new Uint8Array(length));
