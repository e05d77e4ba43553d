import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RoomId } from "../../../shared/base/brand.ts";
import { sentence } from "../../../shared/protocols/govpn/sentences.ts";
import type { SavedRoom } from "../../../shared/room/saved.ts";
import { FakeClock, settle } from "../../fakes/clock.ts";
import { FakeSignalingServer } from "../../fakes/signaling-server.ts";
import { Machine } from "./harness.ts";

let clock: FakeClock;
let server: FakeSignalingServer;
let machines: Machine[];

const machine = (seed: number, saved?: readonly SavedRoom[]) => {
  const made = new Machine(seed, server, clock, saved);
  machines.push(made);
  return made;
};
const room1 = "room1" as RoomId;
const home = { name: "Home", pin: "1234", username: "Ann" };
const asBob = { roomId: "room1", pin: "1234", username: "Bob" };

beforeEach(() => {
  clock = new FakeClock();
  server = new FakeSignalingServer();
  machines = [];
});

afterEach(async () => {
  for (const each of machines) {
    // Whatever happened: a screen that lives on deltas shows what there is.
    for (const snapshot of each.rooms.snapshots) expect(each.replayed.get(snapshot.roomId)).toEqual(snapshot);
    each.stop();
  }
  await settle();
  expect(clock.pending).toBe(0);
});

/** Ann owns room1, Bob is in it. */
async function annAndBob() {
  const ann = machine(1);
  expect((await ann.rooms.create(home)).ok).toBe(true);
  const bob = machine(2);
  expect((await bob.rooms.join(asBob)).ok).toBe(true);
  await settle();
  return { ann, bob };
}

