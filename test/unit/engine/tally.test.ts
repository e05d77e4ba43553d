import { describe, expect, it } from "vitest";
import { Tally } from "../../../electron/engine/tally.ts";
import type { PublicKey } from "../../../shared/base/brand.ts";
import { Counting } from "../../../shared/tunnel/counters.ts";
import { fakeKey } from "../../fakes/peer.ts";

const [ben, cat] = [fakeKey(2), fakeKey(3)];

/** What a process has counted: packets of 100 bytes in from each of them, and as many that were spoofed. */
function counts(packets: ReadonlyMap<PublicKey, number>) {
  const totals = new Counting();
  const peers = new Map(
    [...packets].map(([key, count]) => {
      const counting = new Counting(totals);
      counting.received(100 * count, count);
      counting.drop("spoofed", count);
      return [key, counting.snapshot()] as const;
    }),
  );
  return { totals: totals.snapshot(), peers };
}

describe("counters of engines one after the other", () => {
  it("are the newest of the one that runs", () => {
    const tally = new Tally();
    expect(tally.totals()).toEqual(new Counting().snapshot());
    tally.counted(counts(new Map([[ben, 1]])));
    tally.counted(counts(new Map([[ben, 3]])));
    expect(tally.counters(ben)).toMatchObject({ packetsIn: 3, bytesIn: 300, dropped: { spoofed: 3, codel: 0 } });
    expect(tally.counters(cat)).toBeUndefined();
  });

  it("go on from where those that died left off, be it of a member who is gone", () => {
    const tally = new Tally();
    tally.counted(counts(new Map([[ben, 3]])));
    tally.died();
    expect(tally.counters(ben)).toMatchObject({ packetsIn: 3 });
    tally.counted(
      counts(
        new Map([
          [ben, 1],
          [cat, 5],
        ]),
      ),
    );
    tally.died();
    tally.counted(counts(new Map([[cat, 2]])));
    expect(tally.counters(ben)).toMatchObject({ packetsIn: 4, dropped: { spoofed: 4 } });
    expect(tally.counters(cat)).toMatchObject({ packetsIn: 7 });
    expect(tally.totals()).toMatchObject({ packetsIn: 11, bytesIn: 1100, dropped: { spoofed: 11 } });
  });
});
