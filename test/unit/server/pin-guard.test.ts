import { describe, expect, it } from "vitest";
import { type PinAttempt, PinGuard } from "../../../electron/server/pin-guard.ts";
import { fakeKey } from "../../fakes/peer.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const attempt = (key: number, address: string, isKnown = false): PinAttempt => ({
  roomId: "room",
  key: fakeKey(key),
  address,
  isKnown,
});

function fail(guard: PinGuard, who: PinAttempt, times: number, now = 0): void {
  for (let i = 0; i < times; i++) guard.failed(who, now);
}

describe("the PIN guard", () => {
  it("lets five mistakes pass, then doubles the wait from one second", () => {
    const guard = new PinGuard();
    const waits: unknown[] = [];
    for (let i = 0; i < 11; i++) {
      waits.push(guard.admit(attempt(1, "a"), 0));
      guard.failed(attempt(1, "a"), 0);
    }
    expect(waits).toEqual([0, 0, 0, 0, 0, 1000, 2000, 4000, 8000, 16000, "locked"]);
  });

  it("is silent for 15 minutes after ten, and twice as long after each further one", () => {
    const guard = new PinGuard();
    const who = attempt(1, "a");
    fail(guard, who, 10);
    expect(guard.admit(who, 15 * MINUTE - 1)).toBe("locked");
    expect(guard.admit(who, 15 * MINUTE)).toBe(0);
    guard.failed(who, 15 * MINUTE);
    expect(guard.admit(who, 15 * MINUTE + 30 * MINUTE - 1)).toBe("locked");
    expect(guard.admit(who, 15 * MINUTE + 30 * MINUTE)).toBe(0);
  });

  it("counts a key wherever it is, and an address whatever its keys", () => {
    const guard = new PinGuard();
    for (let i = 0; i < 10; i++) guard.failed(attempt(1, `a${i}`), 0);
    expect(guard.admit(attempt(1, "elsewhere"), 0)).toBe("locked");
    for (let i = 0; i < 10; i++) guard.failed(attempt(10 + i, "b"), 0);
    expect(guard.admit(attempt(99, "b"), 0)).toBe("locked");
    expect(guard.admit(attempt(99, "c"), 0)).toBe(0);
  });

  it("keeps rooms apart", () => {
    const guard = new PinGuard();
    fail(guard, attempt(1, "a"), 10);
    expect(guard.admit({ ...attempt(1, "a"), roomId: "other" }, 0)).toBe(0);
  });

  it("forgets mistakes after a right PIN, or after a day without any", () => {
    const guard = new PinGuard();
    fail(guard, attempt(1, "a"), 9);
    guard.succeeded(attempt(1, "a"));
    expect(guard.admit(attempt(1, "a"), 0)).toBe(0);
    fail(guard, attempt(2, "b"), 9);
    expect(guard.admit(attempt(2, "b"), DAY - 1)).toBe(16000);
    expect(guard.admit(attempt(2, "b"), DAY)).toBe(0);
  });

  it("judges a former member by its own mistakes alone", () => {
    const guard = new PinGuard();
    fail(guard, attempt(1, "a"), 10);
    expect(guard.admit(attempt(2, "a", true), 0)).toBe(0);
    fail(guard, attempt(2, "a", true), 10);
    expect(guard.admit(attempt(2, "b", true), 0)).toBe("locked");
  });

  it("bears 200 wrong PINs of strangers, then one in seven minutes, while members come and go", () => {
    const guard = new PinGuard();
    for (let i = 0; i < 200; i++) guard.failed(attempt(100 + i, `a${i}`), 0);
    expect(guard.admit(attempt(1, "fresh"), 0)).toBe("locked");
    expect(guard.admit(attempt(2, "fresh", true), 0)).toBe(0);
    expect(guard.admit(attempt(1, "fresh"), DAY / 200 - 1)).toBe("locked");
    expect(guard.admit(attempt(1, "fresh"), DAY / 200)).toBe(0);
  });

  it("keeps 10,000 PINs out of reach of a thousand addresses for weeks", () => {
    const guard = new PinGuard();
    let guesses = 0;
    for (let now = 0; now < 21 * DAY; now += MINUTE) {
      for (let machine = 0; machine < 1000; machine++) {
        const who = attempt(guesses, `m${machine}`);
        if (guard.admit(who, now) !== 0) break;
        guard.failed(who, now);
        guesses++;
      }
    }
    expect(guesses).toBeLessThan(4_500);
  });
});