describe("creating and joining", () => {
  it("puts the creator in the room as its owner, and the newcomer beside it", async () => {
    const { ann, bob } = await annAndBob();
    expect(ann.room("room1")).toMatchObject({ name: "Home", status: { kind: "joined" } });
    expect(ann.room("room1")?.members[0]).toMatchObject({ username: "Ann", isSelf: true, isOwner: true });
    expect(ann.members("room1")).toEqual(["Ann online", "Bob online"]);
    expect(bob.room("room1")).toMatchObject({ name: "Home", status: { kind: "joined" } });
    expect(bob.members("room1")).toEqual(["Bob online"]);
  });

  it("tells the member who was there first to make the offer", async () => {
    const { ann, bob } = await annAndBob();
    expect(ann.payloads("peerSeen")).toEqual([
      { roomId: "room1", publicKey: bob.publicKey, connectionId: "c2", arrivedAfterUs: true },
    ]);
    expect(bob.payloads("peerSeen")).toEqual([]);
  });

  it("keeps what is needed to come back, and only once inside", async () => {
    const { ann, bob } = await annAndBob();
    expect(ann.payloads("saved").at(-1)).toEqual([
      { roomId: "room1", name: "Home", pin: "1234", owner: true, username: "Ann" },
    ]);
    expect(bob.payloads("saved")).toEqual([
      [{ roomId: "room1", name: "Home", pin: "1234", owner: false, username: "Bob" }],
    ]);
  });

  it.each([
    [{ ...asBob, pin: "9999" }, "wrong_pin", "refused"],
    [{ ...asBob, roomId: "nowhere" }, "room_missing", "deleted"],
  ])("ends with the server's reason when it is refused: %j", async (wanted, code, reason) => {
    const ann = machine(1);
    await ann.rooms.create(home);
    const bob = machine(2);
    const joined = await bob.rooms.join(wanted);
    expect(joined.ok ? undefined : joined.error.code).toBe(code);
    expect(bob.payloads("closed")).toMatchObject([{ roomId: wanted.roomId, reason }]);
    expect(bob.rooms.snapshots).toEqual([]);
    expect(bob.rooms.saved).toEqual([]);
  });

  it("does not bother the server with what cannot be right", async () => {
    const ann = machine(1);
    const failed = async (result: Promise<{ ok: boolean; error?: { code: string } }>) => (await result).error?.code;
    expect(await failed(ann.rooms.join({ ...asBob, roomId: "a b" }))).toBe("invalid_room_id");
    expect(await failed(ann.rooms.join({ ...asBob, pin: "12345" }))).toBe("invalid_pin");
    expect(await failed(ann.rooms.create({ ...home, name: " \u202e " }))).toBe("invalid_room_name");
    expect(await failed(ann.rooms.create({ ...home, pin: "abcd" }))).toBe("invalid_pin");
    expect(await failed(ann.rooms.leave(room1) as never)).toBe("unknown_room");
    expect(server.received).toEqual([]);
  });

  it("says which room a key already owns", async () => {
    const ann = machine(1);
    await ann.rooms.create(home);
    const again = await ann.rooms.create({ ...home, name: "Other" });
    expect(again).toMatchObject({ ok: false, error: { code: "already_created", roomId: "room1" } });
  });

  it("joins a room it is in already without asking again", async () => {
    const { bob } = await annAndBob();
    expect(await bob.rooms.join(asBob)).toMatchObject({ ok: true, value: { roomId: "room1" } });
    expect(server.ofType("JoinRoom")).toHaveLength(1);
  });

  it("finds its room again when the reply to its creation is lost", async () => {
    const ann = machine(1);
    server.intercept = (message) => {
      if (message.type !== "CreateRoom" || server.rooms.size > 0) return false;
      server.rooms.set("r7", { id: "r7", name: "Home", pin: "1234", owner: message.public_key, members: new Map() });
      server.dropAll();
      return true;
    };
    const created = ann.rooms.create(home);
    await clock.advance(5_000);
    expect(await created).toMatchObject({ ok: true, value: { roomId: "r7", status: { kind: "joined" } } });
    expect(server.received.map(({ type }) => type)).toEqual(["CreateRoom", "CreateRoom", "JoinRoom"]);
    expect(ann.rooms.saved).toMatchObject([{ roomId: "r7", owner: true }]);
  });

  it("tells until when a room waits to be made that is one more than the server allows in a minute", async () => {
    const ann = machine(1);
    await clock.advance(0);
    for (const roomId of ["a", "b", "c"]) void ann.rooms.join({ roomId, pin: "1234", username: "" });
    await clock.advance(2_000);
    const creating = ann.rooms.create({ name: "Den", pin: "1234", username: "Ann" });
    await clock.advance(0);
    const until = clock.wallTime() - clock.now() + 62_000;
    expect(ann.rooms.creationQueuedUntil).toBe(until);
    await clock.advance(60_000);
    expect(await creating).toMatchObject({ ok: true });
    expect(ann.rooms.creationQueuedUntil).toBeUndefined();
    expect(ann.payloads("creationQueued")).toEqual([{ until }, { until: undefined }]);
  });

  it("waits for the connection, within its deadline", async () => {
    server.reachable = false;
    const ann = machine(1);
    const created = ann.rooms.create(home);
    await clock.advance(30_000);
    server.reachable = true;
    await clock.advance(29_000);
    expect((await created).ok).toBe(true);

    server.reachable = false;
    server.dropAll();
    const joined = ann.rooms.join({ ...asBob, roomId: "else" });
    await clock.advance(60_000);
    expect(await joined).toMatchObject({ ok: false, error: { code: "timeout" } });
  });
});

