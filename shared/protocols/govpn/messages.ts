import * as v from "valibot";
import type { PublicKey } from "../../base/brand.ts";
import { parsePublicKey } from "../../identity/keys.ts";
import {
  MAX_CONNECTION_ID_LENGTH,
  MAX_DATA_LENGTH,
  MAX_FRAME_BYTES,
  MAX_MESSAGE_ID_LENGTH,
  MAX_ROOM_NAME_LENGTH,
  MAX_SIGNAL_LENGTH,
  MAX_USERNAME_LENGTH,
  PIN_PATTERN,
  ROOM_ID_PATTERN,
} from "./limits.ts";

/**
 * The messages of the GoVPN signaling protocol. Source: "GoVPN WebSocket Server API Documentation"; docs/protocol.md
 * says what this implementation decided where that is silent. Field order here is the order we send, and so sign.
 */

const roomId = v.pipe(v.string(), v.regex(ROOM_ID_PATTERN));
const roomName = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(MAX_ROOM_NAME_LENGTH));
const username = v.pipe(v.string(), v.trim(), v.maxLength(MAX_USERNAME_LENGTH));
const pin = v.pipe(v.string(), v.regex(PIN_PATTERN));
const signal = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_SIGNAL_LENGTH));
const peerId = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_CONNECTION_ID_LENGTH));
const data = v.pipe(v.string(), v.maxLength(MAX_DATA_LENGTH));
const publicKey = v.custom<PublicKey>((text) => typeof text === "string" && parsePublicKey(text) !== undefined);

const messageId = { message_id: v.optional(v.pipe(v.string(), v.maxLength(MAX_MESSAGE_ID_LENGTH))) };
const signed = { public_key: publicKey, signature: v.pipe(v.string(), v.maxLength(128)), ...messageId };

const clientSchemas = {
  CreateRoom: v.object({
    type: v.literal("CreateRoom"),
    room_name: roomName,
    password: pin,
    username: v.optional(username),
    ...signed,
  }),
  JoinRoom: v.object({
    type: v.literal("JoinRoom"),
    room_id: roomId,
    password: pin,
    username: v.optional(username),
    ...signed,
  }),
  LeaveRoom: v.object({ type: v.literal("LeaveRoom"), room_id: v.optional(roomId), ...signed }),
  Offer: v.object({ type: v.literal("Offer"), room_id: roomId, destination_id: peerId, offer: signal, ...signed }),
  Answer: v.object({ type: v.literal("Answer"), room_id: roomId, destination_id: peerId, answer: signal, ...signed }),
  Candidate: v.object({
    type: v.literal("Candidate"),
    room_id: roomId,
    destination_id: peerId,
    candidate: signal,
    ...signed,
  }),
  Kick: v.object({ type: v.literal("Kick"), room_id: roomId, target_id: peerId, ...signed }),
  Rename: v.object({ type: v.literal("Rename"), room_id: roomId, room_name: roomName, ...signed }),
  /** Ours, not the reference's: makes another member the room's owner. */
  HandOver: v.object({ type: v.literal("HandOver"), room_id: roomId, target_id: peerId, ...signed }),
};

/** What `signature` covers is decided in signature.ts; here it is only a string. */
export const ClientMessage = v.variant("type", [
  clientSchemas.CreateRoom,
  clientSchemas.JoinRoom,
  clientSchemas.LeaveRoom,
  clientSchemas.Offer,
  clientSchemas.Answer,
  clientSchemas.Candidate,
  clientSchemas.Kick,
  clientSchemas.Rename,
  clientSchemas.HandOver,
]);
export type ClientMessage = v.InferOutput<typeof ClientMessage>;
export type ClientMessageType = ClientMessage["type"];
export type ClientMessageOf<T extends ClientMessageType> = Extract<ClientMessage, { type: T }>;
export const clientMessageTypes = Object.keys(clientSchemas) as readonly ClientMessageType[];

/** A client message before it is signed: what the caller decides. */
export type Unsigned<M extends ClientMessage = ClientMessage> = M extends ClientMessage
  ? Omit<M, "public_key" | "signature" | "message_id">
  : never;

/**
 * Server messages are read with tolerance: a field that the reference does not promise may be missing, one it does
 * not know is ignored. `connection_id` and `reason` are extras of our server.
 */
const connectionId = { connection_id: v.optional(peerId) };
const relayed = { room_id: v.optional(roomId), public_key: publicKey, ...connectionId };

export const ServerMessage = v.variant("type", [
  v.object({ type: v.literal("Error"), data: v.optional(data, ""), ...messageId }),
  v.object({
    type: v.literal("RoomCreated"),
    room_id: roomId,
    room_name: v.optional(v.string()),
    password: v.optional(v.string()),
    ...messageId,
  }),
  v.object({ type: v.literal("RoomJoined"), room_id: roomId, room_name: v.optional(v.string()), ...messageId }),
  v.object({ type: v.literal("RoomDeleted"), room_id: roomId, data: v.optional(data) }),
  v.object({ type: v.literal("RoomRenamed"), room_id: roomId, room_name: v.string() }),
  v.object({
    type: v.literal("PeerJoined"),
    room_id: roomId,
    public_key: publicKey,
    username: v.optional(v.string()),
    ...connectionId,
  }),
  v.object({
    type: v.literal("PeerLeft"),
    room_id: roomId,
    public_key: publicKey,
    /** Ours: "left" and "kicked" are final, after "disconnected" the member may come back. */
    reason: v.optional(v.picklist(["left", "kicked", "disconnected"])),
    ...connectionId,
  }),
  v.object({ type: v.literal("Kicked"), room_id: roomId, data: v.optional(data) }),
  v.object({ type: v.literal("KickSuccess"), room_id: roomId, target_id: v.optional(v.string()), ...messageId }),
  v.object({ type: v.literal("RenameSuccess"), room_id: roomId, room_name: v.optional(v.string()), ...messageId }),
  v.object({ type: v.literal("HandOverSuccess"), room_id: roomId, target_id: v.optional(v.string()), ...messageId }),
  v.object({ type: v.literal("DeleteSuccess"), room_id: roomId, ...messageId }),
  v.object({ type: v.literal("LeaveRoomSuccess"), room_id: v.optional(roomId), ...messageId }),
  v.object({ type: v.literal("Offer"), offer: signal, ...relayed }),
  v.object({ type: v.literal("Answer"), answer: signal, ...relayed }),
  v.object({ type: v.literal("Candidate"), candidate: signal, ...relayed }),
]);
export type ServerMessage = v.InferOutput<typeof ServerMessage>;
export type ServerMessageType = ServerMessage["type"];

/** The widest frame a client accepts from a server: the largest relayed message, with room for its wrapping. */
export const MAX_SERVER_FRAME_BYTES = MAX_FRAME_BYTES + 4096;
