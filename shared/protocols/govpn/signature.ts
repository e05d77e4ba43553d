import type { PublicKey } from "../../base/brand.ts";
import { base64, base64Bytes, utf8 } from "../../base/bytes.ts";
import type { Signer, VerifySignature } from "../../identity/keys.ts";
import type { ClientMessage, Unsigned } from "./messages.ts";

/**
 * The reference's "Signature Generation": the message with `signature` set to "", serialized to JSON, signed with
 * Ed25519, in standard base64. JSON has no canonical form, so the verifier accepts the forms that honest clients make:
 *
 * 1. the frame's own text with the value of `signature` cut out: right for every client that serializes the signed
 *    copy and the sent message alike, whatever its spaces, escapes and number formats (Python's `json.dumps`);
 * 2. the received key order with `signature` blanked, as `JSON.stringify` writes it (what JavaScript clients sign, and we);
 * 3. the same without `signature`;
 * 4. and 5. Go's encoding/json of the server's own struct, with `signature` empty and without it.
 *
 * Every form says what the parsed message says, so none of them lets a signature vouch for other content.
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

/**
 * The byte strings of which a received message may be the signed form, the likeliest first.
 * @param text the frame itself, where it is at hand: then its own form comes first and usually is the last one needed.
 */
export function* signedForms(received: Readonly<Record<string, unknown>>, text?: string): Generator<Uint8Array> {
  const cut = text === undefined ? undefined : cutSignature(text, received.signature);
  if (cut !== undefined) yield utf8.encode(cut);
  const blanked = JSON.stringify({ ...received, signature: "" });
  if (blanked !== cut) yield utf8.encode(blanked);
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
  text?: string,
): boolean {
  const signature = base64Bytes(message.signature);
  if (signature?.length !== 64) return false;
  const key: PublicKey = message.public_key;
  for (const form of signedForms(received, text)) if (verify(key, form, signature)) return true;
  return false;
}

/**
 * The frame's text with an empty `signature`; undefined when the value does not stand in it exactly once, as a
 * `"signature"` member. A second occurrence (in a nested object, in another field) could be the one that was parsed.
 */
function cutSignature(text: string, signature: unknown): string | undefined {
  if (typeof signature !== "string" || signature === "") return undefined;
  for (const written of writtenForms(signature)) {
    const start = text.indexOf(written);
    if (start < 0) continue;
    const end = start + written.length;
    const alone = text[end] === '"' && !text.includes(written, end);
    // The name, a colon and white space: 40 characters reach back over any sane indentation.
    return alone && /"signature"\s*:\s*"$/.test(text.slice(Math.max(0, start - 40), start))
      ? text.slice(0, start) + text.slice(end)
      : undefined;
  }
  return undefined;
}

/** How JSON writers put base64 down: as it is, with PHP's escaped slash, with .NET's escaped plus. */
function* writtenForms(signature: string): Generator<string> {
  yield signature;
  if (signature.includes("/")) yield signature.replaceAll("/", "\\/");
  if (signature.includes("+")) yield signature.replaceAll("+", "\\u002B");
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