describe("the owner", () => {
  it("renames the room for everyone", async () => {
    const { ann, bob } = await annAndBob();
    expect(await ann.rooms.rename(room1, "  Den ")).toEqual({ ok: true, value: "Den" });
    await settle();
    expect([ann.room("room1")?.name, bob.room("room1")?.name]).toEqual(["Den", "Den"]);
    expect(bob.rooms.saved).toMatchObject([{ name: "Den" }]);
  });

  it("is the only one who can rename and kick", async () => {
    const { ann, bob } = await annAndBob();
    expect(await bob.rooms.rename(room1, "Mine")).toMatchObject({ error: { code: "not_owner" } });
    bob.rooms.sendSignal(room1, ann.publicKey, "offer", "o");
    ann.rooms.sendSignal(room1, bob.publicKey, "offer", "o");
    await settle();
    expect(await bob.rooms.kick(room1, ann.publicKey)).toMatchObject({ error: { code: "not_owner" } });
  });

  it("kicks a member, which ends it there for good", async () => {
    const { ann, bob } = await annAndBob();
    expect((await ann.rooms.kick(room1, bob.publicKey)).ok).toBe(true);
    await settle();
    expect(server.ofType("Kick")).toMatchObject([{ target_id: "c2" }]);
    expect(ann.members("room1")).toEqual(["Ann online"]);
    expect(ann.payloads("peerGone")).toEqual([{ roomId: "room1", publicKey: bob.publicKey, reason: "kicked" }]);
    expect(bob.payloads("closed")).toMatchObject([{ roomId: "room1", reason: "kicked" }]);
    expect(bob.rooms.saved).toEqual([]);
    server.dropAll();
    await clock.advance(60_000);
    expect(server.ofType("JoinRoom").filter(({ public_key }) => public_key === bob.publicKey)).toHaveLength(1);
  });

  it("kicks by key where the server tells no connection ids", async () => {
    server.tellsConnectionIds = false;
    const { ann, bob } = await annAndBob();
    expect((await ann.rooms.kick(room1, bob.publicKey)).ok).toBe(true);
    expect(server.ofType("Kick")).toMatchObject([{ target_id: bob.publicKey }]);
  });

  it("cannot kick itself or a stranger", async () => {
    const { ann } = await annAndBob();
    expect(await ann.rooms.kick(room1, ann.publicKey)).toMatchObject({ error: { code: "kick_self" } });
    expect(await ann.rooms.kick(room1, machine(9).publicKey)).toMatchObject({ error: { code: "unknown_member" } });
  });

  it("deletes the room by leaving, which the others are told as such", async () => {
    const { ann, bob } = await annAndBob();
    expect(await ann.rooms.leave(room1)).toEqual({ ok: true, value: { delivered: true } });
    await settle();
    expect(server.rooms.size).toBe(0);
    expect(ann.payloads("closed")).toMatchObject([{ reason: "left" }]);
    expect(bob.payloads("closed")).toMatchObject([{ reason: "closed_by_owner", message: sentence.ownerLeft }]);
    expect([...ann.rooms.saved, ...bob.rooms.saved]).toEqual([]);
  });

  it("enters again and renames when the server has forgotten it on a living connection", async () => {
    const { ann } = await annAndBob();
    server.rooms.get("room1")?.members.delete(ann.publicKey);
    expect(await ann.rooms.rename(room1, "Den")).toEqual({ ok: true, value: "Den" });
    expect(ann.status("room1")).toBe("joined");
  });

  it("renames once it is back when the connection is lost over it", async () => {
    const { ann } = await annAndBob();
    let lost = false;
    server.intercept = (message) => {
      if (message.type !== "Rename" || lost) return false;
      lost = true;
      server.dropAll();
      return true;
    };
    const renamed = ann.rooms.rename(room1, "Den");
    await clock.advance(10_000);
    expect(await renamed).toEqual({ ok: true, value: "Den" });
    expect(server.received.filter(({ public_key }) => public_key === ann.publicKey).map(({ type }) => type)).toEqual([
      "CreateRoom",
      "Rename",
      "JoinRoom",
      "Rename",
    ]);
  });
});

