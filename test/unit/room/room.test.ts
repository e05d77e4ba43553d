import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ConnectionId, PublicKey, RoomId } from "../../../shared/base/brand.ts";
import { base64 } from "../../../shared/base/bytes.ts";
import { enteringRoom, MAX_MEMBERS_KEPT, type RoomEvent, step } from "../../../shared/room/room.ts";
import { applyDelta, snapshotOf } from "../../../shared/room/snapshot.ts";
import { membersOf, type Room } from "../../../shared/room/state.ts";

const key = (n: number) =>
  base64.encode(Uint8Array.from({ length: 32 }, (_, i) => (i < 2 ? n >> (8 * i) : 5))) as PublicKey;
const connection = (n: number) => `c${n}` as ConnectionId;
const [self, ann, bob] = [key(0), key(1), key(2)];

const fresh = () =>
  enteringRoom({ roomId: "r" as RoomId, name: "Home", self, username: "Me", isOwner: undefined, at: 1 });
const play = (room: Room, ...events: RoomEvent[]) => events.reduce((now, event) => step(now, event).room, room);
const joined = () => play(fresh(), { type: "joined", at: 2 });
const withAnn = () =>
  play(joined(), { type: "peerJoined", publicKey: ann, username: "Ann", connectionId: connection(1), at: 3 });
const list = (room: Room) => [...membersOf(room).values()].map(({ username, presence }) => `${username} ${presence}`);

describe("a room", () => {
  it("begins with oneself alone, named by its id where there is no name", () => {
    expect(snapshotOf(enteringRoom({ ...fresh(), name: undefined, username: "Me", isOwner: true, at: 1 }))).toEqual({
      roomId: "r",
      name: "r",
      self,
      status: { kind: "entering" },
      members: [
        { publicKey: self, username: "Me", presence: "signaling_lost", isSelf: true, isOwner: true, joinedAt: 1 },
      ],
    });
  });

  it("is joined, lost and joined again, and its members stay", () => {
    const lost = play(withAnn(), { type: "signalingLost", at: 5 });
    expect(snapshotOf(lost).status).toEqual({ kind: "reconnecting", since: 5 });
    expect(list(lost)).toEqual(["Me signaling_lost", "Ann online"]);
    const back = play(lost, { type: "joined", at: 6, name: "Den" });
    expect(snapshotOf(back)).toMatchObject({ name: "Den", status: { kind: "joined", since: 6 } });
    expect(list(back)).toEqual(["Me online", "Ann online"]);
  });

  it("shows until when its join waits, on the way in and on the way back", () => {
    for (const room of [fresh(), play(withAnn(), { type: "signalingLost", at: 5 })]) {
      const waiting = play(room, { type: "queued", until: 99 });
      expect(snapshotOf(waiting).status).toMatchObject({ queuedUntil: 99 });
      expect(snapshotOf(play(waiting, { type: "queued", until: undefined })).status).not.toHaveProperty("queuedUntil");
      expect(snapshotOf(play(waiting, { type: "joined", at: 7 })).status).toEqual({ kind: "joined", since: 7 });
      expect(snapshotOf(play(waiting, { type: "signalingLost", at: 7 })).status).not.toHaveProperty("queuedUntil");
    }
    expect(step(joined(), { type: "queued", until: 99 }).deltas).toEqual([]);
  });

  it("ends for good, with its reason", () => {
    const left = play(withAnn(), { type: "closed", at: 9, reason: "kicked", message: "out" });
    expect(snapshotOf(left)).toMatchObject({
      status: { kind: "left", at: 9, reason: "kicked", message: "out" },
      members: [],
    });
    expect(step(left, { type: "joined", at: 10 })).toEqual({ room: left, deltas: [] });
    expect(step(left, { type: "peerJoined", publicKey: bob, at: 10 })).toEqual({ room: left, deltas: [] });
  });

  it("takes a new name only if there is something to see", () => {
    expect(step(joined(), { type: "renamed", name: " \u202eDen " }).deltas).toEqual([{ type: "renamed", name: "Den" }]);
    expect(step(joined(), { type: "renamed", name: "\u200b" }).deltas).toEqual([]);
    expect(step(joined(), { type: "renamed", name: "Home" }).deltas).toEqual([]);
  });
});

