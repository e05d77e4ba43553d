import * as v from "valibot";
import type { PublicKey, RoomId } from "../base/brand.ts";
import { base64, base64Bytes, utf8 } from "../base/bytes.ts";
import { type Failure, fail, ok, type Result } from "../base/result.ts";
import { SIGNATURE_BYTES, type Signer, type VerifySignature } from "../identity/keys.ts";
import { isShortHash, type KeyId, type PolicyId, policyIdOf } from "./room-key.ts";
import { PublicKeyText, RoomIdText } from "./schemas.ts";
import { DOORS } from "./standing.ts";

/**
 * The owner's word about a room, signed by the owner's key: it is handed from member to member, and believed of whoever
 * brings it. The founder's key is the first owner's. Each hand-over is signed by the owner that gives the room away, so
 * that a chain of signatures leads from the founder to the owner whose signature the policy has.
 */

/** Twice the members of a full room: some are listed who are away. */
export const MAX_LISTED = 100;
/** Whoever was removed longest ago is dropped from the list first; bans are kept. */
export const MAX_REMOVED = 60;
/** A room that changes hands more often than this wants to be made anew. */
export const MAX_HANDOVERS = 16;
/** Characters of JSON that a policy at all its limits has at most: one control message of 16 KiB carries it in a grant. */
export const MAX_POLICY_LENGTH = 15 * 1024;
const MAX_NAME_LENGTH = 64;
const SIGNATURE_LENGTH = 88;

const Signature = v.pipe(v.string(), v.length(SIGNATURE_LENGTH));
const Epoch = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const KeyIdText = v.custom<KeyId | "">((text) => text === "" || isShortHash(text));

/** From then on the room is `to`'s: the owner until then has signed that. */
export const HandOver = v.object({ to: PublicKeyText, epoch: Epoch, sig: Signature });
export type HandOver = v.InferOutput<typeof HandOver>;

export const REMOVALS = ["kicked", "banned"] as const;
export type Removal = (typeof REMOVALS)[number];

export const Policy = v.object({
  v: v.literal(1),
  room: RoomIdText,
  founder: PublicKeyText,
  chain: v.pipe(v.array(HandOver), v.maxLength(MAX_HANDOVERS)),
  /** Counts up with every change. */
  epoch: Epoch,
  name: v.pipe(v.string(), v.maxLength(MAX_NAME_LENGTH)),
  sealed: v.boolean(),
  doors: v.picklist(DOORS),
  /** Which room key holds; empty in an open room. */
  key: KeyIdText,
  /** Who belongs to the room beside its owner. */
  members: v.pipe(v.array(v.tuple([PublicKeyText, v.picklist(["trusted", "member"])])), v.maxLength(MAX_LISTED)),
  removed: v.pipe(v.array(v.tuple([PublicKeyText, v.picklist(REMOVALS)])), v.maxLength(MAX_REMOVED)),
  sig: Signature,
});
export type Policy = v.InferOutput<typeof Policy>;
const UnsignedPolicy = v.omit(Policy, ["sig"]);
export type UnsignedPolicy = Omit<Policy, "sig">;

export type PolicyFailure = Failure<"bad_policy" | "bad_handover" | "bad_signature">;

export function ownerOf({ founder, chain }: Pick<Policy, "founder" | "chain">): PublicKey {
  return chain.at(-1)?.to ?? founder;
}

export function idOf(policy: Policy): PolicyId {
  return policyIdOf(policy.sig);
}

/** Why members would not take a policy, whoever signed it; undefined when they would. */
export function whyUnfit(policy: UnsignedPolicy): string | undefined {
  const shaped = v.safeParse(UnsignedPolicy, policy);
  return shaped.success ? whyBad(policy) : shaped.issues[0].message;
}

export async function signPolicy(policy: UnsignedPolicy, signer: Signer): Promise<Policy> {
  return { ...policy, sig: base64.encode(await signer.sign(policyBytes(policy))) };
}

export async function signHandOver(room: RoomId, to: PublicKey, epoch: number, signer: Signer): Promise<HandOver> {
  const sig = base64.encode(await signer.sign(handOverBytes(room, signer.publicKey, to, epoch)));
  return { to, epoch, sig };
}