describe("handing a room over", () => {
  it("makes a member the owner at the server, and this machine a member", async () => {
    const { ann, bob } = await annAndBob();
    expect(await ann.rooms.handOver(room1, bob.publicKey)).toEqual({ ok: true, value: undefined });
    expect(server.rooms.get("room1")?.owner).toBe(bob.publicKey);
    expect(ann.payloads("saved").at(-1)).toMatchObject([{ owner: false }]);
    expect(ann.room("room1")?.members[0]).toMatchObject({ isSelf: true, isOwner: false });
    await ann.rooms.leave(room1);
    expect(server.rooms.size).toBe(1);
  });

  it("is told to the new owner by the room's members, not by the server", async () => {
    const { ann, bob } = await annAndBob();
    await ann.rooms.handOver(room1, bob.publicKey);
    await settle();
    expect(bob.rooms.saved).toMatchObject([{ owner: false }]);
    bob.rooms.setOwner(room1, true);
    expect(bob.payloads("saved").at(-1)).toMatchObject([{ owner: true }]);
    expect(bob.room("room1")?.members[0]).toMatchObject({ isSelf: true, isOwner: true });
    expect(bob.replayed.get(room1)).toEqual(bob.room("room1"));
    expect(await bob.rooms.rename(room1, "Bob's")).toEqual({ ok: true, value: "Bob's" });
  });

  it("fails where the server knows no such message, and changes nothing", async () => {
    server.knowsHandOver = false;
    const { ann, bob } = await annAndBob();
    expect(await ann.rooms.handOver(room1, bob.publicKey)).toMatchObject({ error: { code: "not_supported" } });
    expect(ann.rooms.saved).toMatchObject([{ owner: true }]);
  });

  it("is for owners, to members that own no room", async () => {
    const { ann, bob } = await annAndBob();
    expect(await ann.rooms.handOver(room1, ann.publicKey)).toMatchObject({ error: { code: "hand_over_self" } });
    expect(await ann.rooms.handOver(room1, machine(9).publicKey)).toMatchObject({ error: { code: "unknown_member" } });
    bob.rooms.sendSignal(room1, ann.publicKey, "offer", "o");
    ann.rooms.sendSignal(room1, bob.publicKey, "offer", "o");
    await settle();
    expect(await bob.rooms.handOver(room1, ann.publicKey)).toMatchObject({ error: { code: "not_owner" } });
    await bob.rooms.create({ ...home, name: "Bob's own" });
    expect(await ann.rooms.handOver(room1, bob.publicKey)).toMatchObject({ error: { code: "peer_owns_room" } });
  });

  it("is done when the connection is lost over the answer", async () => {
    const { ann, bob } = await annAndBob();
    let lost = false;
    server.intercept = (message) => {
      if (message.type !== "HandOver" || lost) return false;
      lost = true;
      const room = server.rooms.get("room1");
      if (room) room.owner = bob.publicKey;
      server.dropAll();
      return true;
    };
    const handedOver = ann.rooms.handOver(room1, bob.publicKey);
    await clock.advance(10_000);
    expect(await handedOver).toEqual({ ok: true, value: undefined });
    expect(ann.rooms.saved).toMatchObject([{ owner: false }]);
  });
});

