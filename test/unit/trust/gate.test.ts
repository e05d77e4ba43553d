import { describe, expect, it } from "vitest";
import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import { base64, base64url } from "../../../shared/base/bytes.ts";
import {
  belongs,
  contradicts,
  type Ground,
  relationOf,
  type Shown,
  speaksAgainst,
  standingOf,
} from "../../../shared/trust/gate.ts";
import type { Greeting } from "../../../shared/trust/messages.ts";
import { idOf, type Policy } from "../../../shared/trust/policy.ts";
import { type KeyId, type OwnerPin, ownerPinOf, type PolicyId } from "../../../shared/trust/room-key.ts";

const room = "0123456789abcdef" as RoomId;
const key = (n: number) => base64.encode(new Uint8Array(32).fill(n)) as PublicKey;
const hash = (n: number) => base64url.encode(new Uint8Array(16).fill(n));
const [self, owner, listed, stranger, kicked, banned] = [1, 2, 3, 4, 5, 6].map(key) as [
  PublicKey,
  PublicKey,
  PublicKey,
  PublicKey,
  PublicKey,
  PublicKey,
];
const [current, old] = [hash(1) as KeyId, hash(2) as KeyId];

const sealed: Policy = {
  v: 1,
  room,
  founder: owner,
  chain: [],
  epoch: 5,
  name: "Den",
  sealed: true,
  doors: "owner",
  key: current,
  members: [[listed, "member"]],
  removed: [
    [kicked, "kicked"],
    [banned, "banned"],
  ],
  sig: base64.encode(new Uint8Array(64)),
};
const open: Policy = { ...sealed, sealed: false, key: "" };

const says = (changes: Partial<Greeting> = {}): Greeting => ({
  t: "room",
  room,
  key: "",
  proof: "",
  founder: "",
  chain: 0,
  epoch: 0,
  policy: "",
  ask: false,
  ...changes,
});
/** The greeting of somebody who holds this policy, or one of another epoch. */
const holds = (policy: Policy, changes: Partial<Greeting> = {}) =>
  says({ key: policy.key, founder: ownerPinOf(policy.founder), epoch: policy.epoch, policy: idOf(policy), ...changes });

const shown = (changes: Partial<Shown> = {}): Shown => ({
  greeting: undefined,
  proved: new Set(),
  answer: undefined,
  isTurnedAway: false,
  ...changes,
});
const ground = (changes: Partial<Ground> = {}): Ground => ({
  self,
  policy: sealed,
  keyId: current,
  isDisputed: false,
  ...changes,
});

const proved = new Set([current]);
const provedOld = new Set([old]);
const nothing = { policy: undefined, keyId: undefined };

