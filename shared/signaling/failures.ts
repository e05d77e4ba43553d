import type { RoomId } from "../base/brand.ts";
import type { Failure } from "../base/result.ts";
import { ROOM_ID_PATTERN } from "../protocols/govpn/limits.ts";

/** Why a request came to nothing: what the server said, or what happened on the way. */
export type RequestFailureCode =
  // The server refused.
  | "wrong_pin"
  | "room_missing"
  | "room_full"
  | "rate_limited"
  | "already_created"
  | "room_id_conflict"
  | "not_in_room"
  | "peer_missing"
  | "not_owner"
  | "peer_owns_room"
  | "not_supported"
  | "invalid_signature"
  | "invalid_request"
  | "server_error"
  // The way there and back.
  | "timeout"
  | "connection_lost"
  | "bad_reply"
  // This side.
  | "queue_full"
  | "signing_failed"
  | "aborted"
  | "stopped";

export interface RequestFailure extends Failure<RequestFailureCode> {
  /** With "already_created": the room that the server says this key owns. */
  readonly roomId?: RoomId;
}

/**
 * The server's sentences by what they mean. The reference's own come word for word (shared/protocols/govpn/sentences.ts);
 * the patterns are a little wider, because the reference names some conditions only loosely ("Invalid password").
 */
const meanings: readonly (readonly [RegExp, RequestFailureCode])[] = [
  [/^(incorrect|invalid|wrong) (password|pin)/i, "wrong_pin"],
  [/^room (does not exist|not found|expired)|^invalid room id/i, "room_missing"],
  [/^room is full/i, "room_full"],
  [/rate limit|too many (requests|attempts)/i, "rate_limited"],
  [/already created room/i, "already_created"],
  [/^room id conflict/i, "room_id_conflict"],
  // "Peer is not in this room" is about the peer, "You are not in this room" about us.
  [/^(peer|target|user|destination) (is not in this room|not found|does not exist)/i, "peer_missing"],
  [/not in (this|a|the) room/i, "not_in_room"],
  [/^only the room owner/i, "not_owner"],
  [/^(peer|target|user|member) already owns a room/i, "peer_owns_room"],
  // What a server says of a message that the reference does not have.
  [/(unknown|invalid|unsupported|unrecognized) (message )?type|not supported/i, "not_supported"],
  [/invalid signature|signature is required/i, "invalid_signature"],
  [/internal server error|error creating room|database|shutting down/i, "server_error"],
];

/** Long enough for any sentence of the protocol with a room id in it; the rest of a hostile one is cut. */
const MAX_SENTENCE_LENGTH = 200;

/** An Error message's `data` as a failure: the code for programs, the server's own sentence for logs and details. */
export function failureOfSentence(data: string): RequestFailure {
  const message = data.replace(/\p{C}/gu, " ").trim().slice(0, MAX_SENTENCE_LENGTH) || "the server gave no reason";
  const code = meanings.find(([pattern]) => pattern.test(message))?.[1];
  if (code !== "already_created") return { code: code ?? "invalid_request", message };
  const roomId = /:\s*(\S+)\s*$/.exec(message)?.[1];
  return roomId && ROOM_ID_PATTERN.test(roomId) ? { code, message, roomId: roomId as RoomId } : { code, message };
}
