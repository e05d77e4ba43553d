import type { PublicKey } from "../base/brand.ts";
import type { DoorAnswer, Greeting } from "./messages.ts";
import { isListed, ownerOf, type Policy, removalOf } from "./policy.ts";
import { type KeyId, keyIdOf, type RoomKey } from "./room-key.ts";
import type { Standing } from "./standing.ts";

/** What this machine holds of a room: what it judges by. */
export interface Ground {
  readonly self: PublicKey;
  readonly policy: Policy | undefined;
  readonly key: RoomKey | undefined;
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

/** Only who has the room's key, or is listed, comes in. A room whose key came with an invitation is sealed before any policy says so. */
export function isSealed({ policy, key }: Ground): boolean {
  return policy ? policy.sealed : key !== undefined;
}

/** The key that holds now: the policy's, or the invitation's until a policy has come. */
export function currentKeyId({ policy, key }: Ground): KeyId | undefined {
  if (policy) return policy.key === "" ? undefined : policy.key;
  return key && keyIdOf(key);
}

/** Whether this machine has the key that holds now. */
export function hasCurrentKey(ground: Ground): boolean {
  return ground.key !== undefined && keyIdOf(ground.key) === currentKeyId(ground);
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
  const isIn = isSealed(ground) ? isInSealed(ground, member, shown) : true;
  if (isIn) return isRefusedBy(ground, shown) ? "away" : "member";
  // Without the key that holds, this machine can check nobody's proof: it is the one that waits.
  if (!hasCurrentKey(ground)) return shown.greeting && shown.greeting.key !== "" ? "away" : "proving";
  // What it has, this machine may only not have heard of yet.
  if (!shown.greeting || shown.isTurnedAway || isAhead(shown.greeting, ground.policy)) return "proving";
  return "door";
}

/** Whether a greeting speaks of a newer policy than this one. */
export function isAhead({ chain, epoch }: Pick<Greeting, "chain" | "epoch">, policy: Policy | undefined): boolean {
  if (!policy) return epoch > 0;
  return chain === policy.chain.length ? epoch > policy.epoch : chain > policy.chain.length;
}

/** Whether a greeting speaks of an older policy than this one, or of none. */
export function isBehind({ chain, epoch }: Pick<Greeting, "chain" | "epoch">, policy: Policy): boolean {
  return chain === policy.chain.length ? epoch < policy.epoch : chain < policy.chain.length;
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
  if (answer !== undefined && answer !== "open") return true;
  return !isSealed(ground) && !ground.policy && greeting !== undefined && greeting.key !== "";
}
