import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FairTurns, type Task } from "../../../electron/server/fair-turns.ts";

/** Turns of an event loop that a test makes happen. */
function start(options: { maxUnderway?: number; perTick?: number } = {}) {
  const deferred: (() => void)[] = [];
  const turns = new FairTurns({ maxUnderway: 1_000, perTick: 10, ...options, defer: (task) => deferred.push(task) });
  const done: string[] = [];
  const tick = () => {
    for (const task of deferred.splice(0)) task();
  };
  const work =
    (who: string, cost = 1): Task =>
    (end) => {
      done.push(who);
      end(cost);
    };
  return { turns, deferred, done, tick, work };
}

const count = (done: readonly string[], who: string) => done.filter((each) => each === who).length;

describe("work in turns", () => {
  it("is done at once while nobody waits, up to what a turn of the event loop may cost", () => {
    const { turns, done, tick, work } = start();
    for (let i = 0; i < 15; i++) turns.run("a", work("a"));
    expect(done).toHaveLength(10);
    expect(turns.waiting).toBe(5);
    tick();
    expect(done).toHaveLength(15);
  });

  it("goes round: whoever brings a thousand tasks waits for itself", () => {
    const { turns, done, tick, work } = start();
    for (let i = 0; i < 1000; i++) turns.run("flood", work("flood"));
    for (let i = 0; i < 20; i++) turns.run("honest", work("honest"));
    for (let i = 0; i < 4; i++) tick();
    expect(count(done, "honest")).toBe(20);
    expect(done.slice(10, 50)).toEqual(Array.from({ length: 20 }, () => ["flood", "honest"]).flat());
  });

  it("that costs five turns is paid for with four", () => {
    const { turns, done, tick, work } = start({ perTick: 60 });
    for (let i = 0; i < 500; i++) turns.run("forger", work("forger", 5));
    for (let i = 0; i < 500; i++) turns.run("honest", work("honest"));
    const before = { forger: count(done, "forger"), honest: count(done, "honest") };
    for (let i = 0; i < 5; i++) tick();
    const forger = count(done, "forger") - before.forger;
    const honest = count(done, "honest") - before.honest;
    expect(honest / forger).toBeGreaterThan(4);
    expect(honest + 5 * forger).toBeGreaterThanOrEqual(300 - 60);
  });

  it("is begun so many times at once, and again as it ends", () => {
    const { turns, tick } = start({ maxUnderway: 2 });
    const ends: (() => void)[] = [];
    for (let i = 0; i < 5; i++) turns.run(`g${i}`, (end) => ends.push(() => end(1)));
    expect(ends).toHaveLength(2);
    tick();
    expect(ends).toHaveLength(2);
    ends[0]?.();
    tick();
    expect(ends).toHaveLength(3);
    expect(turns.waitingOf("g4")).toBe(1);
    expect(turns.waitingOf("g0")).toBe(0);
  });

  it("is all done in the end, once each, and a group's in its order, however it comes and ends", () => {
    const task = fc.record({ group: fc.nat(4), cost: fc.nat(6), isLate: fc.boolean(), ticks: fc.nat(2) });
    const limits = fc.record({ maxUnderway: fc.integer({ min: 1, max: 4 }), perTick: fc.integer({ min: 1, max: 8 }) });
    fc.assert(
      fc.property(fc.array(task, { maxLength: 60 }), limits, (tasks, { maxUnderway, perTick }) => {
        const { turns, deferred, tick } = start({ maxUnderway, perTick });
        const begun = new Map<number, number[]>();
        const ends: (() => void)[] = [];
        let underway = 0;
        for (const [i, { group, cost, isLate, ticks }] of tasks.entries()) {
          turns.run(`g${group}`, (end) => {
            begun.set(group, [...(begun.get(group) ?? []), i]);
            expect(++underway).toBeLessThanOrEqual(maxUnderway);
            const finish = () => {
              underway--;
              end(cost);
            };
            if (isLate) ends.push(finish);
            else finish();
          });
          for (let j = 0; j < ticks; j++) tick();
        }
        for (let i = 0; i < 1_000 && (deferred.length > 0 || ends.length > 0); i++) {
          tick();
          ends.shift()?.();
        }
        expect([turns.waiting, underway, deferred.length]).toEqual([0, 0, 0]);
        for (let group = 0; group < 5; group++) {
          const ofGroup = [...tasks.keys()].filter((i) => tasks[i]?.group === group);
          expect(begun.get(group) ?? []).toEqual(ofGroup);
        }
      }),
    );
  });

  it("leaves nothing behind, and no turn to come", () => {
    const { turns, deferred, tick, work } = start();
    for (let i = 0; i < 50; i++) turns.run(`g${i % 7}`, work("x", 1 + (i % 5)));
    for (let i = 0; i < 50 && deferred.length > 0; i++) tick();
    expect(deferred).toEqual([]);
    expect(turns.waiting).toBe(0);
  });
});