describe("a member", () => {
  it("arrives under a cleaned name", () => {
    const { deltas } = step(joined(), { type: "peerJoined", publicKey: ann, username: "\u0007Ann", at: 3 });
    expect(deltas).toEqual([
      {
        type: "member",
        member: { publicKey: ann, username: "Ann", presence: "online", isSelf: false, joinedAt: 3 },
      },
    ]);
  });

  it("may be announced before we are told that we are in", () => {
    const early = play(
      fresh(),
      { type: "peerJoined", publicKey: ann, username: "Ann", at: 1 },
      { type: "joined", at: 2 },
    );
    expect(list(early)).toEqual(["Me online", "Ann online"]);
  });

  it("is never oneself again", () => {
    for (const event of [
      { type: "peerJoined", publicKey: self, username: "Fake", at: 3 },
      { type: "peerLeft", publicKey: self, reason: "left" },
      { type: "signalSeen", publicKey: self, connectionId: connection(9), at: 3 },
      { type: "memberGone", publicKey: self, reason: "gone" },
    ] as const) {
      expect(step(joined(), event).deltas).toEqual([]);
    }
  });

  it("announced twice keeps its place and its first sight, and gets its new connection", () => {
    const again = play(withAnn(), {
      type: "peerJoined",
      publicKey: ann,
      username: "Anna",
      connectionId: connection(7),
      at: 9,
    });
    expect(membersOf(again).get(ann)).toMatchObject({ username: "Anna", connectionId: "c7", joinedAt: 3 });
    expect(list(again)).toHaveLength(2);
  });

  it("announced again without a name keeps the one it had", () => {
    expect(list(play(withAnn(), { type: "peerJoined", publicKey: ann, at: 9 }))[1]).toBe("Ann online");
  });

  it.each(["left", "kicked"] as const)("is removed when it %s", (reason) => {
    expect(step(withAnn(), { type: "peerLeft", publicKey: ann, reason }).deltas).toEqual([
      { type: "member_removed", publicKey: ann, reason },
    ]);
  });

  it.each(["disconnected", undefined] as const)("whose leaving has the reason %j only lost its signaling", (reason) => {
    expect(list(play(withAnn(), { type: "peerLeft", publicKey: ann, reason }))).toEqual([
      "Me online",
      "Ann signaling_lost",
    ]);
  });

  it("is not touched by the end of a connection that it has already replaced", () => {
    const old = { type: "peerLeft", publicKey: ann, reason: "disconnected", connectionId: connection(0) } as const;
    expect(step(withAnn(), old).deltas).toEqual([]);
    expect(step(withAnn(), { ...old, connectionId: connection(1) }).deltas).toHaveLength(1);
  });

  it("has no connection any more once that is gone, or once we could have missed a new one", () => {
    const gone = play(withAnn(), { type: "peerLeft", publicKey: ann, connectionId: connection(1) });
    const away = play(withAnn(), { type: "signalingLost", at: 5 }, { type: "joined", at: 6 });
    for (const room of [gone, away]) expect(membersOf(room).get(ann)).not.toHaveProperty("connectionId");
  });

  it("that signals is there, whoever announced it or not", () => {
    const seen = play(joined(), { type: "signalSeen", publicKey: bob, connectionId: connection(2), at: 4 });
    expect(membersOf(seen).get(bob)).toMatchObject({ presence: "online", connectionId: "c2", joinedAt: 4 });
    expect(membersOf(seen).get(bob)?.username).toMatch(/^Member [0-9a-f]{6}$/);
    const lost = play(withAnn(), { type: "peerLeft", publicKey: ann });
    expect(list(play(lost, { type: "signalSeen", publicKey: ann, at: 5 }))[1]).toBe("Ann online");
  });

  it("tells its own name, and goes when the mesh gives it up", () => {
    const named = play(withAnn(), { type: "hello", publicKey: ann, username: "Annie" });
    expect(list(named)[1]).toBe("Annie online");
    expect(list(play(named, { type: "memberGone", publicKey: ann, reason: "gone" }))).toEqual(["Me online"]);
    expect(step(joined(), { type: "hello", publicKey: bob, username: "Bob" }).deltas).toEqual([]);
  });

  it("too many is not listed", () => {
    let room = joined();
    for (let i = 1; i < MAX_MEMBERS_KEPT + 20; i++) room = play(room, { type: "peerJoined", publicKey: key(i), at: 3 });
    expect(membersOf(room).size).toBe(MAX_MEMBERS_KEPT);
    expect(step(room, { type: "peerLeft", publicKey: key(1) }).deltas).toHaveLength(1);
  });
});

