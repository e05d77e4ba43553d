import { describe, expect, it } from "vitest";
import { WRONG_PINS_A_DAY } from "../../../electron/server/pin-allowance.ts";
import { type PinAttempt, PinGuard } from "../../../electron/server/pin-guard.ts";
import type { Standing, StoredAllowance } from "../../../electron/server/room-store.ts";
import { fakeKey } from "../../fakes/peer.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const attempt = (key: number, address: string, standing: Standing = "stranger"): PinAttempt => ({
  roomId: "room",
  key: fakeKey(key),
  address,
  standing,
});

function fail(guard: PinGuard, who: PinAttempt, times: number, now = 0): void {
  for (let i = 0; i < times; i++) guard.failed(who, now, now);
}

/** Whoever may have a PIN compared at once sends a wrong one. @returns how many were compared. */
function guess(guard: PinGuard, attempts: Iterable<PinAttempt>, now: number): number {
  let compared = 0;
  for (const who of attempts) {
    if (guard.admit(who, now) === "locked") continue;
    guard.failed(who, now, now);
    compared++;
  }
  return compared;
}

describe("the PIN guard", () => {
  it("lets five mistakes pass, then doubles the wait from one second", () => {
    const guard = new PinGuard();
    const waits: unknown[] = [];
    for (let i = 0; i < 11; i++) {
      waits.push(guard.admit(attempt(1, "a"), 0));
      guard.failed(attempt(1, "a"), 0, 0);
    }
    expect(waits).toEqual([0, 0, 0, 0, 0, 1000, 2000, 4000, 8000, 16000, "locked"]);
  });

  it("is silent for 15 minutes after ten, and twice as long after each further one", () => {
    const guard = new PinGuard();
    const who = attempt(1, "a");
    fail(guard, who, 10);
    expect(guard.admit(who, 15 * MINUTE - 1)).toBe("locked");
    expect(guard.admit(who, 15 * MINUTE)).toBe(0);
    guard.failed(who, 15 * MINUTE, 0);
    expect(guard.admit(who, 15 * MINUTE + 30 * MINUTE - 1)).toBe("locked");
    expect(guard.admit(who, 15 * MINUTE + 30 * MINUTE)).toBe(0);
  });

  it("counts a key wherever it is, and an address whatever its keys", () => {
    const guard = new PinGuard();
    for (let i = 0; i < 10; i++) guard.failed(attempt(1, `a${i}`), 0, 0);
    expect(guard.admit(attempt(1, "elsewhere"), 0)).toBe("locked");
    for (let i = 0; i < 10; i++) guard.failed(attempt(10 + i, "b"), 0, 0);
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
    guard.succeeded(attempt(1, "a"), 0);
    expect(guard.admit(attempt(1, "a"), 0)).toBe(0);
    fail(guard, attempt(2, "b"), 9);
    expect(guard.admit(attempt(2, "b"), DAY - 1)).toBe(16000);
    expect(guard.admit(attempt(2, "b"), DAY)).toBe(0);
  });

  it("judges the owner and former members by their own mistakes alone", () => {
    const guard = new PinGuard();
    fail(guard, attempt(1, "a"), 10);
    for (const standing of ["owner", "member"] as const) expect(guard.admit(attempt(2, "a", standing), 0)).toBe(0);
    fail(guard, attempt(2, "a", "owner"), 10);
    expect(guard.admit(attempt(2, "b", "owner"), 0)).toBe("locked");
  });

  it("takes a former member for a stranger after three mistakes", () => {
    const guard = new PinGuard();
    fail(guard, attempt(1, "a"), 10);
    fail(guard, attempt(2, "a", "member"), 3);
    expect(guard.admit(attempt(2, "a", "member"), 0)).toBe("locked");
    expect(guard.admit(attempt(2, "b", "member"), 0)).toBe(0);
  });
});

describe("a room's wrong PINs", () => {
  const strangers = function* (count: number, from = 0) {
    for (let i = from; i < from + count; i++) yield attempt(1000 + i, `s${i}`);
  };
  const members = function* (count: number) {
    for (let i = 0; i < count; i++) yield attempt(500 + i, `m${i}`, "member");
  };

  it("of strangers are 30 at once, then one in 16 minutes; none of them keeps out the owner or a member", () => {
    const guard = new PinGuard();
    expect(guess(guard, strangers(1000), 0)).toBe(30);
    expect(guard.admit(attempt(1, "fresh"), DAY / 90 - 1)).toBe("locked");
    expect(guard.admit(attempt(1, "fresh"), DAY / 90)).toBe(0);
    expect(guard.admit(attempt(2, "s1", "owner"), 0)).toBe(0);
    expect(guard.admit(attempt(3, "s1", "member"), 0)).toBe(0);
  });

  it("of ten hostile former members keep out neither the others nor the owner", () => {
    const guard = new PinGuard();
    for (let i = 0; i < 100; i++) guess(guard, members(10), 0);
    expect(guard.admit(attempt(99, "x", "member"), 0)).toBe(0);
    expect(guard.admit(attempt(1, "x", "owner"), 0)).toBe(0);
  });

  it("are 200 in any 24 hours, whoever sends them, and however long it goes on", () => {
    const guard = new PinGuard();
    const comparedAt: number[] = [];
    const step = 10 * MINUTE;
    for (let now = 0; now < 5 * DAY; now += step) {
      const crowd = [...strangers(1000, now), ...members(256), attempt(1, `o${now}`, "owner")];
      comparedAt.push(...Array<number>(guess(guard, crowd, now)).fill(now));
    }
    const most = Math.max(...comparedAt.map((from) => comparedAt.filter((at) => at >= from && at < from + DAY).length));
    expect(WRONG_PINS_A_DAY).toBe(200);
    expect(most).toBeLessThanOrEqual(200);
    expect(most).toBeGreaterThan(150);
  });

  it("are not forgotten for mistakes made elsewhere, in any number of rooms", () => {
    const guard = new PinGuard();
    guess(guard, strangers(1000), 0);
    for (let i = 0; i < 60_000; i++) guard.failed({ ...attempt(i, `e${i}`), roomId: `r${i}` }, 0, 0);
    expect(guess(guard, strangers(1000, 5000), 0)).toBe(0);
  });

  it("count after a restart, but for what has grown back meanwhile", () => {
    const guard = new PinGuard();
    const wall = 1_700_000_000_000;
    let stored: StoredAllowance | undefined;
    for (const who of strangers(30)) stored = guard.failed(who, 0, wall);
    expect(stored).toEqual({ left: { owner: 10, member: 40, stranger: 0 }, at: wall });
    const restarted = new PinGuard();
    if (stored) restarted.restore("room", stored, wall + DAY / 10, 777);
    expect(guess(restarted, strangers(1000, 2000), 777)).toBe(9);
  });

  it("do not come back by setting the clock back", () => {
    const stored = { left: { owner: 0, member: 0, stranger: 0 }, at: 1_700_000_000_000 };
    const guard = new PinGuard();
    guard.restore("room", stored, stored.at - 100 * DAY, 0);
    expect(guess(guard, strangers(10), 0)).toBe(0);
    expect(guess(guard, strangers(10), DAY / 90)).toBe(1);
  });

  it("are forgotten with the room", () => {
    const guard = new PinGuard();
    guess(guard, strangers(1000), 0);
    guard.forget("room");
    expect(guard.admit(attempt(1, "fresh"), 0)).toBe(0);
  });
});
