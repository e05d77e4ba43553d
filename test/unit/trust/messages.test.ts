import { describe, expect, it } from "vitest";
import type { RoomId } from "../../../shared/base/brand.ts";
import { base64, base64url } from "../../../shared/base/bytes.ts";
import { DOOR_ANSWERS, type Greeting, isRefusal, readTrustMessage } from "../../../shared/trust/messages.ts";
import type { Policy } from "../../../shared/trust/policy.ts";
import type { KeyId, OwnerPin, PolicyId, RoomKey } from "../../../shared/trust/room-key.ts";

const room = "0123456789abcdef" as RoomId;
const hash = base64url.encode(new Uint8Array(16));
const publicKey = base64.encode(new Uint8Array(32)) as Policy["founder"];
const sig = base64.encode(new Uint8Array(64));
const greeting: Greeting = {
  t: "room",
  room,
  key: hash as KeyId,
  proof: base64url.encode(new Uint8Array(32)),
  founder: hash as OwnerPin,
  chain: 0,
  epoch: 1,
  policy: hash as PolicyId,
  ask: false,
};
const policy: Policy = {
  v: 1,
  room,
  founder: publicKey,
  chain: [],
  epoch: 1,
  name: "Den",
  sealed: true,
  doors: "owner",
  key: hash as KeyId,
  members: [],
  removed: [],
  sig,
};
const key = base64url.encode(new Uint8Array(32)) as RoomKey;

describe("what a member says about a room", () => {
  it.each<[string, object]>([
    ["a greeting", greeting],
    ["a greeting of somebody who has nothing", { ...greeting, key: "", proof: "", founder: "", epoch: 0, policy: "" }],
    ["a policy", { t: "policy", room, policy }],
    ["a grant", { t: "grant", room, key, policy }],
    ["a hand-over", { t: "handover", room, handover: { to: publicKey, epoch: 2, sig } }],
    ...DOOR_ANSWERS.map((answer) => [`the answer ${answer}`, { t: "door", room, answer }] satisfies [string, object]),
  ])("is read: %s", (_, body) => {
    expect(readTrustMessage(body)).toEqual({ ok: true, value: body });
    expect(readTrustMessage({ ...body, later: [1] })).toEqual({ ok: true, value: body });
  });

  it.each<[string, unknown]>([
    ["a greeting without a room", { ...greeting, room: "" }],
    ["a greeting of a room without end", { ...greeting, room: "x".repeat(65) }],
    ["a greeting with a key for its hash", { ...greeting, key }],
    ["a greeting with a hash that is none", { ...greeting, founder: "x".repeat(22) }],
    ["a greeting with a proof without end", { ...greeting, proof: "A".repeat(44) }],
    ["a greeting of an epoch below none", { ...greeting, epoch: -1 }],
    ["a greeting of an epoch that cannot be counted", { ...greeting, epoch: 2 ** 53 }],
    ["a greeting of half a hand-over", { ...greeting, chain: 0.5 }],
    ["a greeting that asks for something else", { ...greeting, ask: "yes" }],
    ["a policy of another version", { t: "policy", room, policy: { ...policy, v: 2 } }],
    ["a policy of epoch none", { t: "policy", room, policy: { ...policy, epoch: 0 } }],
    ["a policy by a key that is none", { t: "policy", room, policy: { ...policy, founder: "A".repeat(44) } }],
    [
      "a policy with a role that is none",
      { t: "policy", room, policy: { ...policy, members: [[publicKey, "owner"]] } },
    ],
    ["a policy with a member that has no role", { t: "policy", room, policy: { ...policy, members: [[publicKey]] } }],
    ["a policy with a removal that is none", { t: "policy", room, policy: { ...policy, removed: [[publicKey, ""]] } }],
    ["a policy with half a signature", { t: "policy", room, policy: { ...policy, sig: sig.slice(2) } }],
    ["a policy whose lists are objects", { t: "policy", room, policy: { ...policy, members: { length: 0 } } }],
    ["a grant of half a key", { t: "grant", room, key: key.slice(1), policy }],
    ["a grant without a policy", { t: "grant", room, key }],
    ["an answer that is none", { t: "door", room, answer: "maybe" }],
    ["an answer that all objects have", { t: "door", room, answer: "constructor" }],
    ["a hand-over to nobody", { t: "handover", room, handover: { to: "", epoch: 2, sig } }],
  ])("is malformed: %s", (_, body) => {
    expect(readTrustMessage(body)).toMatchObject({ ok: false, error: { code: "malformed" } });
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a text", "room"],
    ["a list", [greeting]],
    ["no type", { room }],
    ["a type of a later version", { t: "vote", room }],
    ["a type that all objects have", { t: "__proto__", room }],
    ["a type that is an object", { t: { t: "room" }, room }],
  ])("is passed over: %s", (_, body) => {
    expect(readTrustMessage(body)).toEqual({ ok: true, value: undefined });
  });

  it("names no key in what it says of a malformed message", () => {
    const read = readTrustMessage({ t: "grant", room, key, policy: {} });
    expect(JSON.stringify(read)).not.toContain(key);
  });
});

describe("a door's answer", () => {
  it("keeps out, but for the one that does not, and none", () => {
    expect(DOOR_ANSWERS.filter((answer) => !isRefusal(answer))).toEqual(["open"]);
    expect(isRefusal(undefined)).toBe(false);
  });
});
