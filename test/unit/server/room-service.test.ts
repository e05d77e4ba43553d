import { beforeEach, describe, expect, it } from "vitest";
import { defaultLimits, type ServerLimits } from "../../../electron/server/limits.ts";
import { ServerMetrics } from "../../../electron/server/metrics.ts";
import type { Outcome } from "../../../electron/server/outcome.ts";
import { RoomService } from "../../../electron/server/room-service.ts";
import type { ClientAddress } from "../../../electron/server/rooms.ts";
import type { PublicKey } from "../../../shared/base/brand.ts";
import { silentLogger } from "../../../shared/base/logger.ts";
import type { ClientMessage } from "../../../shared/protocols/govpn/messages.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { FakePeer, fakeKey } from "../../fakes/peer.ts";
import { FakeRoomStore } from "../../fakes/room-store.ts";

const DAY = 24 * 60 * 60_000;
const OWNER = fakeKey(1);
const ANN = fakeKey(2);
const BOB = fakeKey(3);

let clock: FakeClock;
let store: FakeRoomStore;
let service: RoomService;
let owner: FakePeer;
let ann: FakePeer;
let bob: FakePeer;
let roomId: string;

function start(limits: Partial<ServerLimits> = {}): RoomService {
  let seed = 0;
  const random = (length: number) => new Uint8Array(length).fill(++seed);
  const options = { store, clock, random, logger: silentLogger, metrics: new ServerMetrics(false) };
  return new RoomService({ ...options, limits: { ...defaultLimits, rateLimitPerMinute: 0, ...limits } });
}

type Fields = { readonly type: ClientMessage["type"]; readonly [field: string]: unknown };

/** Waits for hashing on the thread pool, which no clock rules; whoever expects a delay by the clock asks `service` itself. */
async function ask(peer: FakePeer, key: PublicKey, fields: Fields): Promise<Outcome> {
  return await service.handle(peer, { public_key: key, signature: "", ...fields } as unknown as ClientMessage);
}

const join = (peer: FakePeer, key: PublicKey, fields: object = {}) =>
  ask(peer, key, { type: "JoinRoom", room_id: roomId, password: "1234", ...fields });
const create = (peer: FakePeer, key: PublicKey) =>
  ask(peer, key, { type: "CreateRoom", room_name: "Room", password: "1234" });
const idOf = (outcome: Outcome) =>
  outcome && "reply" in outcome ? (outcome.reply as { room_id: string }).room_id : "";
const refused = (code: string) => ({ refusal: expect.objectContaining({ code }) });
const joined = { reply: expect.objectContaining({ type: "RoomJoined" }) };

beforeEach(async () => {
  clock = new FakeClock();
  store = new FakeRoomStore();
  service = start();
  owner = new FakePeer("c-owner");
  ann = new FakePeer("c-ann");
  bob = new FakePeer("c-bob");
  roomId = idOf(await create(owner, OWNER));
  await join(ann, ANN);
  await join(bob, BOB);
  for (const peer of [owner, ann, bob]) peer.take();
});

describe("a member whose socket drops", () => {
  it("is missed by the others, who learn that it may come back", () => {
    service.disconnected(ann);
    const left = { type: "PeerLeft", room_id: roomId, public_key: ANN, connection_id: "c-ann", reason: "disconnected" };
    expect(owner.take()).toEqual([left]);
    expect(bob.take()).toEqual([left]);
  });

  it("leaves the room standing, even when it is the owner and the last", () => {
    for (const peer of [ann, bob, owner]) service.disconnected(peer);
    expect(service.rooms.get(roomId)?.members.size).toBe(0);
    expect(store.rooms.has(roomId)).toBe(true);
  });

  it("is the owner again after joining with its key and the PIN", async () => {
    service.disconnected(owner);
    const back = new FakePeer("c-owner-2");
    expect(await join(back, OWNER, { password: "9999" })).toEqual(refused("wrongPin"));
    expect(await join(back, OWNER)).toEqual(joined);
    expect(await ask(back, OWNER, { type: "Rename", room_id: roomId, room_name: "Mine" })).toMatchObject({
      reply: { type: "RenameSuccess" },
    });
  });
});

