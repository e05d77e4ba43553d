import { describe, expect, it } from "vitest";
import { Backlog } from "../../../electron/server/backlog.ts";

const KIB = 1024;
const receiver = (kib: number) => ({ waitingBytes: kib * KIB });

describe("what all clients have not taken yet", () => {
  it("may be much for one, and for some", () => {
    const backlog = new Backlog(1_000 * KIB);
    for (const each of [receiver(500), receiver(400)]) expect(backlog.note(each)).toBeUndefined();
  });

  it("costs whoever has most waiting its connection when it is too much in all", () => {
    const backlog = new Backlog(1_000 * KIB);
    const slowest = receiver(500);
    const all = [receiver(300), slowest, receiver(300)];
    expect(all.map((each) => backlog.note(each))).toEqual([undefined, undefined, slowest]);
  });

  it("counts nobody for what it has taken meanwhile, was cut off for, or has in every burst", () => {
    const backlog = new Backlog(1_000 * KIB);
    const [slow, cut] = [receiver(600), receiver(300)];
    backlog.note(slow);
    backlog.note(cut);
    slow.waitingBytes = 0;
    backlog.forget(cut);
    for (let i = 0; i < 100; i++) expect(backlog.note(receiver(63))).toBeUndefined();
    expect(backlog.note(receiver(900))).toBeUndefined();
  });
});