describe("where a member stands", () => {
  it.each<[string, ReturnType<typeof standingOf>, Partial<Ground>, PublicKey, Shown | undefined]>([
    // A sealed room, of which this machine has policy and key.
    ["without a connection", "proving", {}, listed, undefined],
    ["listed", "member", {}, listed, shown()],
    ["the owner, who is on no list", "member", {}, owner, shown()],
    ["with a proof of the key that holds", "member", {}, stranger, shown({ greeting: holds(sealed), proved })],
    ["with a proof of an old key", "door", {}, stranger, shown({ greeting: says({ key: old }), proved: provedOld })],
    ["with nothing", "door", {}, stranger, shown({ greeting: says() })],
    ["not greeted yet", "proving", {}, stranger, shown()],
    ["with nothing, and turned away", "turned_away", {}, stranger, shown({ greeting: says(), isTurnedAway: true })],
    ["turned away, and not heard of since", "proving", {}, stranger, shown({ isTurnedAway: true })],
    [
      "turned away, and boasting of a newer policy",
      "turned_away",
      {},
      stranger,
      shown({ greeting: holds(sealed, { epoch: 6 }), isTurnedAway: true }),
    ],
    ["turned away, and listed since", "member", {}, listed, shown({ greeting: says(), isTurnedAway: true })],
    ["listed, and keeps this machine out", "away", {}, listed, shown({ answer: "wait" })],
    ["listed, and lets this machine in after all", "member", {}, listed, shown({ answer: "open" })],
    ["listed, and removed this machine", "away", {}, listed, shown({ answer: "removed" })],
    ["with a newer policy", "proving", {}, stranger, shown({ greeting: holds(sealed, { epoch: 6 }) })],
    [
      "with a newer policy, keeping out",
      "away",
      {},
      stranger,
      shown({ greeting: holds(sealed, { epoch: 6 }), answer: "wait" }),
    ],
    [
      "with a newer policy of another founder",
      "door",
      {},
      stranger,
      shown({ greeting: holds({ ...sealed, founder: stranger }, { epoch: 9 }) }),
    ],
    ["a stranger that keeps this machine out", "door", {}, stranger, shown({ greeting: says(), answer: "wait" })],
    // Removed.
    ["kicked", "removed", {}, kicked, shown({ greeting: says(), proved })],
    ["kicked, without a connection", "removed", {}, kicked, undefined],
    ["kicked, knocking at the owner's", "door", { self: owner }, kicked, shown({ greeting: says() })],
    ["kicked, at the owner's, and silent", "removed", { self: owner }, kicked, shown()],
    [
      "kicked, at the owner's, and turned away",
      "removed",
      { self: owner },
      kicked,
      shown({ greeting: says(), isTurnedAway: true }),
    ],
    ["banned, even at the owner's", "banned", { self: owner }, banned, shown({ greeting: says(), proved })],
    ["banned from an open room", "banned", { policy: open, keyId: undefined }, banned, shown({ greeting: says() })],
    ["kicked from an open room", "removed", { policy: open, keyId: undefined }, kicked, shown({ greeting: says() })],
    // A sealed room whose key this machine has not got.
    ["listed, where the key is missing", "member", { keyId: old }, listed, shown()],
    [
      "with some key, where the key is missing",
      "away",
      { keyId: old },
      stranger,
      shown({ greeting: says({ key: current }) }),
    ],
    ["without a key, where the key is missing", "proving", { keyId: old }, stranger, shown({ greeting: says() })],
    // An open room.
    ["anybody, in an open room", "member", { policy: open, keyId: undefined }, stranger, shown({ greeting: says() })],
    ["not greeted yet, in an open room", "member", { policy: open, keyId: undefined }, stranger, shown()],
    // With an invitation's key, and no policy yet.
    [
      "with the invitation's key",
      "member",
      { policy: undefined },
      stranger,
      shown({ greeting: says({ key: current }), proved }),
    ],
    ["without the invitation's key", "door", { policy: undefined }, stranger, shown({ greeting: says() })],
    [
      "with the invitation's key, disputed",
      "proving",
      { policy: undefined, isDisputed: true },
      stranger,
      shown({ greeting: says({ key: current }), proved }),
    ],
    [
      "with a policy and another key",
      "proving",
      { policy: undefined },
      stranger,
      shown({ greeting: holds(sealed, { key: old }) }),
    ],
    [
      "with a policy and another key, keeping out",
      "away",
      { policy: undefined },
      stranger,
      shown({ greeting: holds(sealed, { key: old }), answer: "wait" }),
    ],
    // With the PIN alone.
    ["anybody, where nothing is known", "member", nothing, stranger, shown({ greeting: says() })],
    ["with a key, where nothing is known", "away", nothing, stranger, shown({ greeting: says({ key: current }) })],
    [
      "another without a key, where somebody has one",
      "proving",
      { ...nothing, isDisputed: true },
      stranger,
      shown({ greeting: says() }),
    ],
  ])("%s: %s", (_, standing, changes, member, what) => {
    expect(standingOf(ground(changes), member, what)).toBe(standing);
  });

  it("is inside by what this machine can check only", () => {
    const boast = shown({ greeting: holds(sealed, { epoch: 6 }), answer: "wait" });
    expect(belongs(ground(), stranger, boast)).toBe(false);
    expect(belongs(ground(), listed, shown({ answer: "wait" }))).toBe(true);
    expect(belongs(ground({ policy: open }), kicked, shown())).toBe(false);
  });
});

describe("the policy of which a greeting speaks", () => {
  it.each<[string, Greeting, Policy | undefined, ReturnType<typeof relationOf>]>([
    ["none", says(), sealed, "none"],
    ["some, where there is none here", holds(sealed), undefined, "ahead"],
    ["this one", holds(sealed), sealed, "same"],
    ["another of this epoch", holds(sealed, { policy: hash(9) as PolicyId }), sealed, "other"],
    ["an older one", holds(sealed, { epoch: 4 }), sealed, "behind"],
    ["a newer one", holds(sealed, { epoch: 6 }), sealed, "ahead"],
    ["one of a later owner", holds(sealed, { chain: 1, epoch: 1 }), sealed, "ahead"],
    ["another founder's", holds(sealed, { founder: hash(9) as OwnerPin }), sealed, "foreign"],
  ])("is %s", (_, greeting, policy, relation) => {
    expect(relationOf(greeting, policy)).toBe(relation);
  });
});

describe("whoever says something else", () => {
  it.each<[string, Greeting, KeyId | undefined, boolean]>([
    ["nothing at all", says(), current, false],
    ["nothing at all, to one without a key", says(), undefined, false],
    ["the same key", says({ key: current }), current, false],
    ["another key", says({ key: old }), current, true],
    ["a key, to one without", says({ key: current }), undefined, true],
    ["that there is none", holds(open), current, true],
    ["that there is none, to one without", holds(open), undefined, false],
  ])("contradicts an invitation, or not: %s", (_, greeting, keyId, does) => {
    expect(contradicts(greeting, keyId)).toBe(does);
  });

  it.each<[string, Greeting, boolean]>([
    ["nothing at all", says(), false],
    ["this policy", holds(sealed), false],
    ["this policy, and waits without a key", holds(sealed, { key: "" }), false],
    ["an older one, when the room was open", holds(open, { epoch: 4 }), false],
    ["that the room is open, by one as new", holds(open, { policy: hash(9) as PolicyId }), true],
    ["another founder", holds({ ...sealed, founder: stranger }), true],
  ])("speaks against a grant, or not: %s", (_, greeting, does) => {
    expect(speaksAgainst(greeting, sealed, ownerPinOf(owner))).toBe(does);
  });
});
