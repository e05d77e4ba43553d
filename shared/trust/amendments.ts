import type { PublicKey } from "../base/brand.ts";
import { fail, ok, type Result } from "../base/result.ts";
import type { TrustFailure } from "./failures.ts";
import {
  type HandOver,
  MAX_LISTED,
  MAX_REMOVED,
  ownerOf,
  type Policy,
  type Removal,
  type UnsignedPolicy,
} from "./policy.ts";
import type { Doors } from "./standing.ts";

/** What an owner changes of a policy: each function makes the next one's parts of the one before. */
export interface Amendment {
  readonly name?: string;
  readonly sealed?: boolean;
  readonly doors?: Doors;
  readonly members?: Policy["members"];
  readonly removed?: Policy["removed"];
  /** The key until now opens nothing any more. */
  readonly newKey?: boolean;
}

/** Who is in the room now, by what they have shown. */
export interface Present {
  /** Whoever belongs in the room by this policy. */
  readonly inside: readonly PublicKey[];
  /** Whoever there is a connection to. */
  readonly isHere: (member: PublicKey) => boolean;
}

/** Whoever came in with the room's key is written down, so that it stays when the key changes. Undefined: everybody is. */
export function listPresent(policy: Policy, present: Present): Amendment | undefined {
  const members = withPresent(policy, present);
  return members.length > policy.members.length ? { members } : undefined;
}

/** Lets somebody in. A kick is forgiven with that. */
export function admit({ members, removed }: Policy, member: PublicKey, present: Present): Amendment {
  return {
    members: withMember(members, member, "member", present),
    removed: removed.filter(([key]) => key !== member),
  };
}

/** Removes somebody, and keeps all others who are in the room. */
export function remove(
  policy: Policy,
  member: PublicKey,
  removal: Removal,
  present: Present,
): Result<Amendment, TrustFailure> {
  const others = makeRoom(policy.removed.filter(([key]) => key !== member));
  if (!others) return fail("too_many_removed", `${MAX_REMOVED} members are banned: take one off the list first`);
  return ok({
    members: withPresent(policy, present).filter(([key]) => key !== member),
    removed: [...others, [member, removal]],
    newKey: policy.sealed,
  });
}

export function setRole(
  { members }: Policy,
  member: PublicKey,
  role: "trusted" | "member",
  present: Present,
): Amendment {
  return { members: withMember(members, member, role, present) };
}

/** Sealing keeps those who are in the room now. */
export function setRules(
  policy: Policy,
  rules: { readonly sealed?: boolean; readonly doors?: Doors },
  present: Present,
): Amendment {
  const { sealed = policy.sealed, doors = policy.doors } = rules;
  if (sealed === policy.sealed) return { doors };
  return { doors, sealed, members: withPresent(policy, present), newKey: sealed };
}

/** The policy of whoever the room was given to. Who gave it stays, and is trusted. */
export function takeOver(policy: Policy, given: HandOver, present: Present): UnsignedPolicy {
  const { sig: _, ...before } = policy;
  const others = policy.members.filter(([key]) => key !== given.to);
  return {
    ...before,
    chain: [...policy.chain, given],
    epoch: given.epoch + 1,
    members: withMember(others, ownerOf(policy), "trusted", present),
  };
}

/** On a full list nobody makes way for whoever merely had the key: else a crowd of made-up members would empty it. */
function withPresent(policy: Policy, { inside }: Present): Policy["members"] {
  const listed = new Set([ownerOf(policy), ...policy.members.map(([key]) => key)]);
  const added = inside.filter((key) => !listed.has(key));
  return [...policy.members, ...added.map((key): Policy["members"][number] => [key, "member"])].slice(0, MAX_LISTED);
}

/** On a full list somebody who is not here makes way, of those the one listed longest ago; whom the owner trusts, last. */
function withMember(
  members: Policy["members"],
  member: PublicKey,
  role: "trusted" | "member",
  { isHere }: Present,
): Policy["members"] {
  const others = members.filter(([key]) => key !== member);
  if (others.length >= MAX_LISTED) {
    const isAbsent = ([key]: Policy["members"][number]) => !isHere(key);
    const plain = others.findIndex((other) => other[1] === "member" && isAbsent(other));
    others.splice(plain >= 0 ? plain : Math.max(0, others.findIndex(isAbsent)), 1);
  }
  return [...others, [member, role]];
}

/** Room for one more: whoever was kicked longest ago goes. Undefined where all are banned. */
function makeRoom(removed: Policy["removed"]): Policy["removed"] | undefined {
  if (removed.length < MAX_REMOVED) return removed;
  const oldest = removed.findIndex(([, removal]) => removal === "kicked");
  return oldest < 0 ? undefined : removed.filter((_, n) => n !== oldest);
}
