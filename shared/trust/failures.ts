import { type Failure, fail, type Result } from "../base/result.ts";

/** Why a room does not do what the person asked of it. */
export type TrustFailure = Failure<
  | "not_owner"
  | "not_allowed"
  | "not_at_door"
  | "unknown_member"
  | "not_connected"
  | "no_policy"
  | "bad_policy"
  | "has_owner"
  | "too_many_removed"
  | "too_many_handovers"
  | "handing_over"
  | "not_signed"
  | "other_founder"
>;

export function notOwner(): Result<never, TrustFailure> {
  return fail("not_owner", "only the room's owner can do that");
}
