import type { PublicKey } from "../base/brand.ts";
import { type DoorAnswer, type Greeting, isRefusal } from "./messages.ts";
import { idOf, isListed, ownerOf, type Policy, removalOf } from "./policy.ts";
import { type KeyId, type OwnerPin, ownerPinOf } from "./room-key.ts";
import type { Standing } from "./standing.ts";

/** What this machine holds of a room: what it judges by. */
export interface Ground {
  readonly self: PublicKey;
  readonly policy: Policy | undefined;
  /** Of the room key that it has. */
  readonly keyId: KeyId | undefined;
  /** The room is known to be sealed, whatever else is known of it. */
  readonly wasSealed?: boolean;
  /** Without a policy: whether somebody here contradicts what the invitation, or the want of one, says of the room. */
  readonly isDisputed: boolean;
}

/** What a member has shown over connections that were proven to be its own. */
export interface Shown {
  readonly greeting: Greeting | undefined;
  /** The room keys that it proved to have. */
  readonly proved: ReadonlySet<KeyId>;
  /** How its door answered this machine. */
  readonly answer: DoorAnswer | undefined;
  /** The person has turned it away a moment ago. */
  readonly isTurnedAway: boolean;
}

/**
 * Only who has the room's key, or is listed, comes in. A room whose key came with an invitation is sealed before any
 * policy says so, and one that was sealed stays so when key and policy are lost.
 */
export function isSealed({ policy, keyId, wasSealed = false }: Ground): boolean {
  return policy ? policy.sealed : keyId !== undefined || wasSealed;
}

/** The key that holds now: the policy's, or the invitation's until a policy has come. */
export function currentKeyId({ policy, keyId }: Ground): KeyId | undefined {
  if (!policy) return keyId;
  return policy.key === "" ? undefined : policy.key;
}

/** Whether this machine has the key that holds now. */
export function hasCurrentKey(ground: Ground): boolean {
  return ground.keyId !== undefined && ground.keyId === currentKeyId(ground);
}

/**
 * Whether a member belongs in the room, by what this machine can check itself. Who is "away" need not: that somebody
 * keeps this machine out, it can say without being in.
 */
export function belongs(ground: Ground, member: PublicKey, shown: Shown): boolean {
  if (removalOf(ground.policy, member) !== undefined) return false;
  return !isSealed(ground) || isInSealed(ground, member, shown);
}

/**
 * Where a member stands, of what is held and what it has shown. Default deny in a sealed room; in an open one whoever
 * proved to be who it says.
 */
export function standingOf(ground: Ground, member: PublicKey, shown: Shown | undefined): Standing {
  const removal = removalOf(ground.policy, member);
  if (removal === "banned") return "banned";
  if (removal === "kicked") return isKnocking(ground, shown) ? "door" : "removed";
  if (!shown) return "proving";
  const { greeting, answer, isTurnedAway } = shown;
  if (belongs(ground, member, shown)) {
    if (isRefusedBy(ground, shown)) return "away";
    return ground.isDisputed ? "proving" : "member";
  }
  // Without the key that holds, this machine can check nobody's proof: it is the one that waits.
  if (!hasCurrentKey(ground)) return greeting && greeting.key !== "" ? "away" : "proving";
  if (!greeting) return "proving";
  // Also where it claims to know of more: what it knows it can show.
  if (isTurnedAway) return "turned_away";
  // What it has, this machine may only not have heard of yet; or it has, and this machine waits for it.
  if (isAhead(greeting, ground.policy)) return isRefusal(answer) ? "away" : "proving";
  return "door";
}

/** How the policy that a greeting speaks of relates to the one held here. */
export type Relation = "none" | "behind" | "same" | "other" | "ahead" | "foreign";

/** "other": of the same epoch, and yet another one. "foreign": of another founder, so that neither counts where the other does. */
export function relationOf(greeting: Greeting, policy: Policy | undefined): Relation {
  if (greeting.epoch === 0) return "none";
  if (!policy) return "ahead";
  if (greeting.founder !== ownerPinOf(policy.founder)) return "foreign";
  const ahead = greeting.chain - policy.chain.length || greeting.epoch - policy.epoch;
  if (ahead !== 0) return ahead > 0 ? "ahead" : "behind";
  return greeting.policy === idOf(policy) ? "same" : "other";
}

/** Whether a greeting contradicts an invitation with this key, or one without any, where no policy can settle it. */
export function contradicts(greeting: Greeting, keyId: KeyId | undefined): boolean {
  const saysSomething = greeting.key !== "" || greeting.epoch > 0;
  return saysSomething && greeting.key !== (keyId ?? "");
}

/**
 * Whether a greeting speaks against a grant, for whoever knows of no founder and so would believe any: it knows another
 * founder, or has no use for a key by another policy that is as new. Who waits at the door under this policy has no key
 * either, and contradicts nobody.
 */
export function speaksAgainst(greeting: Greeting, granted: Policy, founder: OwnerPin): boolean {
  if (greeting.epoch === 0) return false;
  if (greeting.founder !== founder) return true;
  const relation = relationOf(greeting, granted);
  return greeting.key === "" && relation !== "behind" && relation !== "same";
}

function isAhead(greeting: Greeting, policy: Policy | undefined): boolean {
  return relationOf(greeting, policy) === "ahead";
}

function isInSealed(ground: Ground, member: PublicKey, { proved }: Shown): boolean {
  const current = currentKeyId(ground);
  return isListed(ground.policy, member) || (current !== undefined && proved.has(current));
}

/** Whoever was kicked may knock, but only the owner hears it. */
function isKnocking({ self, policy }: Ground, shown: Shown | undefined): boolean {
  const isOwner = policy !== undefined && ownerOf(policy) === self;
  return isOwner && shown?.greeting !== undefined && !shown.isTurnedAway;
}

/** It does not let this machine in: no packet would pass. */
function isRefusedBy(ground: Ground, { answer, greeting }: Shown): boolean {
  if (isRefusal(answer)) return true;
  return !isSealed(ground) && !ground.policy && greeting !== undefined && greeting.key !== "";
}