describe("a key that joins from a second socket", () => {
  it("takes its place over: the others see it leave and come, the first socket is told nothing", async () => {
    const second = new FakePeer("c-ann-2");
    expect(await join(second, ANN)).toEqual(joined);
    expect(bob.take()).toMatchObject([
      { type: "PeerLeft", connection_id: "c-ann", reason: "disconnected" },
      { type: "PeerJoined", connection_id: "c-ann-2" },
    ]);
    expect(ann.take()).toEqual([]);
    expect(service.rooms.get(roomId)?.members.size).toBe(3);
  });

  it("keeps its place when the first socket closes at last", async () => {
    await join(new FakePeer("c-ann-2"), ANN);
    bob.take();
    service.disconnected(ann);
    expect(bob.take()).toEqual([]);
    expect(service.rooms.get(roomId)?.members.has(ANN)).toBe(true);
  });

  it("finds room in a full room, for it takes nobody's place but its own", async () => {
    service = start({ maxMembers: 2 });
    await join(ann, ANN);
    await join(bob, BOB);
    expect(await join(owner, OWNER)).toEqual(refused("roomFull"));
    expect(await join(new FakePeer("c-ann-2"), ANN)).toEqual(joined);
  });
});

it("joining again from the same socket is answered and disturbs nobody", async () => {
  expect(await join(ann, ANN)).toEqual(joined);
  expect([...owner.take(), ...bob.take()]).toEqual([]);
});

describe("kicking", () => {
  const kick = (target: string, peer = owner, key = OWNER) =>
    ask(peer, key, { type: "Kick", room_id: roomId, target_id: target });

  it("removes the target from the room by key or by connection id", async () => {
    await kick(ANN);
    await kick("c-bob");
    expect([...(service.rooms.get(roomId)?.members.keys() ?? [])]).toEqual([OWNER]);
    expect(ann.take()).toEqual([{ type: "Kicked", room_id: roomId }]);
  });

  it("does not keep the target from joining again", async () => {
    await kick(ANN);
    expect(await join(ann, ANN)).toEqual(joined);
  });

  it("is refused to members, to an owner outside the room, and against the owner itself", async () => {
    expect(await kick(BOB, ann, ANN)).toEqual(refused("ownerOnlyKick"));
    expect(await kick(OWNER)).toEqual(refused("kickSelf"));
    service.disconnected(owner);
    expect(await kick(ANN, new FakePeer("c-owner-2"))).toEqual(refused("notInRoom"));
    expect(service.rooms.get(roomId)?.members.size).toBe(2);
  });
});

