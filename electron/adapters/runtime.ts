import { createHistogram, monitorEventLoopDelay, performance } from "node:perf_hooks";
import type { Disposable } from "../../shared/base/disposable.ts";
import type { DelayView, RuntimeView } from "../../shared/ipc/contract.ts";

/** How often the process looks at how busy it is: the only cost of one that has nothing to do. */
const LOOK_MS = 1_000;
/** Share of a second. A loop that is idle for the rest of it keeps nobody waiting, and 100 timers a second would cost more. */
const BUSY_SHARE = 0.05;
/** Between two samples, each the lateness of a timer: fine enough to catch what a voice call would hear. */
const RESOLUTION_MS = 10;
const NS_PER_MS = 1_000_000;

type Monitor = ReturnType<typeof monitorEventLoopDelay>;

/**
 * Watches this process's memory and how long its event loop keeps what is due waiting. Delay is sampled only while the
 * loop is busy: an idle process is not woken for it.
 */
export class RuntimeWatch implements Disposable {
  readonly #timer: NodeJS.Timeout;
  readonly #total = createHistogram();
  #utilization = performance.eventLoopUtilization();
  #monitor: Monitor | undefined;
  #lastSecond: DelayView | undefined;

  constructor() {
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    // Nothing that watches keeps the process alive; the monitor's own timer does not either.
    this.#timer.unref();
  }

  read(): RuntimeView {
    const { rss, heapUsed } = process.memoryUsage();
    const lastSecond = this.#lastSecond;
    const sinceStart = this.#total.count > 0 ? delayView((percent) => this.#total.percentile(percent)) : undefined;
    return {
      rssBytes: rss,
      heapBytes: heapUsed,
      eventLoopDelayMs: { ...(lastSecond && { lastSecond }), ...(sinceStart && { sinceStart }) },
    };
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#monitor?.disable();
    this.#monitor = undefined;
  }

  #look(): void {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#utilization);
    this.#utilization = now;
    this.#lastSecond = this.#monitor && this.#take(this.#monitor);
    if (utilization < BUSY_SHARE) {
      this.#monitor?.disable();
      this.#monitor = undefined;
    } else if (this.#monitor) {
      this.#monitor.reset();
    } else {
      // A new one: the old would count the time for which it was off as a delay.
      this.#monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
      this.#monitor.enable();
    }
  }

  /** The second's samples, which also go into the total: one histogram of this sort cannot be added to another. */
  #take(monitor: Monitor): DelayView | undefined {
    const { count } = monitor;
    if (count === 0) return undefined;
    const late = (percent: number) => Math.max(0, monitor.percentile(percent) - RESOLUTION_MS * NS_PER_MS);
    // The histogram counts from 1.
    for (let i = 0; i < count; i++) this.#total.record(Math.max(1, Math.round(late(((i + 1) / count) * 100))));
    return delayView(late);
  }
}

/** @param percentile in nanoseconds, of a number from above 0 to 100 */
function delayView(percentile: (percent: number) => number): DelayView {
  const ms = (percent: number) => Number((percentile(percent) / NS_PER_MS).toFixed(2));
  return { p50: ms(50), p99: ms(99), max: ms(100) };
}
