import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nativeVerify } from "../../../electron/adapters/ed25519.ts";
import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import { base64, hex } from "../../../shared/base/bytes.ts";
import { keyPairFrom, type Signer, signerOf, verifySignature } from "../../../shared/identity/keys.ts";
import { encodeControl, MAX_CONTROL_LENGTH } from "../../../shared/mesh/control.ts";
import { readTrustMessage } from "../../../shared/trust/messages.ts";
import {
  checkPolicy,
  comparePolicies,
  type HandOver,
  MAX_HANDOVERS,
  MAX_LISTED,
  MAX_POLICY_LENGTH,
  MAX_REMOVED,
  ownerOf,
  type Policy,
  signHandOver,
  signPolicy,
  type UnsignedPolicy,
  whyUnfit,
} from "../../../shared/trust/policy.ts";
import { keyIdOf, makeRoomKey } from "../../../shared/trust/room-key.ts";
import { quickScheme } from "./world.ts";

const room = "0123456789abcdef" as RoomId;
const signer = (n: number) => signerOf(keyPairFrom(new Uint8Array(32).fill(n)));
const [ann, ben, cem] = [signer(1), signer(2), signer(3)];
const key = (n: number) => base64.encode(Uint8Array.of(n >> 8, n & 255, ...new Uint8Array(30))) as PublicKey;
const roomKey = makeRoomKey((length) => new Uint8Array(length).fill(5));

function unsigned(changes: Partial<UnsignedPolicy> = {}): UnsignedPolicy {
  return {
    v: 1,
    room,
    founder: ann.publicKey,
    chain: [],
    epoch: 1,
    name: "Den",
    sealed: true,
    doors: "owner",
    key: keyIdOf(roomKey),
    members: [[ben.publicKey, "trusted"]],
    removed: [[cem.publicKey, "banned"]],
    ...changes,
  };
}

const check = (policy: Policy) => {
  const checked = checkPolicy(policy, verifySignature);
  return checked.ok ? "good" : checked.error.code;
};

/** Handed on from one to the next. */
async function chainOf(...owners: readonly Signer[]): Promise<HandOver[]> {
  const chain: HandOver[] = [];
  for (const [n, to] of owners.slice(1).entries()) {
    const from = owners[n];
    if (from) chain.push(await signHandOver(room, to.publicKey, (n + 1) * 10, from));
  }
  return chain;
}

/** A signature whose second half is by the group's order (RFC 8032, 5.1) larger. */
function plusGroupOrder(signature: Uint8Array): Uint8Array {
  const order = hex.decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  const sum = Uint8Array.from(signature);
  let carry = 0;
  for (const [n, digit] of order.entries()) {
    const value = (sum[32 + n] ?? 0) + digit + carry;
    sum[32 + n] = value & 255;
    carry = value >> 8;
  }
  return sum;
}

