import { describe, expect, it } from "vitest";
import { DELAY_P99_MS, judge, settled, slope, totalDrops } from "../../bench/soak/verdict.ts";
import type { SoakSample } from "../../bench/soak/watch.ts";

const MIB = 1024 * 1024;
const MINUTES_10 = 600;

/** A saturated second in which all is well. */
function sample(at: number, mib: number, other: Partial<SoakSample> = {}): SoakSample {
  const delay = { p50: 1, p99: 5, max: 8 };
  const flow = { mbitIn: 500, mbitOut: 500, dropped: {}, lane: "media" };
  return { at, rssBytes: mib * MIB, heapBytes: MIB, delayMs: delay, delaySinceStartMs: delay, ...flow, ...other };
}

function run(seconds: number, mibAt: (second: number) => number, other: Partial<SoakSample> = {}): SoakSample[] {
  return Array.from({ length: seconds }, (_, i) => sample(i + 1, mibAt(i + 1), other));
}

const failures = (samples: readonly SoakSample[]) =>
  judge("a", samples)
    .filter(({ met }) => !met)
    .map(({ about }) => about.replace(/ over .*/, ""));

describe("the verdict on a soak", () => {
  it("is good where memory moves as a collector makes it, and all else is well", () => {
    expect(failures(run(MINUTES_10, (second) => 120 + (second % 30) / 3))).toEqual([]);
  });

  it("does not count what memory becomes during the warm-up", () => {
    expect(failures(run(MINUTES_10, (second) => (second < 20 ? 60 + 3 * second : 120)))).toEqual([]);
    expect(failures(run(30, (second) => (second < 10 ? 60 + 6 * second : 120)))).toEqual([]);
    expect(settled(run(30, () => 100)).at(0)?.at).toBe(10);
  });

  it("finds a leak of 2 MiB a minute, by both of its measures", () => {
    const leaking = run(MINUTES_10, (second) => 120 + (second / 60) * 2 + (second % 30) / 3);
    expect(failures(leaking)).toEqual(["a: memory, the end against the beginning", "a: memory, its trend"]);
  });

  it("finds a loop that is late", () => {
    const late = { p50: 1, p99: DELAY_P99_MS, max: 90 };
    expect(failures(run(60, () => 120, { delaySinceStartMs: late }))).toEqual(["a: event-loop delay, p99"]);
  });

  it("is not good where nothing was measured", () => {
    expect(failures(run(60, () => 120).map(({ delayMs: _, delaySinceStartMs: __, ...rest }) => rest))).toEqual([
      "a: event-loop delay, p99",
    ]);
  });

  it("finds a second that stood still, and a lane that changed", () => {
    const samples = run(60, () => 120);
    samples[30] = sample(31, 120, { mbitIn: 0.1, mbitOut: 0 });
    expect(failures(samples)).toEqual(["a: seconds without traffic"]);
    samples[30] = sample(31, 120, { lane: "packets" });
    expect(failures(samples)).toEqual(["a: lane changes"]);
    expect(failures(run(60, () => 120, { lane: undefined }))).toEqual(["a: lane changes"]);
  });

  it("fits a line, and adds drops up", () => {
    expect(slope([1, 2, 3, 4].map((x) => ({ x, y: 3 * x - 7 })))).toBeCloseTo(3);
    expect(slope([{ x: 1, y: 5 }])).toBe(0);
    expect(
      totalDrops([sample(1, 1, { dropped: { codel: 2 } }), sample(2, 1, { dropped: { codel: 1, no_lane: 4 } })]),
    ).toEqual({ codel: 3, no_lane: 4 });
  });
});
