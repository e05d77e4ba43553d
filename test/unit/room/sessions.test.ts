import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RoomId } from "../../../shared/base/brand.ts";
import { FakeClock, settle } from "../../fakes/clock.ts";
import { FakeSignalingServer } from "../../fakes/signaling-server.ts";
import { Machine } from "./harness.ts";

let clock: FakeClock;
let server: FakeSignalingServer;
let machines: Machine[];

const machine = (seed: number, ...saved: ConstructorParameters<typeof Machine>[3][]) => {
  const made = new Machine(seed, server, clock, ...saved);
  machines.push(made);
  return made;
};
const home = { name: "Home", pin: "1234", username: "Ann" };
const bob = { pin: "1234", username: "Bob" };

beforeEach(() => {
  clock = new FakeClock();
  server = new FakeSignalingServer();
  machines = [];
});

afterEach(async () => {
  for (const { stop } of machines.map((each) => ({ stop: () => each.stop() }))) stop();
  await settle();
  expect(clock.pending).toBe(0);
});

/** Ann owns room1, Bob is in it. */
async function annAndBob() {
  const ann = machine(1);
  const created = await ann.rooms.create(home);
  const other = machine(2);
  const joined = await other.rooms.join({ roomId: "room1", ...bob });
  expect([created.ok, joined.ok]).toEqual([true, true]);
  await settle();
  return { ann, bob: other, roomId: "room1" as RoomId };
}

describe("creating and joining", () => {
  it("puts the creator in the room as its owner, and the newcomer beside it", async () => {
    const { ann, bob } = await annAndBob();
    expect(ann.room("room1")).toMatchObject({ name: "Home", status: { kind: "joined" } });
    expect(ann.room("room1")?.members[0]).toMatchObject({ username: "Ann", isSelf: true, isOwner: true });
    expect(ann.members("room1")).toEqual(["Ann online", "Bob online"]);
    expect(bob.room("room1")).toMatchObject({ name: "Home", status: { kind: "joined" } });
  });

  it("tells the member who was there first to make the offer", async () => {
    const { ann, bob } = await annAndBob();
    expect(ann.payloads("peerSeen")).toEqual([
      { roomId: "room1", publicKey: bob.publicKey, connectionId: "c2", arrivedAfterUs: true },
    ]);
    expect(bob.payloads("peerSeen")).toEqual([]);
  });
});
