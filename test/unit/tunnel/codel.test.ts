import { describe, expect, it } from "vitest";
import { Codel, INTERVAL_MS, TARGET_MS } from "../../../shared/tunnel/codel.ts";

/** Asks about a packet each millisecond from `from` to before `to`. @returns when it said "drop". */
function drops(codel: Codel, from: number, to: number, waitedMs: number, hasBacklog = true): number[] {
  const dropped: number[] = [];
  for (let now = from; now < to; now++) if (codel.shouldDrop(now, waitedMs, hasBacklog)) dropped.push(now);
  return dropped;
}

describe("CoDel", () => {
  it("lets a queue be whose packets wait less than the target, however long that lasts", () => {
    expect(drops(new Codel(), 0, 5000, TARGET_MS - 0.1)).toEqual([]);
  });

  it("lets a burst be that is gone within an interval", () => {
    const codel = new Codel();
    expect(drops(codel, 0, INTERVAL_MS, 80)).toEqual([]);
    expect(drops(codel, INTERVAL_MS, INTERVAL_MS + 1, 1)).toEqual([]);
    expect(drops(codel, INTERVAL_MS + 1, 2 * INTERVAL_MS, 80)).toEqual([]);
  });

  it("lets the last packet of a queue be, however long it waited", () => {
    expect(drops(new Codel(), 0, 1000, 500, false)).toEqual([]);
  });

  it("drops one packet after a whole interval over the target, and then sooner and sooner, by the root of the count", () => {
    const times = drops(new Codel(), 0, 600, TARGET_MS);
    expect(times[0]).toBe(INTERVAL_MS);
    let next = INTERVAL_MS + INTERVAL_MS;
    for (let count = 2; count <= 6; count++) {
      expect(times[count - 1]).toBe(Math.ceil(next));
      next += INTERVAL_MS / Math.sqrt(count);
    }
  });

  it("stops at the first packet that waited less, and starts over only after another interval", () => {
    const codel = new Codel();
    expect(drops(codel, 0, 400, 50).length).toBeGreaterThan(2);
    expect(drops(codel, 400, 401, 1)).toEqual([]);
    expect(drops(codel, 401, 401 + INTERVAL_MS, 50)).toEqual([]);
  });

  it("goes on at the rate it had when the queue stands again soon, and from the start when it does not", () => {
    const soon = new Codel();
    const late = new Codel();
    for (const codel of [soon, late]) drops(codel, 0, 1000, 50);
    drops(soon, 1000, 1001, 1);
    drops(late, 1000, 1001, 1);
    const again = (codel: Codel, from: number) => drops(codel, from, from + 3 * INTERVAL_MS, 50).length;
    expect(again(soon, 1001)).toBeGreaterThan(2 * again(late, 5000));
  });

  it("forgets that it was dropping when the queue has emptied", () => {
    const codel = new Codel();
    drops(codel, 0, 150, 50);
    codel.emptied();
    expect(drops(codel, 150, 150 + INTERVAL_MS, 50)).toEqual([]);
  });
});
