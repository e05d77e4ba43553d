import { performance } from "node:perf_hooks";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RuntimeWatch } from "../../electron/adapters/runtime.ts";
import type { RuntimeView } from "../../shared/ipc/contract.ts";

const MIB = 1024 * 1024;
const STALL_MS = 40;

/** Keeps the loop from everything else. */
function stall(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** Keeps the loop busy, in pieces of `pieceMs`, until the watch says what is waited for. */
async function busyUntil(watch: RuntimeWatch, pieceMs: number, isThere: (view: RuntimeView) => boolean) {
  for (;;) {
    const view = watch.read();
    if (isThere(view)) return view;
    stall(pieceMs);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("the watch over this process", () => {
  let watch: RuntimeWatch;
  beforeEach(() => {
    watch = new RuntimeWatch();
  });
  afterEach(() => watch.dispose());

  it("tells memory as the system does, and no delay before the loop was busy", () => {
    const { rssBytes, heapBytes, eventLoopDelayMs } = watch.read();
    expect(Math.abs(rssBytes - process.memoryUsage().rss)).toBeLessThan(32 * MIB);
    expect(heapBytes).toBeGreaterThan(MIB);
    expect(heapBytes).toBeLessThan(rssBytes);
    expect(eventLoopDelayMs).toEqual({});
  });

  it("tells how long a stalled loop keeps waiting what is due, and how long one that is merely busy does", async () => {
    const stalled = await busyUntil(
      watch,
      STALL_MS,
      ({ eventLoopDelayMs }) => eventLoopDelayMs.lastSecond !== undefined,
    );
    const { p50 = 0, p99 = 0, max = 0 } = stalled.eventLoopDelayMs.lastSecond ?? {};
    // A timer that falls due every 10 ms finds the loop taken for up to 40.
    expect(p50).toBeGreaterThan(STALL_MS / 4);
    expect(max).toBeGreaterThanOrEqual(STALL_MS - 11);
    expect(p99).toBeLessThanOrEqual(max);
    // One second is all there was; the two histograms round by themselves.
    expect(stalled.eventLoopDelayMs.sinceStart?.p50).toBeCloseTo(p50, 0);
    expect(stalled.eventLoopDelayMs.sinceStart?.max).toBeCloseTo(max, 0);

    const busy = await busyUntil(
      watch,
      1,
      ({ eventLoopDelayMs }) => (eventLoopDelayMs.lastSecond?.p50 ?? p50) < p50 / 2,
    );
    // What was is not forgotten.
    expect(busy.eventLoopDelayMs.sinceStart?.max).toBeGreaterThan(max - 1);
  });
});
