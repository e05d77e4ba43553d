import * as v from "valibot";
import type { RoomId } from "../base/brand.ts";
import { HandOver, Policy } from "./policy.ts";
import { type OwnerPin, parseOwnerPin, parseRoomKey, type RoomKey } from "./room-key.ts";

/** What must outlive the process of one room's trust. `key` and `spare` are secrets: store them like such. */
export const SavedRoomTrust = v.object({
  roomId: v.custom<RoomId>((id) => typeof id === "string" && id !== ""),
  key: v.optional(v.custom<RoomKey>((text) => typeof text === "string" && parseRoomKey(text) !== undefined)),
  /** Of another invitation: which of the two keys holds is not known yet. */
  spare: v.optional(v.custom<RoomKey>((text) => typeof text === "string" && parseRoomKey(text) !== undefined)),
  /** By which hash the founder is known. */
  owner: v.optional(v.custom<OwnerPin>((text) => typeof text === "string" && parseOwnerPin(text) !== undefined)),
  policy: v.optional(Policy),
  /** Signed away, and not taken yet. */
  handingOver: v.optional(HandOver),
  /** It is sealed, although neither its key nor its policy is there: both were lost. */
  wasSealed: v.optional(v.literal(true)),
});
/** Without `undefined`: what is not there is not written. */
export interface SavedRoomTrust {
  readonly roomId: RoomId;
  readonly key?: RoomKey;
  readonly spare?: RoomKey;
  readonly owner?: OwnerPin;
  readonly policy?: Policy;
  readonly handingOver?: HandOver;
  readonly wasSealed?: true;
}
