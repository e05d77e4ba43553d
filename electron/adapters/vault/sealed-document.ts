import { createCipheriv, createDecipheriv } from "node:crypto";
import * as v from "valibot";
import { base64, base64Bytes, utf8 } from "../../../shared/base/bytes.ts";
import type { RandomBytes } from "../../../shared/base/random.ts";
import { openText, sealText, TAG_BYTES } from "../aead.ts";

/**
 * One document of the vault as it lies on the disk: AES-256-GCM (NIST SP 800-38D) under the vault's key. The name, the
 * version and the nonce are authenticated with it, so that one document cannot be put in the place of another.
 *
 *   {"v":1,"name":"rooms","cipher":{"name":"aes-256-gcm","nonce":B64},"ciphertext":B64}
 *
 * AES-GCM and not the ChaCha20-Poly1305 of libsodium's world, because Electron's Node is built on BoringSSL, which has no
 * such cipher for `createCipheriv`. A nonce is drawn at every write: with 96 random bits two of 2^32 writes are alike with
 * a chance of 2^-33 (SP 800-38D, 8.3), and a vault is written some hundred times a day.
 */
const CIPHER = "aes-256-gcm";
export const VAULT_KEY_BYTES = 32;
const NONCE_BYTES = 12;

const Document = v.strictObject({
  v: v.literal(1),
  name: v.string(),
  cipher: v.strictObject({ name: v.literal(CIPHER), nonce: v.string() }),
  ciphertext: v.string(),
});

export function sealDocument(name: string, text: string, key: Uint8Array, random: RandomBytes): string {
  const nonce = random(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(authenticated(name, nonce));
  const sealed = sealText(cipher, text);
  const document: v.InferOutput<typeof Document> = {
    v: 1,
    name,
    cipher: { name: CIPHER, nonce: base64.encode(nonce) },
    ciphertext: base64.encode(sealed),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Undefined when the text is not exactly what was sealed as `name` under this key: cut, changed, exchanged or another's. */
export function openDocument(name: string, file: string, key: Uint8Array): string | undefined {
  try {
    const { cipher, ciphertext } = v.parse(Document, JSON.parse(file));
    const [nonce, sealed] = [base64Bytes(cipher.nonce), base64Bytes(ciphertext)];
    if (nonce?.length !== NONCE_BYTES || !sealed || sealed.length < TAG_BYTES) return undefined;
    const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
    // The name asked for, and not the one in the file.
    decipher.setAAD(authenticated(name, nonce));
    return openText(decipher, sealed);
  } catch {
    // The cause would quote what is in the file.
    return undefined;
  }
}

function authenticated(name: string, nonce: Uint8Array): Uint8Array {
  return utf8.encode(JSON.stringify(["govpn vault", 1, name, CIPHER, base64.encode(nonce)]));
}