describe("a policy", () => {
  it("has the signature that anybody can make again", async () => {
    const policy = await signPolicy(unsigned(), ann);
    expect(policy.sig).toBe("RTjHdvs/Tu6D/SdvCu+Oj/ul/jk3YCbt1YoY29uxn+u8CXgDmkb946T/3VtQhsCHW+xxWo0LSXPi7kQzOIxJDA==");
    expect(check(policy)).toBe("good");
  });

  it("is nobody else's word, and nothing in it can be changed", async () => {
    const policy = await signPolicy(unsigned(), ann);
    expect(check(await signPolicy(unsigned(), ben))).toBe("bad_signature");
    const otherKey = keyIdOf(makeRoomKey((length) => new Uint8Array(length).fill(6)));
    const changes: readonly Partial<Policy>[] = [
      { room: "fedcba9876543210" as RoomId },
      { epoch: 2 },
      { name: "Den " },
      { sealed: false, key: "" },
      { doors: "members" },
      { key: otherKey },
      { members: [] },
      { members: [[ben.publicKey, "member"]] },
      { removed: [] },
      { removed: [[cem.publicKey, "kicked"]] },
      { founder: ben.publicKey, members: [] },
    ];
    for (const change of changes) expect(check({ ...policy, ...change }), JSON.stringify(change)).toBe("bad_signature");
  });

  it("is spelt in one way: a member cannot make another of it that says the same", async () => {
    const policy = await signPolicy(unsigned(), ann);
    const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    // The last character before the padding has bits to spare.
    const spelt = (text: string, at: number) =>
      Array.from(digits, (digit) => `${text.slice(0, at)}${digit}${text.slice(at + 1)}`);
    const good = spelt(policy.sig, 85).filter((sig) => check({ ...policy, sig }) === "good");
    expect(good).toEqual([policy.sig]);
    // Signatures of Ed25519 hold a number that counts around: that many times around and on says the same.
    const around = base64.encode(plusGroupOrder(base64.decode(policy.sig)));
    expect([verifySignature, nativeVerify].map((verify) => checkPolicy({ ...policy, sig: around }, verify).ok)).toEqual(
      [false, false],
    );
    const keys = spelt(cem.publicKey, 42).filter(
      (each) => whyUnfit(unsigned({ removed: [[each as PublicKey, "banned"]] })) === undefined,
    );
    // Of four characters that give the same bytes, one is the key.
    expect(keys).toContain(cem.publicKey);
    expect(new Set(keys.map((each) => base64.decode(each).join())).size).toBe(keys.length);
  });

  it.each<[string, Partial<UnsignedPolicy>]>([
    ["a key for an open room", { sealed: false }],
    ["no key for a sealed room", { key: "" }],
    [
      "a member twice",
      {
        members: [
          [ben.publicKey, "trusted"],
          [ben.publicKey, "member"],
        ],
      },
    ],
    [
      "somebody removed twice",
      {
        removed: [
          [cem.publicKey, "kicked"],
          [cem.publicKey, "banned"],
        ],
      },
    ],
    ["its owner among the members", { members: [[ann.publicKey, "member"]] }],
    ["its owner among the removed", { removed: [[ann.publicKey, "kicked"]] }],
    ["a member among the removed", { members: [[cem.publicKey, "member"]] }],
  ])("makes no sense with %s", async (_, change) => {
    expect(check(await signPolicy(unsigned(change), ann))).toBe("bad_policy");
    expect(whyUnfit(unsigned(change))).toBeTypeOf("string");
  });

  it("does not fit with more in it than it may hold", () => {
    const many = (length: number) => Array.from({ length }, (_, n) => key(n + 1));
    expect(whyUnfit(unsigned())).toBeUndefined();
    expect(whyUnfit(unsigned({ name: "x".repeat(65) }))).toBeTypeOf("string");
    expect(whyUnfit(unsigned({ members: many(MAX_LISTED + 1).map((each) => [each, "member"]) }))).toBeTypeOf("string");
    expect(whyUnfit(unsigned({ removed: many(MAX_REMOVED + 1).map((each) => [each, "banned"]) }))).toBeTypeOf("string");
  });

  it("at all its limits goes through the control channel in one piece, with a key", async () => {
    const owners = Array.from({ length: MAX_HANDOVERS + 1 }, (_, n) => signer(n + 1));
    const chain = (await chainOf(...owners)).map((handOver) => ({ ...handOver, epoch: Number.MAX_SAFE_INTEGER }));
    const policy: Policy = {
      ...unsigned({ name: "\u0001".repeat(64), epoch: Number.MAX_SAFE_INTEGER, doors: "members" }),
      room: "x".repeat(64) as RoomId,
      chain,
      members: Array.from({ length: MAX_LISTED }, (_, n) => [key(n + 1), "trusted"]),
      removed: Array.from({ length: MAX_REMOVED }, (_, n) => [key(n + 1_000), "banned"]),
      sig: base64.encode(new Uint8Array(64)),
    };
    expect(JSON.stringify(policy).length).toBeLessThanOrEqual(MAX_POLICY_LENGTH);
    const grant = { t: "grant", room: policy.room, key: roomKey, policy };
    expect(readTrustMessage(grant)).toMatchObject({ ok: true, value: { t: "grant" } });
    expect(encodeControl({ t: "trust", body: grant }).length).toBeLessThanOrEqual(MAX_CONTROL_LENGTH);
  });
});

