import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mean, median, percentile, spread } from "../../bench/tunnel/statistics.ts";

const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 });

describe("the median", () => {
  it("is the middle of an odd number of values, and the middle of the two middle ones of an even number", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it("has no more than half of the values on either side, in whatever order they come", () => {
    fc.assert(
      fc.property(values, (some) => {
        const middle = median(some);
        expect(some.filter((value) => value < middle).length).toBeLessThanOrEqual(some.length / 2);
        expect(some.filter((value) => value > middle).length).toBeLessThanOrEqual(some.length / 2);
      }),
    );
  });
});

describe("a percentile", () => {
  it("is the nearest rank", () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentile(hundred, 99)).toBe(99);
    expect(percentile(hundred, 100)).toBe(100);
    expect(percentile([7], 99)).toBe(7);
  });

  it("is a value of which at least that share is not above", () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 100 }), (some, percent) => {
        const at = percentile(some, percent);
        expect(some).toContain(at);
        expect(some.filter((value) => value <= at).length / some.length).toBeGreaterThanOrEqual(percent / 100 - 1e-9);
      }),
    );
  });
});

describe("statistics", () => {
  it("show the median with the least and the most", () => {
    expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3, count: 3 });
  });

  it("refuse to say anything of no values", () => {
    for (const of of [median, mean, (none: number[]) => percentile(none, 99)]) expect(() => of([])).toThrow(RangeError);
  });
});
