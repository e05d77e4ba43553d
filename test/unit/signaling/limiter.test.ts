import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EntryLimiter, RATE_LIMITED_PAUSE_MS } from "../../../shared/signaling/limiter.ts";

describe("the limit on creating and joining", () => {
  it("lets three through at once, and the next ones as the first ones grow old", () => {
    const limiter = new EntryLimiter(3, 62_000);
    expect([0, 10, 20, 30].map((now) => limiter.take(now))).toEqual([true, true, true, false]);
    expect(limiter.slots(30, 5)).toEqual([62_000, 62_010, 62_020, 124_000, 124_010]);
    expect([61_999, 62_000, 62_001].map((now) => limiter.take(now))).toEqual([false, true, false]);
  });

  it("stands still for a while after the server complained", () => {
    const limiter = new EntryLimiter(3, 62_000);
    limiter.pause(100);
    expect(limiter.slots(200, 1)).toEqual([100 + RATE_LIMITED_PAUSE_MS]);
    expect(limiter.take(100 + RATE_LIMITED_PAUSE_MS - 1)).toBe(false);
    expect(limiter.take(100 + RATE_LIMITED_PAUSE_MS)).toBe(true);
  });

  it("never shows any server more than three in a minute, with up to a second on the way for each", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(30_000), fc.nat(1000)), { maxLength: 60 }), (asks) => {
        const limiter = new EntryLimiter();
        const arrivals: number[] = [];
        let now = 0;
        for (const [pause, delay] of asks) {
          now += pause;
          if (limiter.take(now)) arrivals.push(now + delay);
        }
        arrivals.sort((a, b) => a - b);
        arrivals.forEach((arrival, i) => {
          const third = arrivals[i - 3];
          if (third !== undefined) expect(arrival - third).toBeGreaterThan(60_000);
        });
      }),
    );
  });

  it("keeps its promise: at the slot that it names, the request may go", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20_000), { minLength: 1, maxLength: 20 }), (pauses) => {
        const limiter = new EntryLimiter();
        let now = 0;
        for (const pause of pauses) {
          now += pause;
          now = limiter.slots(now, 1)[0] ?? now;
          expect(limiter.take(now)).toBe(true);
        }
      }),
    );
  });
});
