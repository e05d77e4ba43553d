import type { PublicKey } from "../base/brand.ts";
import type { Failure } from "../base/result.ts";
import type { DoorAnswer } from "./messages.ts";
import { ownerOf, type Policy, type Removal, removalOf } from "./policy.ts";
import type { Doors, Role } from "./standing.ts";

/** What happened in a room that people should know of. */
export type RoomNews =
  | { readonly kind: "knock"; readonly member: PublicKey }
  /** This machine was let in. */
  | { readonly kind: "let_in"; readonly member: PublicKey }
  /** A member's door answered this machine. */
  | { readonly kind: "answered"; readonly member: PublicKey; readonly answer: DoorAnswer }
  /** The owner removed somebody; this machine, where it is itself. */
  | { readonly kind: "removed"; readonly member: PublicKey; readonly removal: Removal }
  | { readonly kind: "forgiven"; readonly member: PublicKey }
  | { readonly kind: "role"; readonly member: PublicKey; readonly role: Role }
  | { readonly kind: "owner"; readonly member: PublicKey }
  | { readonly kind: "rules"; readonly sealed: boolean; readonly doors: Doors }
  | { readonly kind: "renamed"; readonly name: string }
  | { readonly kind: "refused"; readonly member: PublicKey; readonly failure: Failure };

/** What a policy changes for people. To whom it removes, nothing else of it matters. */
export function newsBetween(before: Policy | undefined, policy: Policy, self: PublicKey): readonly RoomNews[] {
  const removal = removalOf(policy, self);
  if (removal) return [{ kind: "removed", member: self, removal }];
  if (!before) return [{ kind: "renamed", name: policy.name }];
  return [...removals(before, policy), ...roles(before, policy), ...rules(before, policy)];
}

function* removals(before: Policy, policy: Policy): Generator<RoomNews> {
  for (const [member, removal] of policy.removed) {
    if (removalOf(before, member) !== removal) yield { kind: "removed", member, removal };
  }
  for (const [member] of before.removed) if (!removalOf(policy, member)) yield { kind: "forgiven", member };
}

/** Whoever becomes or was the owner has a new role with it: that is said once. */
function* roles(before: Policy, policy: Policy): Generator<RoomNews> {
  const owner = ownerOf(policy);
  if (owner !== ownerOf(before)) return yield { kind: "owner", member: owner };
  const had = new Map(before.members);
  for (const [member, role] of policy.members) {
    if ((had.get(member) ?? "member") !== role) yield { kind: "role", member, role };
  }
}

function* rules(before: Policy, policy: Policy): Generator<RoomNews> {
  const { sealed, doors, name } = policy;
  if (before.sealed !== sealed || before.doors !== doors) yield { kind: "rules", sealed, doors };
  if (before.name !== name) yield { kind: "renamed", name };
}