describe("handing over", () => {
  const handOver = (target: string, peer = owner, key = OWNER) =>
    ask(peer, key, { type: "HandOver", room_id: roomId, target_id: target });

  it("makes a member the owner, at once and after a restart, and tells nobody else", async () => {
    expect(await handOver("c-ann")).toEqual({
      reply: { type: "HandOverSuccess", room_id: roomId, target_id: "c-ann" },
    });
    expect([...owner.take(), ...ann.take(), ...bob.take()]).toEqual([]);
    expect(await ask(ann, ANN, { type: "Rename", room_id: roomId, room_name: "Ann's" })).toMatchObject({
      reply: { type: "RenameSuccess" },
    });
    expect(await ask(owner, OWNER, { type: "Rename", room_id: roomId, room_name: "Mine" })).toEqual(
      refused("ownerOnlyRename"),
    );
    service = start();
    expect(service.rooms.ownedBy(ANN)?.id).toBe(roomId);
    expect(service.rooms.ownedBy(OWNER)).toBeUndefined();
  });

  it("lets the owner before leave without deleting the room, and make another one", async () => {
    await handOver(ANN);
    await ask(owner, OWNER, { type: "LeaveRoom", room_id: roomId });
    expect(service.rooms.get(roomId)?.members.size).toBe(2);
    expect(await create(owner, OWNER)).toMatchObject({ reply: { type: "RoomCreated" } });
  });

  it("is refused to members, from outside the room, to oneself, to strangers, and to owners of a room", async () => {
    expect(await handOver(BOB, ann, ANN)).toEqual(refused("ownerOnlyHandOver"));
    expect(await handOver(ANN, new FakePeer("c-owner-2"))).toEqual(refused("notInRoom"));
    expect(await handOver(OWNER)).toEqual(refused("handOverSelf"));
    expect(await handOver(fakeKey(9))).toEqual(refused("peerMissing"));
    await create(ann, ANN);
    expect(await handOver(ANN)).toEqual(refused("peerOwnsRoom"));
    expect(service.rooms.ownedBy(OWNER)?.id).toBe(roomId);
  });

  it("changes nothing when the store fails", async () => {
    store.failWith = new Error("disk gone");
    await expect(handOver(ANN)).rejects.toThrow("disk gone");
    expect(service.rooms.get(roomId)?.owner).toBe(OWNER);
  });
});

describe("leaving", () => {
  it("without a room id is refused where the connection is in several rooms", async () => {
    const other = new FakePeer("c-other");
    const otherRoom = idOf(await create(other, fakeKey(9)));
    await ask(ann, ANN, { type: "JoinRoom", room_id: otherRoom, password: "1234" });
    expect(await ask(ann, ANN, { type: "LeaveRoom" })).toEqual(refused("roomIdRequired"));
    expect(await ask(ann, ANN, { type: "LeaveRoom", room_id: otherRoom })).toMatchObject({
      reply: { type: "LeaveRoomSuccess", room_id: otherRoom },
    });
    expect(await ask(ann, ANN, { type: "LeaveRoom", room_id: null })).toMatchObject({ reply: { room_id: roomId } });
    expect(await ask(ann, ANN, { type: "LeaveRoom" })).toEqual(refused("notInRoom"));
  });

  it("by the owner keeps the room whole when the store fails", async () => {
    store.failWith = new Error("disk gone");
    await expect(ask(owner, OWNER, { type: "LeaveRoom", room_id: roomId })).rejects.toThrow("disk gone");
    expect(service.rooms.get(roomId)?.members.size).toBe(3);
    expect(ann.take()).toEqual([]);
  });
});

