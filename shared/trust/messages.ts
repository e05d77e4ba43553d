import * as v from "valibot";
import { fail, ok, type Result } from "../base/result.ts";
import { HandOver, Policy } from "./policy.ts";
import {
  isShortHash,
  type KeyId,
  type OwnerPin,
  type PolicyId,
  PROOF_LENGTH,
  parseRoomKey,
  type RoomKey,
} from "./room-key.ts";
import { RoomIdText } from "./schemas.ts";

/** What two members say to each other about a room they share, as the body of a `trust` message on the control channel. */

const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const Greeting = v.object({
  t: v.literal("room"),
  room: RoomIdText,
  /** Which room key the sender has; empty when none. */
  key: v.custom<KeyId | "">(isHashOrNothing),
  /** HMAC with that key over this connection; empty without a key. */
  proof: v.pipe(v.string(), v.maxLength(PROOF_LENGTH)),
  /** The policy that the sender holds: its founder, the hand-overs in it, its epoch and its hash. Empty and 0: none. */
  founder: v.custom<OwnerPin | "">(isHashOrNothing),
  chain: Count,
  epoch: Count,
  policy: v.custom<PolicyId | "">(isHashOrNothing),
  /** The sender wants to be greeted too, even if it was: something may have been lost. */
  ask: v.boolean(),
});
const PolicyNews = v.object({ t: v.literal("policy"), room: RoomIdText, policy: Policy });
/** Lets the receiver in: the room's key, and the policy that names it. */
const Grant = v.object({
  t: v.literal("grant"),
  room: RoomIdText,
  key: v.custom<RoomKey>((text) => typeof text === "string" && parseRoomKey(text) !== undefined),
  policy: Policy,
});
export const DOOR_ANSWERS = ["wait", "no", "removed", "banned", "open"] as const;
const Door = v.object({ t: v.literal("door"), room: RoomIdText, answer: v.picklist(DOOR_ANSWERS) });
const HandOverOffer = v.object({ t: v.literal("handover"), room: RoomIdText, handover: HandOver });

const TrustMessage = v.variant("t", [Greeting, PolicyNews, Grant, Door, HandOverOffer]);
export type TrustMessage = v.InferOutput<typeof TrustMessage>;
export type Greeting = v.InferOutput<typeof Greeting>;
export type DoorAnswer = (typeof DOOR_ANSWERS)[number];

/** What a door says to whom it keeps out. */
export function isRefusal(answer: DoorAnswer | undefined): boolean {
  return answer !== undefined && answer !== "open";
}

function isHashOrNothing(text: unknown): boolean {
  return text === "" || isShortHash(text);
}

/** Undefined for a type that a later version may have; fails with "malformed" for a known one that is not as it ought to be. */
export function readTrustMessage(body: unknown): Result<TrustMessage | undefined> {
  const read = v.safeParse(TrustMessage, body);
  if (read.success) return ok(read.output);
  const type = typeof body === "object" && body !== null ? (body as { t?: unknown }).t : undefined;
  const isKnown = TrustMessage.options.some((option) => option.entries.t.literal === type);
  return isKnown ? fail("malformed", `a malformed message about a room: ${String(type)}`) : ok(undefined);
}