describe("deltas", () => {
  const keys = fc.constantFrom(self, ann, bob, key(3));
  const ids = fc.option(fc.constantFrom(connection(1), connection(2)), { nil: undefined });
  const names = fc.option(fc.string({ unit: "binary", maxLength: 8 }), { nil: undefined });
  const at = fc.nat(1000);
  const reason = fc.constantFrom("left", "kicked", "disconnected", undefined);
  const any = (weightOfEnd: number) =>
    fc.oneof(
      { weight: 3, arbitrary: fc.record({ type: fc.constant("joined" as const), at, name: names }) },
      { weight: 3, arbitrary: fc.record({ type: fc.constant("signalingLost" as const), at }) },
      {
        weight: 2,
        arbitrary: fc.record({ type: fc.constant("queued" as const), until: fc.option(at, { nil: undefined }) }),
      },
      {
        weight: 6,
        arbitrary: fc.record({
          type: fc.constant("peerJoined" as const),
          publicKey: keys,
          username: names,
          connectionId: ids,
          at,
        }),
      },
      {
        weight: 4,
        arbitrary: fc.record({ type: fc.constant("peerLeft" as const), publicKey: keys, reason, connectionId: ids }),
      },
      {
        weight: 4,
        arbitrary: fc.record({ type: fc.constant("signalSeen" as const), publicKey: keys, connectionId: ids, at }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ type: fc.constant("hello" as const), publicKey: keys, username: fc.string() }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          type: fc.constant("memberGone" as const),
          publicKey: keys,
          reason: fc.constant("gone" as const),
        }),
      },
      { weight: 2, arbitrary: fc.record({ type: fc.constant("renamed" as const), name: fc.string() }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant("selfNamed" as const), username: fc.string() }) },
      {
        weight: weightOfEnd,
        arbitrary: fc.record({
          type: fc.constant("closed" as const),
          at,
          reason: fc.constant("deleted" as const),
          message: fc.string(),
        }),
      },
    );
  const scripts: fc.Arbitrary<RoomEvent[]> = fc.array(any(1), { maxLength: 60 });

  it("replayed on an earlier snapshot give the later one, even after a trip through JSON", () => {
    fc.assert(
      fc.property(scripts, (events) => {
        let room = fresh();
        let replayed = snapshotOf(room);
        for (const event of events) {
          const next = step(room, event);
          room = next.room;
          for (const delta of next.deltas) replayed = applyDelta(replayed, JSON.parse(JSON.stringify(delta)));
          expect(replayed).toEqual(JSON.parse(JSON.stringify(snapshotOf(room))));
        }
      }),
    );
  });

  it("are empty exactly when nothing changed", () => {
    fc.assert(
      fc.property(scripts, (events) => {
        let room = fresh();
        for (const event of events) {
          const next = step(room, event);
          const isSame = JSON.stringify(snapshotOf(next.room)) === JSON.stringify(snapshotOf(room));
          expect(next.deltas.length === 0).toBe(isSame);
          room = next.room;
        }
      }),
    );
  });

  it("never leave a room without oneself, first and once, while it is ours", () => {
    fc.assert(
      fc.property(scripts, (events) => {
        const { status, members } = snapshotOf(play(fresh(), ...events));
        const own = members.map((member, i) => (member.isSelf ? i : -1)).filter((i) => i >= 0);
        expect(own).toEqual(status.kind === "left" ? [] : [0]);
        expect(new Set(members.map(({ publicKey }) => publicKey)).size).toBe(members.length);
      }),
    );
  });
});
