import type { PublicKey } from "../../base/brand.ts";
import { base64, base64Bytes, utf8 } from "../../base/bytes.ts";
import type { Signer, VerifySignature } from "../../identity/keys.ts";
import type { ClientMessage, Unsigned } from "./messages.ts";

/**
 * The reference's "Signature Generation": the message with `signature` set to "", serialized to JSON, signed with
 * Ed25519, in standard base64. JSON has no canonical form, so the verifier accepts the forms that honest clients make:
 *
 * 1. the received key order with `signature` blanked (what JavaScript clients sign, and we);
 * 2. the same without `signature`;
 * 3. and 4. Go's encoding/json of the server's own struct, with `signature` empty and without it.
 */

/** The order of the Go server's struct. Empty fields are left out there (`omitempty`). */
const goFieldOrder = [
  "type",
  "room_id",
  "room_name",
  "public_key",
  "password",
  "destination_id",
  "target_id",
  "username",
  "offer",
  "answer",
  "candidate",
  "data",
  "signature",
  "message_id",
] as const;

/**
 * Signs a message and gives the frame to send.
 * @param messageId travels as `message_id`; the reply carries it back.
 */
export async function signFrame(message: Unsigned, messageId: string, signer: Signer): Promise<string> {
  const unsigned = { ...message, public_key: signer.publicKey, message_id: messageId, signature: "" };
  const signature = await signer.sign(utf8.encode(JSON.stringify(unsigned)));
  return JSON.stringify({ ...unsigned, signature: base64.encode(signature) });
}

/** The byte strings of which a received message may be the signed form, the likeliest first. */
export function* signedForms(received: Readonly<Record<string, unknown>>): Generator<Uint8Array> {
  yield utf8.encode(JSON.stringify({ ...received, signature: "" }));
  const { signature: _, ...bare } = received;
  yield utf8.encode(JSON.stringify(bare));
  yield utf8.encode(goJson(bare));
  yield utf8.encode(goJson({ ...bare, signature: "" }, true));
}

/**
 * Whether `received` (the parsed frame, its keys in the order received) was signed by the key it names.
 * @returns the message's verdict; a malformed signature is just a wrong one.
 */
export function verifyMessage(
  received: Readonly<Record<string, unknown>>,
  message: Pick<ClientMessage, "public_key" | "signature">,
  verify: VerifySignature,
): boolean {
  const signature = base64Bytes(message.signature);
  if (signature?.length !== 64) return false;
  const key: PublicKey = message.public_key;
  for (const form of signedForms(received)) if (verify(key, form, signature)) return true;
  return false;
}

function goJson(fields: Readonly<Record<string, unknown>>, keepSignature = false): string {
  const ordered: Record<string, unknown> = {};
  for (const name of goFieldOrder) {
    const value = fields[name];
    if (value !== undefined && (value !== "" || (keepSignature && name === "signature"))) ordered[name] = value;
  }
  return goEscape(JSON.stringify(ordered));
}

/** What Go's encoding/json escapes and JSON.stringify does not: HTML characters and the two line separators. */
function goEscape(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
