import type { ClientMessageOf, ServerMessage, ServerMessageType, Unsigned } from "../protocols/govpn/messages.ts";
import { failureOfSentence, type RequestFailureCode } from "./failures.ts";

/** The messages that are answered. The others (Offer, Answer, Candidate) are only relayed. */
export type RequestType = "CreateRoom" | "JoinRoom" | "LeaveRoom" | "Kick" | "Rename" | "HandOver";
export type RequestMessage = Unsigned<ClientMessageOf<RequestType>>;
export type SignalMessage = Unsigned<ClientMessageOf<"Offer" | "Answer" | "Candidate">>;

const replyTypes = {
  CreateRoom: ["RoomCreated"],
  JoinRoom: ["RoomJoined"],
  // An owner's leaving deletes the room; a server may confirm it as either.
  LeaveRoom: ["LeaveRoomSuccess", "DeleteSuccess"],
  Kick: ["KickSuccess"],
  Rename: ["RenameSuccess"],
  HandOver: ["HandOverSuccess"],
} as const satisfies Record<RequestType, readonly ServerMessageType[]>;

export type ReplyTo<T extends RequestType> = Extract<ServerMessage, { type: (typeof replyTypes)[T][number] }>;

/** Which requests a refusal can be about, for servers that do not say. Codes that are not here fit any request. */
const refusable: Partial<Record<RequestFailureCode, readonly RequestType[]>> = {
  wrong_pin: ["JoinRoom"],
  room_full: ["JoinRoom"],
  already_created: ["CreateRoom"],
  room_id_conflict: ["CreateRoom"],
  rate_limited: ["CreateRoom", "JoinRoom"],
  room_missing: ["JoinRoom", "LeaveRoom", "Kick", "Rename", "HandOver"],
  not_in_room: ["LeaveRoom", "Kick", "Rename", "HandOver"],
  peer_missing: ["Kick", "HandOver"],
  not_owner: ["Kick", "Rename", "HandOver"],
  peer_owns_room: ["HandOver"],
  // The other messages are the reference's own.
  not_supported: ["HandOver"],
};

export interface AwaitingReply {
  readonly id: string;
  readonly message: RequestMessage;
}

/** Whether a server message is the kind of answer that this request gets, about the same room. */
export function answers(reply: ServerMessage, request: RequestMessage): boolean {
  if (reply.type === "Error") {
    const types = refusable[failureOfSentence(reply.data).code];
    return types === undefined || types.includes(request.type);
  }
  if (!(replyTypes[request.type] as readonly string[]).includes(reply.type)) return false;
  const asked = "room_id" in request ? request.room_id : undefined;
  const told = "room_id" in reply ? reply.room_id : undefined;
  return asked === undefined || told === undefined || asked === told;
}

/**
 * Finds the request that a server message answers: by its message id; and where a server does not echo ids, by type
 * and room, if exactly one request fits.
 * @returns undefined when it answers none (a push, a late reply, or an error about a relayed message).
 */
export function requestAnsweredBy<P extends AwaitingReply>(reply: ServerMessage, awaiting: Iterable<P>): P | undefined {
  const id = "message_id" in reply ? reply.message_id : undefined;
  const fitting: P[] = [];
  for (const request of awaiting) {
    if (id ? request.id === id : answers(reply, request.message)) fitting.push(request);
  }
  return fitting.length === 1 ? fitting[0] : undefined;
}
