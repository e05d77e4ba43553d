import { performance } from "node:perf_hooks";
import type { Clock } from "../../shared/base/clock.ts";

/** The machine's own time. */
export const systemClock: Clock = {
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