describe("leaving", () => {
  it("quietly tells the server nothing, so that it does not delete a room that has another owner", async () => {
    const { ann, bob } = await annAndBob();
    expect(await ann.rooms.leave(room1, { quietly: true })).toEqual({ ok: true, value: { delivered: false } });
    expect([ann.rooms.snapshots, ann.rooms.saved]).toEqual([[], []]);
    server.dropAll();
    await clock.advance(60_000);
    expect(server.ofType("LeaveRoom")).toEqual([]);
    expect(server.rooms.size).toBe(1);
    expect(bob.status("room1")).toBe("joined");
  });

  it("tells the others that it is final", async () => {
    const { ann, bob } = await annAndBob();
    await bob.rooms.leave(room1);
    await settle();
    expect(ann.payloads("peerGone")).toEqual([{ roomId: "room1", publicKey: bob.publicKey, reason: "left" }]);
  });

  it("happens at once while offline, and reaches the server later", async () => {
    const { ann } = await annAndBob();
    server.reachable = false;
    server.dropAll();
    await settle();
    expect(await ann.rooms.leave(room1)).toEqual({ ok: true, value: { delivered: false } });
    expect(ann.rooms.snapshots).toEqual([]);
    expect(ann.payloads("saved").at(-1)).toMatchObject([{ roomId: "room1", leaving: true }]);
    server.reachable = true;
    await clock.advance(60_000);
    // This server wants the owner inside for that.
    expect(server.rooms.size).toBe(0);
    expect(ann.payloads("saved").at(-1)).toEqual([]);
    expect(ann.payloads("opened")).toHaveLength(1);
  });

  it("reaches the server even after a restart", async () => {
    const { ann } = await annAndBob();
    server.reachable = false;
    server.dropAll();
    await settle();
    await ann.rooms.leave(room1);
    const { saved } = ann.rooms;
    ann.stop();
    server.reachable = true;
    const restarted = machine(1, saved);
    await clock.advance(10_000);
    expect(server.rooms.size).toBe(0);
    expect(restarted.rooms.saved).toEqual([]);
    expect(restarted.payloads("opened")).toEqual([]);
  });

  it("is called off by joining again", async () => {
    const { bob } = await annAndBob();
    server.reachable = false;
    server.dropAll();
    await settle();
    await bob.rooms.leave(room1);
    const joined = bob.rooms.join(asBob);
    server.reachable = true;
    await clock.advance(30_000);
    expect((await joined).ok).toBe(true);
    expect(server.ofType("LeaveRoom")).toEqual([]);
    expect(bob.rooms.saved).toEqual([{ roomId: "room1", name: "Home", pin: "1234", owner: false, username: "Bob" }]);
  });

  it("is called off by joining again while the owner waits for its turn to enter and delete the room", async () => {
    const { ann } = await annAndBob();
    // With the room's own creation, all that the rate limit allows in a minute.
    for (const name of ["Second", "Third"]) await ann.rooms.create({ ...home, name });
    server.drop(ann.publicKey);
    await clock.advance(5_000);
    const left = ann.rooms.leave(room1);
    await settle();
    // This server wants the owner inside to delete the room, and its join has to wait.
    expect(server.ofType("LeaveRoom")).toHaveLength(1);
    expect(server.ofType("JoinRoom").filter(({ public_key }) => public_key === ann.publicKey)).toEqual([]);
    const joined = ann.rooms.join({ ...asBob, username: "Ann" });
    expect(await left).toEqual({ ok: true, value: { delivered: false } });
    await clock.advance(5 * 60_000);
    expect((await joined).ok).toBe(true);
    expect(server.rooms.get(room1)?.members.has(ann.publicKey)).toBe(true);
    expect(server.ofType("LeaveRoom")).toHaveLength(1);
    expect(server.ofType("JoinRoom").filter(({ public_key }) => public_key === ann.publicKey)).toHaveLength(1);
  });

  it("calls off a join that is still under way", async () => {
    server.reachable = false;
    const bob = machine(2);
    const joined = bob.rooms.join(asBob);
    await bob.rooms.leave(room1);
    expect(await joined).toMatchObject({ error: { code: "aborted" } });
    server.reachable = true;
    await clock.advance(10_000);
    expect(server.ofType("JoinRoom")).toEqual([]);
    expect(bob.rooms.saved).toEqual([]);
  });
});

