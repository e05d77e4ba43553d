import type { RoomId } from "../base/brand.ts";
import { type Failure, fail, type Result } from "../base/result.ts";
import type { RequestFailureCode } from "../signaling/failures.ts";

/** Why something asked of a room did not happen: the server's reasons, the way's, and this side's own. */
export type RoomFailureCode =
  | RequestFailureCode
  | "invalid_room_id"
  | "invalid_room_name"
  | "invalid_pin"
  | "too_many_rooms"
  | "unknown_room"
  | "unknown_member"
  | "kick_self"
  | "hand_over_self";

export interface RoomFailure extends Failure<RoomFailureCode> {
  /** With "already_created": the room that the server says this key owns. */
  readonly roomId?: RoomId;
}

export function unknownRoom(): Result<never, RoomFailure> {
  return fail("unknown_room", "this machine is not in that room");
}