export function isHandOver(room: RoomId, from: PublicKey, given: HandOver, verify: VerifySignature): boolean {
  return isSigned(from, handOverBytes(room, from, given.to, given.epoch), given.sig, verify);
}

/** Whether a policy is what its owner signed and makes sense. Who its founder ought to be is for the caller to check. */
export function checkPolicy(policy: Policy, verify: VerifySignature): Result<true, PolicyFailure> {
  const senseless = whyBad(policy);
  if (senseless !== undefined) return fail("bad_policy", senseless);
  let owner = policy.founder;
  let epoch = 0;
  for (const handOver of policy.chain) {
    if (handOver.epoch <= epoch || !isHandOver(policy.room, owner, handOver, verify)) {
      return fail("bad_handover", "the room was handed over by somebody who did not own it");
    }
    owner = handOver.to;
    epoch = handOver.epoch;
  }
  if (policy.epoch <= epoch) return fail("bad_policy", "a policy is older than the hand-over in it");
  if (isSigned(owner, policyBytes(policy), policy.sig, verify)) return ok(true);
  return fail("bad_signature", "a policy is not signed by the room's owner");
}

/**
 * Which of two checked policies of one room counts. A chain that goes on from the held one wins, then the higher epoch:
 * an owner that gave the room away cannot take it back by counting further. What splits off from the held chain does not
 * count, however long it is.
 */
export function comparePolicies(held: Policy, other: Policy): "same" | "newer" | "older" | "split" {
  if (held.founder !== other.founder || held.room !== other.room) return "split";
  const shared = Math.min(held.chain.length, other.chain.length);
  for (let n = 0; n < shared; n++) {
    if (held.chain[n]?.to !== other.chain[n]?.to || held.chain[n]?.epoch !== other.chain[n]?.epoch) return "split";
  }
  if (other.chain.length !== held.chain.length) return other.chain.length > held.chain.length ? "newer" : "older";
  if (other.epoch !== held.epoch) return other.epoch > held.epoch ? "newer" : "older";
  return other.sig === held.sig ? "same" : isMore(other, held) ? "newer" : "older";
}

/**
 * Of two that an owner signed for one epoch (it lost what it had written down, or runs twice) all members must choose the
 * same: the one that keeps more people out, else the smaller signature.
 */
function isMore(one: Policy, other: Policy): boolean {
  const more = one.removed.length - other.removed.length;
  return more !== 0 ? more > 0 : one.sig < other.sig;
}

export function removalOf(policy: Policy | undefined, key: PublicKey): Removal | undefined {
  return policy?.removed.find(([removed]) => removed === key)?.[1];
}

/** Listed by the owner, or the owner. */
export function isListed(policy: Policy | undefined, key: PublicKey): boolean {
  return policy !== undefined && (ownerOf(policy) === key || policy.members.some(([member]) => member === key));
}

function whyBad({ sealed, key, members, removed, founder, chain }: UnsignedPolicy): string | undefined {
  if (sealed !== (key !== "")) return "a policy names a key for an open room, or none for a sealed one";
  const listed = new Set(members.map(([member]) => member));
  const gone = new Set(removed.map(([member]) => member));
  if (listed.size < members.length || gone.size < removed.length) return "a policy names somebody twice";
  const owner = ownerOf({ founder, chain });
  if (gone.has(owner) || listed.has(owner)) return "a policy lists its owner";
  if (members.some(([member]) => gone.has(member))) return "a policy names a member and removes it";
  return undefined;
}

function policyBytes(policy: UnsignedPolicy): Uint8Array {
  const { room, founder, chain, epoch, name, sealed, doors, key, members, removed } = policy;
  const handOvers = chain.map(({ to, epoch: at, sig }) => [to, at, sig]);
  return utf8.encode(
    JSON.stringify(["govpn-policy-v1", room, founder, handOvers, epoch, name, sealed, doors, key, members, removed]),
  );
}

function handOverBytes(room: RoomId, from: PublicKey, to: PublicKey, epoch: number): Uint8Array {
  return utf8.encode(JSON.stringify(["govpn-handover-v1", room, from, to, epoch]));
}

function isSigned(by: PublicKey, message: Uint8Array, sig: string, verify: VerifySignature): boolean {
  const signature = base64Bytes(sig);
  return signature?.length === SIGNATURE_BYTES && verify(by, message, signature);
}
