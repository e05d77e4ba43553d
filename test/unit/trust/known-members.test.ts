import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import { base64 } from "../../../shared/base/bytes.ts";
import {
  KnownMembers,
  type KnownMembersState,
  LAST_SEEN_STEP_MS,
  MAX_KNOWN_MEMBERS,
  MAX_ROOMS_PER_MEMBER,
} from "../../../shared/trust/known-members.ts";
import { foldName } from "../../../shared/trust/name-folding.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const NOW = Date.UTC(2026, 10, 21);
const room = "games" as RoomId;
const other = "work" as RoomId;
const key = (n: number) => base64.encode(Uint8Array.of(n >>> 8, n & 255, ...new Uint8Array(30))) as PublicKey;
const [alice, mallory, bob] = [key(1), key(2), key(3)];

function restored(known: KnownMembers): KnownMembers {
  const read = KnownMembers.from(JSON.parse(JSON.stringify(known.toState())));
  if (!read.ok) throw new Error(read.error.message);
  return read.value;
}

describe("a member that nobody knows", () => {
  it("is known from its first use of a name on", () => {
    const known = new KnownMembers();
    expect(known.get(alice)).toBeUndefined();
    expect(known.seen(room, alice, "Alice", NOW)).toBe(true);
    expect(known.get(alice)).toEqual({ firstSeen: NOW, lastSeen: NOW, compared: false });
    expect(known.conflict(room, alice, "Alice")).toBeUndefined();
  });

  it("has a conflict under a name that is another's, and the first stays the known one", () => {
    const known = new KnownMembers();
    known.seen(room, alice, "Alice", NOW);
    known.setCompared(alice, true);
    known.seen(room, mallory, " ALICE", NOW + DAY_MS);
    known.seen(room, mallory, " ALICE", NOW + 2 * DAY_MS);
    expect(known.conflict(room, mallory, " ALICE")).toEqual({ knownKey: alice, since: NOW, compared: true });
    expect(known.conflict(room, alice, "Alice")).toBeUndefined();
  });

  it("has no conflict in a room where the name is nobody's", () => {
    const known = new KnownMembers();
    known.seen(room, alice, "Alice", NOW);
    expect(known.conflict(other, mallory, "Alice")).toBeUndefined();
  });

  it("has no conflict over a name of nothing visible, and gets none", () => {
    const known = new KnownMembers();
    known.seen(room, alice, "\u200b", NOW);
    expect(known.conflict(room, mallory, "\u200b")).toBeUndefined();
    expect(known.toState().members).toMatchObject([{ key: alice, rooms: [] }]);
  });
});

describe("a known member", () => {
  it("may take a new name; the old one is free then", () => {
    const known = new KnownMembers();
    known.seen(room, alice, "Alice", NOW);
    expect(known.conflict(room, alice, "Alicia")).toBeUndefined();
    expect(known.seen(room, alice, "Alicia", NOW + 1)).toBe(true);
    expect(known.conflict(room, bob, "Alice")).toBeUndefined();
    expect(known.conflict(room, bob, "Alicia")).toMatchObject({ knownKey: alice, since: NOW + 1 });
  });

  it("keeps its own name when it calls itself by another's", () => {
    const known = new KnownMembers();
    known.seen(room, alice, "Alice", NOW);
    known.seen(room, mallory, "Mallory", NOW);
    known.seen(room, mallory, "Alice", NOW + 1);
    expect(known.conflict(room, mallory, "Alice")).toMatchObject({ knownKey: alice });
    expect(known.conflict(room, bob, "Mallory")).toMatchObject({ knownKey: mallory });
  });

  it("keeps the day on which it got a name when it only writes it otherwise", () => {
    const known = new KnownMembers();
    known.seen(room, alice, "alice", NOW);
    expect(known.seen(room, alice, "Alice", NOW + DAY_MS)).toBe(true);
    expect(known.conflict(room, bob, "Alice")).toMatchObject({ since: NOW });
  });

  it("that comes back within the hour is nothing to write down", () => {
    const known = new KnownMembers();
    known.seen(room, alice, "Alice", NOW);
    expect(known.seen(room, alice, "Alice", NOW + LAST_SEEN_STEP_MS - 1)).toBe(false);
    expect(known.seen(room, alice, "Alice", NOW + LAST_SEEN_STEP_MS)).toBe(true);
    expect(known.get(alice)?.lastSeen).toBe(NOW + LAST_SEEN_STEP_MS);
  });

  it("is marked as compared, and unmarked; one that was never seen is not", () => {
    const known = new KnownMembers();
    expect(known.setCompared(alice, true)).toBe(false);
    known.seen(room, alice, "Alice", NOW);
    expect(known.setCompared(alice, true)).toBe(true);
    expect(known.setCompared(alice, true)).toBe(false);
    expect(known.get(alice)?.compared).toBe(true);
    expect(known.setCompared(alice, false)).toBe(true);
  });
});

