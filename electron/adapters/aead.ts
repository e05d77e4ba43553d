import type { CipherGCM, DecipherGCM } from "node:crypto";
import { utf8 } from "../../shared/base/bytes.ts";

/** Of AES-GCM and of ChaCha20-Poly1305: 128 bits, the whole tag. */
export const TAG_BYTES = 16;

/** Encrypts a text with a cipher whose key, nonce and additional data are set. @returns the ciphertext, then the tag */
export function sealText(cipher: CipherGCM, text: string): Buffer {
  const plain = utf8.encode(text);
  const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  plain.fill(0);
  return sealed;
}

/** What `sealText` sealed, of TAG_BYTES at least. @throws for anything else, and where the text is no UTF-8 */
export function openText(decipher: DecipherGCM, sealed: Uint8Array): string {
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  // All of the text comes at once, before it is known to be true: `final` throws where it is not.
  const plain = decipher.update(sealed.subarray(0, -TAG_BYTES));
  try {
    decipher.final();
    return utf8.decode(plain);
  } finally {
    plain.fill(0);
  }
}
