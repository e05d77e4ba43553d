import { describe, expect, it } from "vitest";
import { Seats } from "../../../electron/server/seats.ts";

const silent = (name: string) => ({ name, isInRoom: false });

describe("the seats of a full server", () => {
  it("go to newcomers from whoever has been there longest without being in a room", () => {
    const seats = new Seats<{ name: string; isInRoom: boolean }>();
    const member = { name: "member", isInRoom: true };
    seats.add(member, 0);
    const [first, second] = [silent("first"), silent("second")];
    const seat = seats.add(first, 1_000);
    seats.add(second, 2_000);
    expect(seats.idle(30_000)).toBe(first);
    seat.dispose();
    expect(seats.idle(30_000)).toBe(second);
  });

  it("are kept for ten seconds by whoever has just come, and for ever by members", () => {
    const seats = new Seats<{ name: string; isInRoom: boolean }>();
    seats.add({ name: "member", isInRoom: true }, 0);
    const newcomer = silent("newcomer");
    seats.add(newcomer, 50_000);
    expect(seats.idle(59_999)).toBeUndefined();
    expect(seats.idle(60_000)).toBe(newcomer);
  });

  it("are looked through a few at a time, and all of them in the end", () => {
    const seats = new Seats<{ name: string; isInRoom: boolean }>();
    for (let i = 0; i < 500; i++) seats.add({ name: `m${i}`, isInRoom: true }, 0);
    const idler = silent("idler");
    seats.add(idler, 0);
    const found = Array.from({ length: 10 }, () => seats.idle(60_000));
    expect(found).toContain(idler);
    expect(found[0]).toBeUndefined();
  });
});
