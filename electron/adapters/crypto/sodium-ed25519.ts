/**
 * Checks an Ed25519 signature over `message`, on the calling thread.
 * @param signature 64 bytes. @param publicKey 32 bytes.
 */
export type VerifyBytes = (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) => boolean;

/**
 * Ed25519 by libsodium, which takes about 0.6 of OpenSSL's time. It also refuses keys and curve points of small order,
 * under which a signature would hold for any message; RFC 8032 leaves that open, and no honest key is one.
 * @returns undefined where there is no binary for this platform (sodium-native ships none for musl).
 */
export async function loadSodiumVerify(): Promise<VerifyBytes | undefined> {
  try {
    const { default: sodium } = await import("sodium-native");
    return (signature, message, publicKey) => sodium.crypto_sign_verify_detached(signature, message, publicKey);
  } catch {
    return undefined;
  }
}
