import { describe, expect, it } from "vitest";
import { ReplayGuard } from "../../../electron/server/replay.ts";
import type { ConnectionId } from "../../../shared/base/brand.ts";

const A = "a" as ConnectionId;
const B = "b" as ConnectionId;

describe("the replay guard", () => {
  it("uses a signature up when the message has an id", () => {
    const guard = new ReplayGuard(100, 1000, 0, () => false);
    expect(guard.isReplay(1, true, A, 0)).toBe(false);
    expect(guard.isReplay(1, true, A, 1)).toBe(true);
    expect(guard.isReplay(1, true, B, 1)).toBe(true);
  });

  it("lets the first sender repeat a message without an id, and others once that one is gone", () => {
    const open = new Set([A]);
    const guard = new ReplayGuard(100, 1000, 0, (id) => open.has(id));
    guard.isReplay(1, false, A, 0);
    expect(guard.isReplay(1, false, A, 1)).toBe(false);
    expect(guard.isReplay(1, false, B, 1)).toBe(true);
    open.delete(A);
    expect(guard.isReplay(1, false, B, 2)).toBe(false);
  });

  it("remembers for half its window at least, and for the whole of it at most", () => {
    const guard = new ReplayGuard(100, 1000, 0, () => true);
    guard.isReplay(1, true, A, 499);
    expect(guard.isReplay(1, true, A, 998)).toBe(true);
    guard.isReplay(2, true, A, 998);
    guard.isReplay(3, true, A, 1500);
    expect(guard.isReplay(1, true, A, 1500)).toBe(false);
  });

  it("drops everything after a silence as long as its window", () => {
    const guard = new ReplayGuard(100, 1000, 0, () => true);
    guard.isReplay(1, true, A, 0);
    expect(guard.isReplay(1, true, A, 1000)).toBe(false);
  });

  it("never holds more than its capacity", () => {
    const guard = new ReplayGuard(100, 1000, 0, () => true);
    for (let tag = 0; tag < 10_000; tag++) {
      guard.isReplay(tag, true, A, 0);
      expect(guard.size).toBeLessThanOrEqual(100);
    }
    expect(guard.isReplay(9_999, true, A, 0)).toBe(true);
  });
});