describe("a lost connection", () => {
  it("keeps every member, and joins again by itself", async () => {
    const { ann, bob } = await annAndBob();
    server.reachable = false;
    server.dropAll();
    await settle();
    expect(ann.status("room1")).toBe("reconnecting");
    expect(ann.members("room1")).toEqual(["Ann signaling_lost", "Bob online"]);
    expect(ann.payloads("peerGone")).toEqual([]);
    server.reachable = true;
    await clock.advance(10_000);
    expect([ann.status("room1"), bob.status("room1")]).toEqual(["joined", "joined"]);
    expect(ann.members("room1")).toEqual(["Ann online", "Bob online"]);
  });

  it("leaves members reachable who came back first, on connections we were never told of", async () => {
    const { ann, bob } = await annAndBob();
    server.drop(ann.publicKey);
    server.drop(bob.publicKey);
    await settle();
    bob.client.retryNow();
    await settle();
    ann.client.retryNow();
    await settle();
    expect(ann.status("room1")).toBe("joined");
    ann.rooms.sendSignal(room1, bob.publicKey, "offer", "again");
    await settle();
    expect(bob.payloads("signal")).toMatchObject([{ content: "again" }]);
  });

  it("of another member leaves that member listed until the mesh gives it up", async () => {
    const { ann, bob } = await annAndBob();
    bob.client.stop();
    await settle();
    expect(ann.members("room1")).toEqual(["Ann online", "Bob signaling_lost"]);
    expect(ann.payloads("peerAbsent")).toEqual([{ roomId: "room1", publicKey: bob.publicKey }]);
    ann.rooms.memberGone(room1, bob.publicKey);
    expect(ann.members("room1")).toEqual(["Ann online"]);
    expect(ann.payloads("peerGone")).toEqual([]);
  });

  it("of another member that comes back is announced again, with its new connection id", async () => {
    const { ann, bob } = await annAndBob();
    server.drop(bob.publicKey);
    await clock.advance(5_000);
    expect(ann.members("room1")).toEqual(["Ann online", "Bob online"]);
    expect(ann.payloads("peerSeen").map(({ connectionId }) => connectionId)).toEqual(["c2", "c3"]);
  });

  it("after which the server no longer knows the room ends the room", async () => {
    const { bob } = await annAndBob();
    server.rooms.clear();
    server.dropAll();
    await clock.advance(30_000);
    expect(bob.payloads("closed")).toMatchObject([{ reason: "deleted" }]);
    expect(bob.rooms.saved).toEqual([]);
    expect(server.ofType("JoinRoom").filter(({ public_key }) => public_key === bob.publicKey)).toHaveLength(2);
  });

  it("after which the PIN is refused ends the room", async () => {
    const { bob } = await annAndBob();
    server.intercept = ({ type }, reply) => {
      if (type === "JoinRoom") reply({ type: "Error", data: sentence.wrongPin });
      return type === "JoinRoom";
    };
    server.dropAll();
    await clock.advance(30_000);
    expect(bob.payloads("closed")).toMatchObject([{ reason: "refused" }]);
  });

  it.each([sentence.roomFull, sentence.rateLimited, sentence.internal])(
    "after which the server says %j is tried again, ever more slowly",
    async (data) => {
      const { bob } = await annAndBob();
      const at: number[] = [];
      server.intercept = ({ type, public_key }, reply) => {
        if (type !== "JoinRoom" || public_key !== bob.publicKey) return false;
        at.push(clock.now());
        reply({ type: "Error", data });
        return true;
      };
      server.dropAll();
      await clock.advance(10 * 60_000);
      expect(at.length).toBeGreaterThan(4);
      expect(at.length).toBeLessThan(12);
      expect(bob.status("room1")).toBe("reconnecting");
      server.intercept = () => false;
      await clock.advance(3 * 60_000);
      expect(bob.status("room1")).toBe("joined");
    },
  );
});

describe("a restart", () => {
  it("brings back every room, at the pace of the rate limit and in the order saved", async () => {
    const ids = ["r1", "r2", "r3", "r4", "r5"];
    const { publicKey } = machine(8);
    for (const id of ids) server.rooms.set(id, { id, name: id, pin: "1234", owner: publicKey, members: new Map() });
    const saved = ids.map((id) => ({ roomId: id as RoomId, name: id, pin: "1234", owner: false, username: "Bob" }));
    const bob = machine(2, saved);
    await clock.advance(30_000);
    expect(ids.map((id) => bob.status(id))).toEqual(["joined", "joined", "joined", "entering", "entering"]);
    expect(bob.room("r4")?.status).toMatchObject({ queuedUntil: clock.wallTime() - clock.now() + 62_000 });
    await clock.advance(40_000);
    expect(ids.map((id) => bob.status(id))).toEqual(["joined", "joined", "joined", "joined", "joined"]);
    expect(server.ofType("JoinRoom").map(({ room_id }) => room_id)).toEqual(ids);
  });

  it("lets the user's own join go before the rooms that are still to be rejoined", async () => {
    const ids = ["r1", "r2", "r3", "r4", "r5", "room1"];
    const { publicKey } = machine(8);
    for (const id of ids) server.rooms.set(id, { id, name: id, pin: "1234", owner: publicKey, members: new Map() });
    const saved = ids.slice(0, 5).map((id) => ({ ...asBob, roomId: id as RoomId, name: id, owner: false }));
    const bob = machine(2, saved);
    await settle();
    const joined = bob.rooms.join(asBob);
    // Its own minute's deadline does not end it while the limiter holds it back.
    await clock.advance(70_000);
    expect((await joined).ok).toBe(true);
    expect(server.ofType("JoinRoom").map(({ room_id }) => room_id)).toEqual(["r1", "r2", "r3", "room1", "r4", "r5"]);
  });
});

