import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PathMtu, RAISE_FIRST_MS, RAISE_LAST_MS } from "../../../shared/mesh/path-mtu.ts";

const SIZES = { floor: 488, base: 1198, ceiling: 1420 };
const ROUND_MS = 100;

/** A path of a given size, and a search on it. */
function search(carries: number, ceiling = SIZES.ceiling) {
  const path = new PathMtu({ ...SIZES, ceiling });
  const world = {
    path,
    carries,
    now: 0,
    probes: 0,
    rounds: 0,
    /** One round; `loses` says which probes chance takes. */
    round(loses: (nth: number) => boolean = () => false) {
      const sent = path.plan(world.now);
      world.probes += sent.length;
      world.rounds++;
      const passed = sent.filter((size, nth) => size <= world.carries && !loses(nth));
      world.now += ROUND_MS;
      path.onRound(sent, new Set(passed), world.now);
      return sent;
    },
    settle(most = 40) {
      world.round();
      for (let n = 1; n < most && path.isSearching; n++) world.round();
    },
  };
  return world;
}

describe("the search for what a path carries", () => {
  it("takes one round of three probes where the path carries all", () => {
    const world = search(1500);
    world.settle();
    expect([world.path.size, world.path.isSearching, world.probes]).toEqual([1420, false, 3]);
  });

  it("finds any size exactly, within eight rounds", () => {
    fc.assert(
      fc.property(fc.integer({ min: 488, max: 4100 }), fc.integer({ min: 600, max: 4000 }), (carries, ceiling) => {
        const world = search(carries, ceiling);
        world.settle();
        expect(world.path.size).toBe(Math.min(carries, ceiling));
        expect(world.rounds).toBeLessThanOrEqual(9);
      }),
    );
  });

  it("says no size before anything has come back", () => {
    const world = search(100);
    for (let n = 0; n < 10; n++) expect(world.round()).toEqual([1420, 1198, 488]);
    expect(world.path.size).toBe(1198);
  });

  it("watches its size, and whether the path lives, with two probes", () => {
    const world = search(1300);
    world.settle();
    expect(world.round()).toEqual([1300, 488]);
  });

  it("leaves a black hole in the second round", () => {
    const world = search(1420);
    world.settle();
    world.carries = 1222;
    world.round();
    expect([world.path.size, world.path.isSearching]).toEqual([1420, true]);
    world.round();
    expect(world.path.size).toBeLessThanOrEqual(1222);
    world.settle();
    expect(world.path.size).toBe(1222);
  });

  it("goes below what IPv6 asks for, where the path does", () => {
    const world = search(1420);
    world.settle();
    world.carries = 700;
    world.settle();
    expect(world.path.size).toBe(700);
  });

  it("does not mistake one lost probe, nor a path that is gone, for a narrower one", () => {
    const world = search(1420);
    world.settle();
    world.round((nth) => nth === 0);
    world.settle();
    expect(world.path.size).toBe(1420);
    for (let n = 0; n < 10; n++) world.round(() => true);
    expect(world.path.size).toBe(1420);
  });

  it("keeps its size through an hour of 3 % loss each way", () => {
    // Numerical Recipes' generator: fast-check's integers favour the ends of their range, and chance does not.
    let seed = 7;
    const isLost = () => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return seed / 2 ** 32 < 1 - 0.97 ** 2;
    };
    const world = search(1420);
    world.settle();
    for (let n = 0; n < 7200; n++) {
      world.round(isLost);
      expect(world.path.size).toBe(1420);
    }
  });

  it("tries larger sizes again soon, then seldom, and grows when the path has", () => {
    const world = search(1222);
    world.settle();
    world.now += RAISE_FIRST_MS;
    expect(Math.max(...world.round())).toBe(1420);
    world.settle();
    expect(Math.max(...world.round())).toBe(1222);
    for (let n = 0; n < 10; n++) {
      world.now += RAISE_LAST_MS;
      world.settle();
    }
    world.now += RAISE_FIRST_MS;
    expect(Math.max(...world.round())).toBe(1222);
    world.carries = 1350;
    world.now += RAISE_LAST_MS;
    world.settle();
    expect(world.path.size).toBe(1350);
  });

  it("believes an echo that comes late", () => {
    const world = search(1222);
    world.settle();
    world.path.onLateEcho(1420);
    expect(world.path.size).toBe(1420);
    world.path.onLateEcho(2000);
    expect(world.path.size).toBe(1420);
  });

  it("follows its ceiling down at once, and up by search", () => {
    const world = search(4000);
    world.settle();
    world.path.setCeiling(1280);
    expect(world.path.size).toBe(1280);
    world.settle();
    expect(world.round()).toEqual([1280, 488]);
    world.path.setCeiling(3000);
    expect(world.path.size).toBe(1280);
    world.settle();
    expect(world.path.size).toBe(3000);
  });
});
