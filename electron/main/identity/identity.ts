import type { PublicKey } from "../../../shared/base/brand.ts";
import { base64, base64Bytes } from "../../../shared/base/bytes.ts";
import type { RandomBytes } from "../../../shared/base/random.ts";
import { type Failure, FailureError, fail, messageOf, ok, type Result } from "../../../shared/base/result.ts";
import {
  generateKeyPair,
  type KeyPair,
  keyPairFrom,
  SECRET_KEY_BYTES,
  type Signer,
  signerOf,
} from "../../../shared/identity/keys.ts";
import type { SecretStore } from "../../../shared/identity/ports.ts";

/** The name under which every store keeps the 32-byte Ed25519 seed, in standard base64. */
export const IDENTITY_SECRET = "identity";

export interface LoadedIdentity {
  readonly signer: Signer;
  /** Whether it was made just now, at the first run. */
  readonly created: boolean;
}

/**
 * This machine's identity, made at the first run. Fails as the store does, with "identity_corrupt" when what is stored
 * is no key, and with "identity_missing" when the store holds other secrets but not this one: a new identity would
 * have a new address and belong to no room, so one is made only where there has never been any.
 */
export async function loadIdentity(store: SecretStore, random: RandomBytes): Promise<Result<LoadedIdentity>> {
  try {
    const stored = await readIdentity(store);
    if (!stored.ok) return stored;
    if (stored.value) return ok({ signer: signerOf(stored.value), created: false });
    if ((await store.names()).length > 0) {
      return fail("identity_missing", "The store holds this profile's other secrets, but not its identity.");
    }
    const pair = generateKeyPair(random);
    await store.set(IDENTITY_SECRET, base64.encode(pair.secretKey));
    return ok({ signer: signerOf(pair), created: true });
  } catch (error) {
    return { ok: false, error: storeFailure(error) };
  }
}

/**
 * The public key of the stored identity, without making one. Undefined when there is none.
 */
export async function storedPublicKey(store: SecretStore): Promise<Result<PublicKey | undefined>> {
  try {
    const stored = await readIdentity(store);
    if (!stored.ok) return stored;
    stored.value?.secretKey.fill(0);
    return ok(stored.value?.publicKey);
  } catch (error) {
    return { ok: false, error: storeFailure(error) };
  }
}

/** The key pair itself, for this folder's own export and import; to be wiped by the caller. @throws as the store does. */
export async function readIdentity(
  store: SecretStore,
): Promise<Result<KeyPair | undefined, Failure<"identity_corrupt">>> {
  const text = await store.get(IDENTITY_SECRET);
  if (text === undefined) return ok(undefined);
  const secretKey = base64Bytes(text);
  if (secretKey?.length !== SECRET_KEY_BYTES) {
    return fail("identity_corrupt", "What the store holds as this profile's identity is not a key.");
  }
  return ok(keyPairFrom(secretKey));
}

export function storeFailure(error: unknown): Failure {
  if (error instanceof FailureError) return { code: error.code, message: error.message };
  return { code: "store_failed", message: messageOf(error) };
}