describe("a room that was handed over", () => {
  it("is its last owner's, by a chain of signatures from the founder on", async () => {
    const chain = await chainOf(ann, ben, cem);
    const policy = await signPolicy(unsigned({ chain, epoch: 21, members: [], removed: [] }), cem);
    expect([ownerOf(policy), check(policy)]).toEqual([cem.publicKey, "good"]);
    const founders = await signPolicy(unsigned({ chain, epoch: 21, members: [], removed: [] }), ann);
    expect(check(founders)).toBe("bad_signature");
  });

  it.each<[string, (chain: HandOver[]) => HandOver[]]>([
    ["a link left out", (chain) => chain.slice(1)],
    ["links in another order", (chain) => chain.toReversed()],
    ["a link twice", ([first, ...rest]) => (first ? [first, first, ...rest] : [])],
    ["another receiver", ([first, ...rest]) => (first ? [{ ...first, to: cem.publicKey }, ...rest] : [])],
    ["another epoch", ([first, ...rest]) => (first ? [{ ...first, epoch: 11 }, ...rest] : [])],
  ])("is not, with %s", async (_, change) => {
    const chain = change(await chainOf(ann, ben, cem));
    const policy = await signPolicy(unsigned({ chain, epoch: 99, members: [], removed: [] }), cem);
    expect(["bad_handover", "bad_policy"]).toContain(check(policy));
  });

  it("has no policy older than that", async () => {
    const chain = await chainOf(ann, ben);
    expect(check(await signPolicy(unsigned({ chain, epoch: 10, members: [] }), ben))).toBe("bad_policy");
  });
});

describe("of two policies", () => {
  it("the higher epoch counts, but a chain that goes on from the held one counts more", async () => {
    const first = await signPolicy(unsigned(), ann);
    const next = await signPolicy(unsigned({ epoch: 2 }), ann);
    const far = await signPolicy(unsigned({ epoch: 1_000 }), ann);
    const chain = await chainOf(ann, ben);
    const given = await signPolicy(unsigned({ chain, epoch: 11, members: [] }), ben);
    expect(comparePolicies(first, next)).toBe("newer");
    expect(comparePolicies(next, first)).toBe("older");
    expect(comparePolicies(first, { ...first })).toBe("same");
    expect(comparePolicies(far, given)).toBe("newer");
    expect(comparePolicies(given, far)).toBe("older");
  });

  it("none counts where the room was given to two, or has another founder", async () => {
    const toBen = await signPolicy(unsigned({ chain: await chainOf(ann, ben), epoch: 11, members: [] }), ben);
    const toCem = await signPolicy(
      unsigned({ chain: await chainOf(ann, cem, ben), epoch: 21, members: [], removed: [] }),
      ben,
    );
    expect(comparePolicies(toBen, toCem)).toBe("split");
    expect(comparePolicies(toBen, { ...toBen, founder: ben.publicKey })).toBe("split");
  });

  it("all choose the same, and never both, whatever they are", async () => {
    const scheme = quickScheme();
    const owner = scheme.signerNamed("owner");
    const some = fc.record({
      epoch: fc.integer({ min: 1, max: 3 }),
      name: fc.constantFrom("a", "b"),
      removed: fc.constantFrom<Policy["removed"]>([], [[key(1), "kicked"]], [[key(2), "banned"]]),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(some, { minLength: 3, maxLength: 3 }), async (parts) => {
        const signed = await Promise.all(
          parts.map((part) => signPolicy(unsigned({ ...part, founder: owner.publicKey, members: [] }), owner)),
        );
        const [a, b, c] = signed;
        if (!a || !b || !c) return;
        const mirrored = { newer: "older", older: "newer", same: "same", split: "split" } as const;
        expect(comparePolicies(b, a)).toBe(mirrored[comparePolicies(a, b)]);
        const isUp = (one: Policy, other: Policy) => comparePolicies(one, other) === "newer";
        if (isUp(a, b) && isUp(b, c)) expect(isUp(a, c)).toBe(true);
      }),
    );
  });
});
