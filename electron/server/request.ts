import type { PublicKey } from "../../shared/base/brand.ts";
import { parsePublicKey } from "../../shared/identity/keys.ts";
import { parseFrame } from "../../shared/protocols/govpn/codec.ts";
import {
  MAX_CONNECTION_ID_LENGTH,
  MAX_MESSAGE_ID_LENGTH,
  MAX_ROOM_NAME_LENGTH,
  MAX_SIGNAL_LENGTH,
  MAX_USERNAME_LENGTH,
  PIN_PATTERN,
  ROOM_ID_PATTERN,
} from "../../shared/protocols/govpn/limits.ts";
import type { ClientMessage, ClientMessageType } from "../../shared/protocols/govpn/messages.ts";
import { type Refusal, refusal } from "./refusal.ts";

/** A frame that says something this server understands; its signature is still to be checked. */
export interface Request {
  readonly ok: true;
  readonly message: ClientMessage;
  /** The frame as it came, which is what was signed. */
  readonly received: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export interface BadRequest {
  readonly ok: false;
  readonly refusal: Refusal;
  /** Echoed with the Error wherever it could be read. */
  readonly messageId: string | undefined;
}

/** Every field of the protocol is a string. Fields that it does not know may hold more, but not towers of brackets. */
const MAX_DEPTH = 8;

type Fields = Readonly<Record<string, unknown>>;
type Check = (fields: Fields, boundKey: PublicKey | undefined) => Refusal | undefined;

/** Base64 of 64 bytes is 88 characters. */
const MAX_SIGNATURE_LENGTH = 128;
/** Of a field's name that the client made up. */
const MAX_NAME_SHOWN = 32;
/** Line breaks and terminal escapes in a name would let it forge what others see on their screens and in logs. */
const controlCharacter = /\p{Cc}/u;

/**
 * Reads one text frame: JSON, a known type, the fields of that type, and that a signature is there, in this order;
 * the first thing wrong decides the sentence. Written out by hand because every field has the reference's own
 * sentence, and because offers and candidates pass here some ten thousand times a second.
 * @param boundKey the key that this connection has proved already: it need not be decoded again.
 */
export function readRequest(text: string, boundKey?: PublicKey): Request | BadRequest {
  const frame = parseFrame(text);
  if (!frame.ok) return bad(refusal(frame.error.code === "too_large" ? "tooLarge" : "notJson"));
  const received = frame.value;
  const messageId = typeof received.message_id === "string" ? received.message_id : undefined;
  if (messageId !== undefined && messageId.length > MAX_MESSAGE_ID_LENGTH)
    return bad(refusal("invalidField", "message_id"));

  // To sign it, the frame is written out again, and that may not run out of stack.
  const tower = Object.keys(received).find((name) => isDeeper(received[name], MAX_DEPTH));
  if (tower !== undefined) return bad(refusal("invalidField", tower.slice(0, MAX_NAME_SHOWN)), messageId);
  const check = typeof received.type === "string" ? checks.get(received.type) : undefined;
  if (!check) return bad(refusal("unknownType"), messageId);
  const wrong = check(received, boundKey) ?? checkSignatureField(received);
  if (wrong) return bad(wrong, messageId);
  return { ok: true, message: asMessage(received), received, text };
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return depth === 0 || Object.values(value).some((each) => isDeeper(each, depth - 1));
}

function bad(why: Refusal, messageId?: string): BadRequest {
  return { ok: false, refusal: why, messageId };
}

/** Every field was checked; what is left is to trim names and to forget an empty username. */
function asMessage(received: Fields): ClientMessage {
  if (received.room_name === undefined && received.username === undefined) return received as ClientMessage;
  const trimmed: Record<string, unknown> = { ...received };
  if (typeof trimmed.room_name === "string") trimmed.room_name = trimmed.room_name.trim();
  if (typeof trimmed.username === "string") trimmed.username = trimmed.username.trim() || undefined;
  return trimmed as ClientMessage;
}

function checkCreateRoom(fields: Fields, boundKey: PublicKey | undefined): Refusal | undefined {
  if (isMissing(fields.room_name) || isMissing(fields.password) || isMissing(fields.public_key)) {
    return refusal("createFieldsRequired");
  }
  return (
    checkRoomName(fields, "createFieldsRequired") ??
    checkKey(fields, boundKey) ??
    checkPin(fields) ??
    checkUsername(fields)
  );
}

function checkJoinRoom(fields: Fields, boundKey: PublicKey | undefined): Refusal | undefined {
  return checkKey(fields, boundKey) ?? checkRoomId(fields) ?? checkPin(fields) ?? checkUsername(fields);
}

function checkLeaveRoom(fields: Fields, boundKey: PublicKey | undefined): Refusal | undefined {
  return checkKey(fields, boundKey) ?? (isMissing(fields.room_id) ? undefined : checkRoomId(fields));
}

/** Kick and HandOver: a member of a room. */
function checkTarget(fields: Fields, boundKey: PublicKey | undefined): Refusal | undefined {
  return checkKey(fields, boundKey) ?? checkRoomId(fields) ?? checkPeerId(fields, "target_id", "targetRequired");
}

function checkRename(fields: Fields, boundKey: PublicKey | undefined): Refusal | undefined {
  return checkKey(fields, boundKey) ?? checkRoomId(fields) ?? checkRoomName(fields, "roomNameRequired");
}

function checkRelayed(signal: "offer" | "answer" | "candidate"): Check {
  return (fields, boundKey) => {
    const wrong =
      checkKey(fields, boundKey) ?? checkRoomId(fields) ?? checkPeerId(fields, "destination_id", "destinationRequired");
    if (wrong) return wrong;
    const value = fields[signal];
    if (isMissing(value)) return refusal("signalRequired", signal);
    return typeof value === "string" && value.length <= MAX_SIGNAL_LENGTH ? undefined : refusal("invalidField", signal);
  };
}

const checks: ReadonlyMap<string, Check> = new Map<ClientMessageType, Check>([
  ["CreateRoom", checkCreateRoom],
  ["JoinRoom", checkJoinRoom],
  ["LeaveRoom", checkLeaveRoom],
  ["Offer", checkRelayed("offer")],
  ["Answer", checkRelayed("answer")],
  ["Candidate", checkRelayed("candidate")],
  ["Kick", checkTarget],
  ["Rename", checkRename],
  ["HandOver", checkTarget],
]);

/** Go clients leave empty fields out, others send them empty or null: all say that nothing is there. */
function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

function checkKey({ public_key: key }: Fields, boundKey: PublicKey | undefined): Refusal | undefined {
  if (key === boundKey && key !== undefined) return undefined;
  if (isMissing(key)) return refusal("publicKeyRequired");
  return typeof key === "string" && parsePublicKey(key) ? undefined : refusal("invalidPublicKey");
}

function checkRoomId({ room_id: id }: Fields): Refusal | undefined {
  if (isMissing(id)) return refusal("roomIdRequired");
  return typeof id === "string" && ROOM_ID_PATTERN.test(id) ? undefined : refusal("invalidRoomId");
}

function checkPin({ password: pin }: Fields): Refusal | undefined {
  if (isMissing(pin)) return refusal("signalRequired", "password");
  if (typeof pin !== "string") return refusal("invalidField", "password");
  return PIN_PATTERN.test(pin) ? undefined : refusal("pinPattern");
}

function checkRoomName(
  { room_name: name }: Fields,
  missing: "createFieldsRequired" | "roomNameRequired",
): Refusal | undefined {
  if (isMissing(name)) return refusal(missing);
  if (typeof name !== "string" || controlCharacter.test(name)) return refusal("invalidField", "room_name");
  const trimmed = name.trim();
  if (trimmed === "") return refusal(missing);
  return trimmed.length <= MAX_ROOM_NAME_LENGTH ? undefined : refusal("roomNameTooLong");
}

function checkUsername({ username }: Fields): Refusal | undefined {
  if (isMissing(username)) return undefined;
  if (typeof username !== "string" || controlCharacter.test(username)) return refusal("invalidField", "username");
  return username.trim().length <= MAX_USERNAME_LENGTH ? undefined : refusal("usernameTooLong");
}

function checkPeerId(
  fields: Fields,
  name: "target_id" | "destination_id",
  missing: "targetRequired" | "destinationRequired",
): Refusal | undefined {
  const id = fields[name];
  if (isMissing(id)) return refusal(missing);
  return typeof id === "string" && id.length <= MAX_CONNECTION_ID_LENGTH ? undefined : refusal("invalidField", name);
}

function checkSignatureField({ signature, message_id: messageId }: Fields): Refusal | undefined {
  if (isMissing(signature)) return refusal("signatureRequired");
  if (typeof signature !== "string" || signature.length > MAX_SIGNATURE_LENGTH) return refusal("invalidSignature");
  return messageId === undefined || messageId === null || typeof messageId === "string"
    ? undefined
    : refusal("invalidField", "message_id");
}