describe("a key that the person accepts under a known name", () => {
  it("has the name from then on, and the one before has the conflict", () => {
    const known = new KnownMembers();
    known.seen(room, alice, "Alice", NOW);
    known.seen(room, bob, "Alice", NOW);
    expect(known.accept(room, bob, "Alice", NOW + 1)).toBe(true);
    expect(known.conflict(room, bob, "Alice")).toBeUndefined();
    known.seen(room, alice, "Alice", NOW + 2);
    expect(known.conflict(room, alice, "Alice")).toEqual({ knownKey: bob, since: NOW + 1, compared: false });
  });

  it("must have been seen, and need not be accepted twice", () => {
    const known = new KnownMembers();
    known.seen(room, alice, "Alice", NOW);
    expect(known.accept(room, bob, "Alice", NOW)).toBe(false);
    expect(known.accept(room, alice, "Alice", NOW)).toBe(false);
    expect(known.conflict(room, bob, "Alice")).toMatchObject({ knownKey: alice });
  });
});

describe("a full book", () => {
  const crowd = (known: KnownMembers, from: number, to: number, at: number) => {
    for (let n = from; n < to; n++) known.seen(room, key(n), `member ${n.toString(36)}x`, at);
  };

  it("forgets a crowd of one day before acquaintances, and those compared last of all", () => {
    const known = new KnownMembers();
    known.seen(room, alice, "Alice", NOW - 10 * DAY_MS);
    known.setCompared(alice, true);
    known.seen(room, bob, "Bob", NOW - 9 * DAY_MS);
    known.seen(room, bob, "Bob", NOW - 8 * DAY_MS);
    crowd(known, 100, 100 + 2 * MAX_KNOWN_MEMBERS, NOW);
    expect(known.toState().members).toHaveLength(MAX_KNOWN_MEMBERS);
    expect(known.get(alice)).toBeDefined();
    expect(known.get(bob)).toBeDefined();
    expect(known.conflict(room, mallory, "Bob")).toMatchObject({ knownKey: bob });
  });

  it("still has a place for whoever comes next", () => {
    const known = new KnownMembers();
    crowd(known, 100, 100 + MAX_KNOWN_MEMBERS, NOW - 2 * DAY_MS);
    crowd(known, 100, 100 + MAX_KNOWN_MEMBERS, NOW - DAY_MS);
    known.seen(room, alice, "Alice", NOW);
    expect(known.conflict(room, mallory, "Alice")).toMatchObject({ knownKey: alice });
    // Of equals, who was seen longest ago went.
    expect(known.get(key(100))).toBeUndefined();
    expect(known.get(key(101))).toBeDefined();
  });

  it("keeps one member's names of so many rooms", () => {
    const known = new KnownMembers();
    for (let n = 0; n <= MAX_ROOMS_PER_MEMBER; n++) known.seen(`room-${n}` as RoomId, alice, "Alice", NOW);
    expect(known.conflict("room-0" as RoomId, mallory, "Alice")).toBeUndefined();
    expect(known.conflict("room-1" as RoomId, mallory, "Alice")).toBeDefined();
    expect(KnownMembers.from(known.toState()).ok).toBe(true);
  });
});