describe("creating", () => {
  it("puts nothing anywhere when the creator is gone before its PIN is hashed", async () => {
    const gone = new FakePeer("c-gone");
    const outcome = create(gone, fakeKey(9));
    gone.isOpen = false;
    expect(await outcome).toBeUndefined();
    expect(store.rooms.size).toBe(1);
  });

  it("twice at once with one key makes one room", async () => {
    const key = fakeKey(9);
    const outcomes = await Promise.all([create(new FakePeer("c-1"), key), create(new FakePeer("c-2"), key)]);
    // The thread pool decides which of the two is first.
    expect(outcomes.filter((outcome) => outcome && "reply" in outcome)).toHaveLength(1);
    expect(outcomes).toContainEqual(refused("alreadyCreated"));
    expect(store.rooms.size).toBe(2);
  });

  it("stores no PIN that could be read back", () => {
    const stored = store.rooms.get(roomId);
    expect(JSON.stringify(stored)).not.toContain("1234");
    expect(stored?.pin.hash).toHaveLength(32);
  });

  it("is refused when the server holds as many rooms as it may", async () => {
    service = start({ maxRooms: 1 });
    expect(await create(new FakePeer("c-9"), fakeKey(9))).toEqual(refused("databaseError"));
  });

  it("makes room on a full server where nobody but its maker ever was, not where somebody comes back to", async () => {
    service = start({ maxRooms: 3 });
    const solitary = idOf(await create(new FakePeer("c-8"), fakeKey(8)));
    const busy = new FakePeer("c-9");
    const used = idOf(await create(busy, fakeKey(9)));
    service.disconnected(new FakePeer("c-8"));
    expect(await create(new FakePeer("c-10"), fakeKey(10))).toEqual(refused("databaseError"));
    await clock.advance(60 * 60_000 + 1);
    expect(await create(new FakePeer("c-10"), fakeKey(10))).toMatchObject({ reply: { type: "RoomCreated" } });
    expect([roomId, solitary, used].map((id) => service.rooms.get(id) !== undefined)).toEqual([true, false, true]);
    await clock.advance(60 * 60_000 + 1);
    expect(await create(new FakePeer("c-11"), fakeKey(11))).toEqual(refused("databaseError"));
  });

  it("and joining are refused to a connection in 32 rooms", async () => {
    const hub = new FakePeer("c-hub");
    const pin = { salt: new Uint8Array(16), hash: new Uint8Array(32) };
    for (let i = 0; i < 32; i++) {
      const room = service.rooms.add({ id: `r${i}`, name: "R", owner: fakeKey(100 + i), pin, lastActivity: 0 });
      service.rooms.enter(room, { publicKey: ANN, peer: hub, username: undefined });
    }
    expect(await join(hub, ANN)).toEqual(refused("tooManyRooms"));
    expect(await create(hub, ANN)).toEqual(refused("tooManyRooms"));
  });
});

describe("the rate limit", () => {
  const at = (group: string, isLimited = true): ClientAddress => ({ group, isLimited });
  const enter = (key: PublicKey, address: ClientAddress) =>
    join(new FakePeer(`c-${key}-${address.group}`, address), key);

  beforeEach(() => {
    service = start({ rateLimitPerMinute: 3 });
  });

  it("holds a key to 3 a minute wherever it comes from, and lets it in again as time passes", async () => {
    for (let i = 0; i < 3; i++) expect(await enter(ANN, at(`192.0.2.${i}`))).toEqual(joined);
    expect(await enter(ANN, at("192.0.2.9"))).toEqual(refused("rateLimited"));
    await clock.advance(20_000);
    expect(await enter(ANN, at("192.0.2.9"))).toEqual(joined);
    expect(await enter(ANN, at("192.0.2.9"))).toEqual(refused("rateLimited"));
  });

  it("holds an address to 30 a minute over all its keys, and leaves other addresses alone", async () => {
    for (let i = 0; i < 30; i++) expect(await enter(fakeKey(100 + i), at("192.0.2.1"))).toEqual(joined);
    expect(await enter(fakeKey(200), at("192.0.2.1"))).toEqual(refused("rateLimited"));
    expect(await enter(fakeKey(201), at("192.0.2.2"))).toEqual(joined);
  });

  it("holds an address to 600 changes a minute over all its keys, and a key to 60", async () => {
    let refusals = 0;
    const rename = async (key: PublicKey, group: string) => {
      const outcome = await ask(new FakePeer(`c-${key}`, at(group)), key, {
        type: "Rename",
        room_id: "x",
        room_name: "N",
      });
      if (outcome && "refusal" in outcome && outcome.refusal.code === "rateLimited") refusals++;
    };
    for (let i = 0; i < 10; i++) for (let j = 0; j < 60; j++) await rename(fakeKey(100 + i), "192.0.2.1");
    expect(refusals).toBe(0);
    await rename(fakeKey(100), "192.0.2.1");
    await rename(fakeKey(200), "192.0.2.1");
    expect(refusals).toBe(2);
    await rename(fakeKey(201), "192.0.2.2");
    expect(refusals).toBe(2);
  });

  it("lets members come back whom somebody else at their address has used up the minute of", async () => {
    for (let i = 0; i < 30; i++) await enter(fakeKey(100 + i), at("192.0.2.1"));
    expect(await enter(fakeKey(200), at("192.0.2.1"))).toEqual(refused("rateLimited"));
    for (const key of [OWNER, ANN]) expect(await enter(key, at("192.0.2.1"))).toEqual(joined);
  });

  it("does not count local connections by address", async () => {
    for (let i = 0; i < 40; i++) expect(await enter(fakeKey(100 + i), at("127.0.0.1", false))).toEqual(joined);
  });

  it("lets an owner kick a whole room, but not rename it all day", async () => {
    const rename = () => ask(owner, OWNER, { type: "Rename", room_id: roomId, room_name: "N" });
    await join(owner, OWNER);
    for (let i = 0; i < 60; i++) expect(await rename()).toMatchObject({ reply: { type: "RenameSuccess" } });
    expect(await rename()).toEqual(refused("rateLimited"));
  });
});

