import { getPublicKey, hashes, sign, verify } from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";
import type { PublicKey } from "../base/brand.ts";
import { base64, base64Bytes } from "../base/bytes.ts";
import type { RandomBytes } from "../base/random.ts";

hashes.sha512 = sha512;

export const SECRET_KEY_BYTES = 32;
export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** Signs bytes with the machine's own key, wherever the key is kept. The key itself is never handed out. */
export interface Signer {
  readonly publicKey: PublicKey;
  /** @returns the 64-byte Ed25519 signature (RFC 8032). */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** Checks an Ed25519 signature; false for anything malformed. A port, because the server has a faster one. */
export type VerifySignature = (publicKey: PublicKey, message: Uint8Array, signature: Uint8Array) => boolean;

/** A key pair in memory. `secretKey` is the 32-byte RFC 8032 seed: keep it in the process that made it. */
export interface KeyPair {
  readonly secretKey: Uint8Array;
  readonly publicKey: PublicKey;
}

export function generateKeyPair(random: RandomBytes): KeyPair {
  return keyPairFrom(random(SECRET_KEY_BYTES));
}

export function keyPairFrom(secretKey: Uint8Array): KeyPair {
  return { secretKey, publicKey: base64.encode(getPublicKey(secretKey)) as PublicKey };
}

export function signerOf(pair: KeyPair): Signer {
  return { publicKey: pair.publicKey, sign: async (message) => sign(message, pair.secretKey) };
}

/** Undefined unless `text` is 32 bytes in canonical standard base64. Whether it is a curve point shows at verification. */
export function parsePublicKey(text: string): PublicKey | undefined {
  const bytes = text.length === 44 ? base64Bytes(text) : undefined;
  return bytes?.length === PUBLIC_KEY_BYTES ? (text as PublicKey) : undefined;
}

export function publicKeyBytes(key: PublicKey): Uint8Array {
  return base64.decode(key);
}

export const verifySignature: VerifySignature = (publicKey, message, signature) => {
  try {
    return verify(signature, message, publicKeyBytes(publicKey));
  } catch {
    return false;
  }
};