describe("signals", () => {
  it("travel to the member's connection, in order, and come out with the sender's key", async () => {
    const { ann, bob } = await annAndBob();
    expect(ann.rooms.sendSignal(room1, bob.publicKey, "offer", "o1")).toBe(true);
    for (const i of [1, 2, 3]) ann.rooms.sendSignal(room1, bob.publicKey, "candidate", `c${i}`);
    await settle();
    expect(server.ofType("Offer")).toMatchObject([{ destination_id: "c2" }]);
    expect(bob.payloads("signal").map(({ from, kind, content }) => [from, kind, content])).toEqual([
      [ann.publicKey, "offer", "o1"],
      [ann.publicKey, "candidate", "c1"],
      [ann.publicKey, "candidate", "c2"],
      [ann.publicKey, "candidate", "c3"],
    ]);
    // Nobody had told Bob of Ann: her offer did, and now he can answer.
    expect(bob.payloads("peerSeen")).toMatchObject([{ publicKey: ann.publicKey, arrivedAfterUs: false }]);
    bob.rooms.sendSignal(room1, ann.publicKey, "answer", "a1");
    await settle();
    expect(ann.payloads("signal")).toMatchObject([{ from: bob.publicKey, kind: "answer", content: "a1" }]);
  });

  it("go by key where the server tells no connection ids", async () => {
    server.tellsConnectionIds = false;
    const { ann, bob } = await annAndBob();
    ann.rooms.sendSignal(room1, bob.publicKey, "offer", "o");
    await settle();
    expect(server.ofType("Offer")).toMatchObject([{ destination_id: bob.publicKey }]);
    expect(bob.payloads("signal")).toHaveLength(1);
  });

  it("are refused while the room is not joined, or too large", async () => {
    const { ann, bob } = await annAndBob();
    expect(ann.rooms.sendSignal(room1, bob.publicKey, "offer", "x".repeat(49 * 1024))).toBe(false);
    expect(ann.rooms.sendSignal("other" as RoomId, bob.publicKey, "offer", "o")).toBe(false);
    server.reachable = false;
    server.dropAll();
    await settle();
    expect(ann.rooms.sendSignal(room1, bob.publicKey, "offer", "o")).toBe(false);
  });

  it("without a room are given to the only room there is", async () => {
    const { ann, bob } = await annAndBob();
    server.say({ type: "Offer", public_key: ann.publicKey, offer: "o" });
    await settle();
    expect(bob.payloads("signal")).toMatchObject([{ roomId: "room1", from: ann.publicKey }]);
  });
});

describe("usernames", () => {
  it("are changed in every room at once, and remembered", async () => {
    const { ann } = await annAndBob();
    ann.rooms.setUsername(" Anna\u0000 ");
    expect(ann.members("room1")[0]).toBe("Anna online");
    expect(ann.rooms.saved).toMatchObject([{ username: "Anna" }]);
  });

  it("come from the member itself once there is a tunnel", async () => {
    const { ann, bob } = await annAndBob();
    ann.rooms.sendSignal(room1, bob.publicKey, "offer", "o");
    await settle();
    expect(bob.members("room1")[1]).toMatch(/^Member [0-9a-f]{6} online$/);
    bob.rooms.hello(room1, ann.publicKey, "Ann");
    expect(bob.members("room1")[1]).toBe("Ann online");
  });
});