describe("the book on disk", () => {
  it("says the same as before, in a room of any name", () => {
    const known = new KnownMembers();
    known.seen("__proto__" as RoomId, alice, "Alice", NOW);
    known.setCompared(alice, true);
    const again = restored(known);
    expect(again.toState()).toEqual(known.toState());
    expect(again.conflict("__proto__" as RoomId, bob, "alice")).toEqual({
      knownKey: alice,
      since: NOW,
      compared: true,
    });
  });

  const entry = { key: alice, firstSeen: 1, lastSeen: 1, compared: false, rooms: [] };
  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["another version", { v: 2, members: [] }],
    ["a key that is none", { v: 1, members: [{ ...entry, key: "x" }] }],
    ["a time that is none", { v: 1, members: [{ ...entry, lastSeen: -1 }] }],
    ["a room that is none", { v: 1, members: [{ ...entry, rooms: [{ room: "a/b", name: "A", since: 1 }] }] }],
    ["a name without end", { v: 1, members: [{ ...entry, rooms: [{ room, name: "x".repeat(33), since: 1 }] }] }],
    ["more members than it holds", { v: 1, members: Array(MAX_KNOWN_MEMBERS + 1).fill(entry) }],
  ])("is refused with %s in it", (_, json) => {
    expect(KnownMembers.from(json)).toMatchObject({ ok: false, error: { code: "known_members_damaged" } });
  });
});

describe("two of a file that count as alike since", () => {
  it("have the name one after the other", () => {
    const member = (of: PublicKey, name: string) => ({
      key: of,
      firstSeen: NOW,
      lastSeen: NOW,
      compared: false,
      rooms: [{ room, name, since: NOW }],
    });
    const read = KnownMembers.from({ v: 1, members: [member(alice, "Alice"), member(bob, "AIice")] });
    if (!read.ok) throw new Error(read.error.message);
    expect(read.value.conflict(room, bob, "AIice")).toMatchObject({ knownKey: alice });
    expect(read.value.conflict(room, alice, "Alice")).toBeUndefined();
    read.value.seen(room, alice, "Somebody", NOW);
    expect(read.value.conflict(room, mallory, "Alice")).toMatchObject({ knownKey: bob });
  });
});

describe("after any order of sightings, acceptances, comparisons and restarts", () => {
  const someKey = fc.integer({ min: 1, max: 4 }).map(key);
  const someRoom = fc.constantFrom(room, other);
  const someName = fc.constantFrom("Alice", "ALICE ", "Bob", "Вob", "Carol", "");
  const step = fc.oneof(
    fc.record({ kind: fc.constant("seen" as const), key: someKey, room: someRoom, name: someName }),
    fc.record({ kind: fc.constant("accept" as const), key: someKey, room: someRoom, name: someName }),
    fc.record({ kind: fc.constant("compare" as const), key: someKey }),
    fc.record({ kind: fc.constant("restart" as const) }),
  );

  it("a name in a room is one key's, the last accepted or else the first that took it, and the state is readable", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let known = new KnownMembers();
        // The model: by key and room the name it has, in plain words of the rule.
        const names = new Map<string, string>();
        const seen = new Set<PublicKey>();
        const holder = (at: RoomId, folded: string) =>
          [...seen].find((each) => names.get(`${each} ${at}`) === folded && folded !== "");
        for (const [at, each] of steps.entries()) {
          if (each.kind === "restart") known = restored(known);
          if (each.kind === "compare") known.setCompared(each.key, true);
          if (each.kind !== "seen" && each.kind !== "accept") continue;
          const folded = foldName(each.name);
          const had = holder(each.room, folded);
          if (each.kind === "seen") {
            known.seen(each.room, each.key, each.name, NOW + at);
            seen.add(each.key);
            if (!had && folded !== "") names.set(`${each.key} ${each.room}`, folded);
          } else {
            known.accept(each.room, each.key, each.name, NOW + at);
            if (!seen.has(each.key) || folded === "") continue;
            if (had) names.delete(`${had} ${each.room}`);
            names.set(`${each.key} ${each.room}`, folded);
          }
          for (const asked of [1, 2, 3, 4].map(key)) {
            const holds = holder(each.room, folded);
            const expected = holds === undefined || holds === asked ? undefined : holds;
            expect(known.conflict(each.room, asked, each.name)?.knownKey).toBe(expected);
          }
        }
        const state: KnownMembersState = known.toState();
        const taken = state.members.flatMap(({ rooms }) => rooms.map((at) => `${at.room} ${foldName(at.name)}`));
        expect(new Set(taken).size).toBe(taken.length);
      }),
    );
  });
});
