import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../electron/adapters/clock.ts";
import { secureRandom } from "../../electron/adapters/random.ts";
import { createDialer } from "../../electron/adapters/sockets/ws-client.ts";
import { type RunningServer, startServer } from "../../electron/server/server.ts";
import type { PublicKey, RoomId } from "../../shared/base/brand.ts";
import { silentLogger } from "../../shared/base/logger.ts";
import { generateKeyPair, type KeyPair, signerOf } from "../../shared/identity/keys.ts";
import type { SavedRoom } from "../../shared/room/saved.ts";
import { RoomSessions } from "../../shared/room/session.ts";
import type { RoomSnapshot } from "../../shared/room/snapshot.ts";
import { SignalingClient } from "../../shared/signaling/client.ts";
import { FakeRoomStore } from "../fakes/room-store.ts";

// The client's room sessions against our own server, over real sockets on loopback.

/** One machine, and a way to wait until its rooms look as they should. */
class Machine {
  readonly client: SignalingClient;
  readonly rooms: RoomSessions;
  readonly closed: string[] = [];
  readonly signals: string[] = [];
  readonly seen: string[] = [];
  readonly publicKey: PublicKey;
  #changed: () => void = () => {};

  constructor(url: string, pair: KeyPair = generateKeyPair(secureRandom), saved: readonly SavedRoom[] = []) {
    const common = { clock: systemClock, random: secureRandom, logger: silentLogger };
    this.publicKey = pair.publicKey;
    this.client = new SignalingClient({ url, dial: createDialer(), signer: signerOf(pair), ...common });
    this.rooms = new RoomSessions({ client: this.client, self: pair.publicKey, ...common });
    const { events } = this.rooms;
    events.on("closed", ({ roomId, reason }) => this.closed.push(`${roomId} ${reason}`));
    events.on("signal", ({ from, kind, content }) => this.signals.push(`${kind} ${content} ${from}`));
    events.on("peerSeen", ({ publicKey, arrivedAfterUs }) => this.seen.push(`${publicKey} ${arrivedAfterUs}`));
    for (const event of ["opened", "delta", "closed", "peerSeen", "peerGone", "signal"] as const) {
      events.on(event, () => this.#changed());
    }
    this.client.events.on("state", () => this.#changed());
    this.rooms.restore(saved);
    this.client.start();
  }

  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  room(roomId: RoomId): RoomSnapshot | undefined {
    return this.rooms.snapshot(roomId);
  }

  members(roomId: RoomId): string[] {
    return (this.room(roomId)?.members ?? []).map(({ username, presence }) => `${username} ${presence}`);
  }

  isJoined(roomId: RoomId): boolean {
    return this.room(roomId)?.status.kind === "joined";
  }

  stop(): void {
    this.rooms.dispose();
    this.client.stop();
  }
}

let store: FakeRoomStore;
let server: RunningServer;
let machines: Machine[];

beforeEach(async () => {
  store = new FakeRoomStore();
  server = await startServer({ host: "127.0.0.1", port: 0, store });
  machines = [];
});

afterEach(async () => {
  for (const machine of machines) machine.stop();
  await server.close();
});

const machine = (...more: [KeyPair?, SavedRoom[]?]) => {
  const made = new Machine(server.url, ...more);
  machines.push(made);
  return made;
};

async function annAndBob() {
  const ann = machine();
  const created = await ann.rooms.create({ name: "Home", pin: "1234", username: "Ann" });
  if (!created.ok) throw new Error(created.error.message);
  const { roomId } = created.value;
  const bob = machine();
  const joined = await bob.rooms.join({ roomId, pin: "1234", username: "Bob" });
  if (!joined.ok) throw new Error(joined.error.message);
  await ann.until(() => ann.members(roomId).length === 2);
  return { ann, bob, roomId };
}

describe("room sessions against our server", () => {
  it("create and join, and the one who was there is told to offer", async () => {
    const { ann, bob, roomId } = await annAndBob();
    expect(ann.members(roomId)).toEqual(["Ann online", "Bob online"]);
    expect(bob.room(roomId)).toMatchObject({ name: "Home", status: { kind: "joined" } });
    expect(ann.seen).toEqual([`${bob.publicKey} true`]);
  });

  it("carry signals both ways", async () => {
    const { ann, bob, roomId } = await annAndBob();
    expect(ann.rooms.sendSignal(roomId, bob.publicKey, "offer", "o")).toBe(true);
    ann.rooms.sendSignal(roomId, bob.publicKey, "candidate", "c");
    await bob.until(() => bob.signals.length === 2);
    expect(bob.signals).toEqual([`offer o ${ann.publicKey}`, `candidate c ${ann.publicKey}`]);
    expect(bob.seen).toEqual([`${ann.publicKey} false`]);
    bob.rooms.sendSignal(roomId, ann.publicKey, "answer", "a");
    await ann.until(() => ann.signals.length === 1);
    expect(ann.signals).toEqual([`answer a ${bob.publicKey}`]);
  });

  it("rename for everyone, and only as the owner", async () => {
    const { ann, bob, roomId } = await annAndBob();
    expect(await bob.rooms.rename(roomId, "Mine")).toMatchObject({ error: { code: "not_owner" } });
    expect(await ann.rooms.rename(roomId, "Den")).toEqual({ ok: true, value: "Den" });
    await bob.until(() => bob.room(roomId)?.name === "Den");
  });

  it("hand the room over, after which it is another's at the server, and outlives its maker's leaving", async () => {
    const { ann, bob, roomId } = await annAndBob();
    expect(await ann.rooms.handOver(roomId, bob.publicKey)).toEqual({ ok: true, value: undefined });
    expect(await ann.rooms.handOver(roomId, bob.publicKey)).toMatchObject({ error: { code: "not_owner" } });
    bob.rooms.setOwner(roomId, true);
    expect(await ann.rooms.rename(roomId, "Mine")).toMatchObject({ error: { code: "not_owner" } });
    expect(await bob.rooms.rename(roomId, "Bob's")).toEqual({ ok: true, value: "Bob's" });
    expect(store.rooms.get(roomId)?.owner).toBe(bob.publicKey);
    await ann.rooms.leave(roomId);
    expect(store.rooms.size).toBe(1);
    await bob.rooms.leave(roomId);
    expect(store.rooms.size).toBe(0);
  });

  it("kick, after which the member stays out", async () => {
    const { ann, bob, roomId } = await annAndBob();
    expect((await ann.rooms.kick(roomId, bob.publicKey)).ok).toBe(true);
    await bob.until(() => bob.closed.length > 0);
    expect(bob.closed).toEqual([`${roomId} kicked`]);
    expect(ann.members(roomId)).toEqual(["Ann online"]);
    expect(bob.rooms.saved).toEqual([]);
  });

  it("end with the owner's leaving, at the server too", async () => {
    const { ann, bob, roomId } = await annAndBob();
    expect(await ann.rooms.leave(roomId)).toEqual({ ok: true, value: { delivered: true } });
    await bob.until(() => bob.closed.length > 0);
    expect(bob.closed).toEqual([`${roomId} closed_by_owner`]);
    expect(store.rooms.size).toBe(0);
  });

  it("tell why a join is refused", async () => {
    const { roomId } = await annAndBob();
    const eve = machine();
    const join = (id: string, pin: string) => eve.rooms.join({ roomId: id, pin, username: "Eve" });
    expect(await join(roomId, "4321")).toMatchObject({ error: { code: "wrong_pin" } });
    expect(await join("0000000000000000", "1234")).toMatchObject({ error: { code: "room_missing" } });
  });

  it("tell which room a key owns already", async () => {
    const { ann, roomId } = await annAndBob();
    const again = await ann.rooms.create({ name: "Second", pin: "1234", username: "Ann" });
    expect(again).toMatchObject({ error: { code: "already_created", roomId } });
  });

  it("come back by themselves after the server was restarted, with everyone in them", async () => {
    const { ann, bob, roomId } = await annAndBob();
    const { port } = server;
    await server.close();
    // Until it has noticed the loss itself, each still takes itself to be in the room.
    await Promise.all([ann, bob].map((each) => each.until(() => !each.isJoined(roomId))));
    // Whether she still heard of Bob's loss is a matter of milliseconds; that he stays listed is not.
    expect(ann.members(roomId)).toHaveLength(2);
    server = await startServer({ host: "127.0.0.1", port, store });
    await Promise.all([ann, bob].map((each) => each.until(() => each.isJoined(roomId))));
    expect(ann.rooms.sendSignal(roomId, bob.publicKey, "offer", "again")).toBe(true);
    expect(bob.rooms.sendSignal(roomId, ann.publicKey, "offer", "again")).toBe(true);
    // Whoever came back later heard nothing of the other's joining, and is reached all the same.
    await Promise.all([ann, bob].map((each) => each.until(() => each.signals.length > 0)));
    expect(ann.closed).toEqual([]);
  });

  it("come back after a restart of the machine from what was saved", async () => {
    const pair = generateKeyPair(secureRandom);
    const first = machine(pair);
    const created = await first.rooms.create({ name: "Home", pin: "1234", username: "Ann" });
    if (!created.ok) throw new Error(created.error.message);
    const { roomId } = created.value;
    const saved = [...first.rooms.saved];
    first.stop();
    const second = machine(pair, saved);
    await second.until(() => second.isJoined(roomId));
    expect(await second.rooms.rename(roomId, "Still mine")).toEqual({ ok: true, value: "Still mine" });
  });

  it("deliver a leave that happened offline, even the owner's", async () => {
    const { ann, bob, roomId } = await annAndBob();
    const { port } = server;
    await server.close();
    await ann.until(() => ann.client.state.kind === "waiting");
    expect(await ann.rooms.leave(roomId)).toEqual({ ok: true, value: { delivered: false } });
    server = await startServer({ host: "127.0.0.1", port, store });
    await bob.until(() => bob.closed.length > 0);
    expect(store.rooms.size).toBe(0);
    expect(ann.rooms.snapshots).toEqual([]);
  });

  it("of a member that vanished leave it listed, for its tunnel may live", async () => {
    const { ann, bob, roomId } = await annAndBob();
    bob.stop();
    await ann.until(() => ann.members(roomId)[1] === "Bob signaling_lost");
  });

  it("hold a fourth join within a minute back rather than meet the rate limit", async () => {
    const owners = Array.from({ length: 3 }, () => machine());
    const ids: RoomId[] = [];
    for (const owner of owners) {
      const created = await owner.rooms.create({ name: "Home", pin: "1234", username: "Owner" });
      if (created.ok) ids.push(created.value.roomId);
    }
    const bob = machine();
    for (const roomId of ids) expect((await bob.rooms.join({ roomId, pin: "1234", username: "Bob" })).ok).toBe(true);
    const extra = machine();
    const fourth = await extra.rooms.create({ name: "Fourth", pin: "1234", username: "Owner" });
    if (!fourth.ok) throw new Error(fourth.error.message);
    void bob.rooms.join({ roomId: fourth.value.roomId, pin: "1234", username: "Bob" });
    const { status } = bob.room(fourth.value.roomId) as RoomSnapshot;
    expect(status).toMatchObject({ kind: "entering", queuedUntil: expect.any(Number) });
  });
});