describe("a room nobody uses", () => {
  it("is deleted after 30 days, and not a day before", async () => {
    for (const peer of [owner, ann, bob]) service.disconnected(peer);
    await clock.advance(30 * DAY);
    service.deleteIdleRooms();
    expect(service.rooms.size).toBe(1);
    await clock.advance(1);
    service.deleteIdleRooms();
    expect(service.rooms.size).toBe(0);
    expect(store.rooms.size).toBe(0);
    expect(await join(ann, ANN)).toEqual(refused("roomMissing"));
  });

  it("is in use as long as somebody is connected, however quiet", async () => {
    await clock.advance(60 * DAY);
    service.deleteIdleRooms();
    expect(service.rooms.size).toBe(1);
    for (const peer of [owner, ann, bob]) service.disconnected(peer);
    await clock.advance(29 * DAY);
    service.deleteIdleRooms();
    expect(service.rooms.size).toBe(1);
  });

  it("stays when the store cannot delete it, and the next one still goes", async () => {
    await create(new FakePeer("c-9"), fakeKey(9));
    for (const peer of [owner, ann, bob, new FakePeer("c-9")]) service.disconnected(peer);
    await clock.advance(31 * DAY);
    store.failWith = new Error("disk gone");
    expect(() => service.deleteIdleRooms()).not.toThrow();
    store.failWith = undefined;
    service.deleteIdleRooms();
    expect(service.rooms.size).toBe(0);
  });
});

describe("activity", () => {
  const offer = () => ask(ann, ANN, { type: "Offer", room_id: roomId, destination_id: BOB, offer: "sdp" });

  it("reaches the store at most once a minute and room", async () => {
    const before = store.touches;
    for (let i = 0; i < 100; i++) {
      await offer();
      await clock.advance(1_000);
    }
    expect(store.touches - before).toBe(1);
  });

  it("that the store does not know yet is written at the end", async () => {
    await clock.advance(30_000);
    await offer();
    service.flush();
    expect(store.rooms.get(roomId)?.lastActivity).toBe(clock.wallTime());
  });

  it("that cannot be written refuses nobody", async () => {
    await clock.advance(61_000);
    store.failWith = new Error("disk full");
    expect(await offer()).toBeUndefined();
    expect(bob.take()).toMatchObject([{ type: "Offer" }]);
    expect(await join(ann, ANN)).toEqual(joined);
  });
});

describe("after a restart", () => {
  it("rooms, names, owners, PINs and known keys are there, members are not", async () => {
    await ask(owner, OWNER, { type: "Rename", room_id: roomId, room_name: "Renamed" });
    service = start();
    expect(service.rooms.memberCount).toBe(0);
    expect(await join(ann, ANN, { password: "4321" })).toEqual(refused("wrongPin"));
    expect(await join(ann, ANN)).toMatchObject({ reply: { room_name: "Renamed" } });
    expect([...(service.rooms.get(roomId)?.knownKeys ?? [])].sort()).toEqual([OWNER, ANN, BOB].sort());
    expect(await create(owner, OWNER)).toEqual(refused("alreadyCreated"));
  });
});