describe("a hostile server", () => {
  it("changes nothing with garbage, unknown types, giants, or rooms we are not in", async () => {
    const { ann, bob } = await annAndBob();
    const before = ann.room("room1");
    for (const frame of [
      "{",
      "[]",
      "null",
      '{"type":"Surprise"}',
      '{"type":7}',
      JSON.stringify({ type: "RoomRenamed", room_id: "room1", room_name: "x".repeat(100_000) }),
      JSON.stringify({ type: "PeerJoined", room_id: "room1", public_key: "short" }),
      JSON.stringify({ type: "RoomRenamed", room_id: "../etc", room_name: "x" }),
      JSON.stringify({ type: "PeerJoined", room_id: "other", public_key: bob.publicKey }),
      JSON.stringify({ type: "Kicked", room_id: "other" }),
      JSON.stringify({ type: "RoomCreated", room_id: "other", room_name: "x" }),
      JSON.stringify({ type: "RoomJoined", room_id: "other" }),
      JSON.stringify({ type: "Offer", room_id: "other", public_key: bob.publicKey, offer: "o" }),
      JSON.stringify({ type: "Error", data: "go away" }),
      JSON.stringify({ type: "PeerLeft", room_id: "room1", public_key: ann.publicKey, reason: "kicked" }),
      JSON.stringify({ type: "Offer", room_id: "room1", public_key: ann.publicKey, offer: "from yourself" }),
    ]) {
      server.say(frame);
    }
    await settle();
    expect(ann.room("room1")).toEqual(before);
    expect(ann.payloads("signal")).toEqual([]);
    expect(ann.rooms.snapshots).toHaveLength(1);
  });

  it("cannot make us list more members than a room can have, nor show what would deceive", async () => {
    const { ann } = await annAndBob();
    for (let i = 0; i < 300; i++) {
      const public_key = Buffer.from(Uint8Array.from({ length: 32 }, (_, at) => (at < 2 ? i >> (8 * at) : 7)));
      server.say({
        type: "PeerJoined",
        room_id: "room1",
        public_key: public_key.toString("base64"),
        username: "\u202eeve",
      });
    }
    await settle();
    expect(ann.room("room1")?.members).toHaveLength(256);
    expect(ann.room("room1")?.members.at(-1)?.username).toBe("eve");
    expect(ann.payloads("peerSeen").length).toBe(255);
  });

  it("cannot flood the mesh", async () => {
    const { ann, bob } = await annAndBob();
    for (let i = 0; i < 5000; i++) {
      server.say({ type: "Candidate", room_id: "room1", public_key: bob.publicKey, candidate: "c" });
    }
    await settle();
    expect(ann.payloads("signal").length).toBeLessThanOrEqual(4096);
    await clock.advance(10_000);
    server.say({ type: "Candidate", room_id: "room1", public_key: bob.publicKey, candidate: "last" });
    await settle();
    expect(ann.payloads("signal").at(-1)?.content).toBe("last");
  });

  it("is left, for a while, when it stops making sense", async () => {
    const { ann } = await annAndBob();
    for (let i = 0; i < 100; i++) server.say("nonsense");
    await settle();
    expect(ann.client.state).toMatchObject({ kind: "waiting", reason: expect.stringContaining("protocol") });
    await clock.advance(5_000);
    expect(ann.status("room1")).toBe("joined");
  });

  it("never sees a PIN or a signature in our log", async () => {
    const { ann, bob } = await annAndBob();
    server.dropAll();
    await clock.advance(10_000);
    const written = JSON.stringify([...ann.log, ...bob.log]);
    expect(written.length).toBeGreaterThan(10);
    expect(written).not.toContain("1234");
    for (const { signature } of server.received) expect(written).not.toContain(signature);
  });
});