describe("wrong PINs", () => {
  it("are answered late after the fifth, and not at all after the tenth, from any key of an address", async () => {
    const eve = new FakePeer("c-eve", { group: "203.0.113.5", isLimited: true });
    for (let i = 0; i < 5; i++)
      expect(await join(eve, fakeKey(50 + i), { password: "0000" })).toEqual(refused("wrongPin"));
    for (const seconds of [1, 2, 4, 8, 16]) {
      let outcome: Outcome | "none" = "none";
      void join(eve, fakeKey(60), { password: "0000" }).then((value) => {
        outcome = value;
      });
      await clock.advance(seconds * 1000 - 1);
      expect(outcome).toBe("none");
      await clock.advance(1);
      expect(outcome).toEqual(refused("wrongPin"));
    }
    expect(await join(eve, fakeKey(70))).toEqual(refused("rateLimited"));
    await clock.advance(15 * 60_000);
    expect(await join(eve, fakeKey(70))).toEqual(joined);
  });

  it("sent all at once are counted one by one all the same", async () => {
    service = start();
    const eve = new FakePeer("c-eve", { group: "203.0.113.5", isLimited: true });
    const outcomes = Promise.all(
      Array.from({ length: 50 }, (_, i) => join(eve, fakeKey(50 + i), { password: String(i).padStart(4, "0") })),
    );
    const codes = (await outcomes).map((outcome) => outcome && "refusal" in outcome && outcome.refusal.code);
    expect(codes.filter((code) => code === "wrongPin")).toHaveLength(10);
    expect(codes.filter((code) => code === "rateLimited")).toHaveLength(40);
  });

  it("of strangers keep strangers out until some hours later, over a restart, and never members or the owner", async () => {
    const crowd = async (from: number) => {
      const guesses = Array.from({ length: 60 }, (_, i) =>
        join(new FakePeer(`c-${from + i}`, { group: `203.0.113.${i}`, isLimited: true }), fakeKey(from + i), {
          password: "0000",
        }),
      );
      return (await Promise.all(guesses)).filter(
        (outcome) => outcome && "refusal" in outcome && outcome.refusal.code === "wrongPin",
      );
    };
    expect(await crowd(1000)).toHaveLength(30);
    service = start();
    expect(await crowd(2000)).toHaveLength(0);
    for (const key of [OWNER, ANN]) expect(await join(new FakePeer(`c-${key}`), key)).toEqual(joined);
    expect(await join(new FakePeer("c-new", { group: "198.51.100.1", isLimited: true }), fakeKey(9))).toEqual(
      refused("rateLimited"),
    );
    await clock.advance(DAY / 90);
    expect(await join(new FakePeer("c-new", { group: "198.51.100.1", isLimited: true }), fakeKey(9))).toEqual(joined);
  });

  it("make a stranger of a former member after the third, over a restart, until it brings the right one", async () => {
    for (let i = 0; i < 2; i++) await join(new FakePeer("c-ann"), ANN, { password: "0000" });
    expect(store.rooms.get(roomId)?.knownKeys).toContain(ANN);
    await join(new FakePeer("c-ann"), ANN, { password: "0000" });
    expect(store.rooms.get(roomId)?.knownKeys).not.toContain(ANN);
    service = start();
    for (let i = 0; i < 5; i++) await join(new FakePeer("c-ann"), ANN, { password: "0000" });
    expect(store.rooms.get(roomId)?.pinAllowance?.left).toMatchObject({ member: 37, stranger: 25 });
    service = start();
    expect(await join(new FakePeer("c-ann"), ANN)).toEqual(joined);
    expect(store.rooms.get(roomId)?.knownKeys).toContain(ANN);
  });

  it("of a stranger behind the same address do not lock a member out", async () => {
    for (let i = 0; i < 5; i++) await join(new FakePeer("c-eve"), fakeKey(50), { password: "0000" });
    expect(await join(new FakePeer("c-ann-2"), ANN)).toEqual(joined);
  });
});
