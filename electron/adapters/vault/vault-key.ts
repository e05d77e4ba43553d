import { base64, base64Bytes } from "../../../shared/base/bytes.ts";
import type { RandomBytes } from "../../../shared/base/random.ts";
import { FailureError } from "../../../shared/base/result.ts";
import type { SecretStore } from "../../../shared/identity/ports.ts";
import { VAULT_KEY_BYTES } from "./sealed-document.ts";

/** The name under which every store keeps the vault's key, in standard base64: it moves with the other secrets. */
export const VAULT_KEY_SECRET = "vault_key";
/** Where a text that is no key is kept when a new key takes its place. */
const UNUSABLE_KEY_SECRET = "vault_key_unusable";

/** Undefined when the store has none, or something that is no key. @throws FailureError as the store does */
export async function readVaultKey(secrets: SecretStore): Promise<Uint8Array | undefined> {
  const text = await secrets.get(VAULT_KEY_SECRET);
  const key = text === undefined ? undefined : base64Bytes(text);
  return key?.length === VAULT_KEY_BYTES ? key : undefined;
}

/** Makes a key and puts it where the next start finds it. @throws FailureError as the store does */
export async function makeVaultKey(secrets: SecretStore, random: RandomBytes): Promise<Uint8Array> {
  const unusable = await secrets.get(VAULT_KEY_SECRET);
  if (unusable !== undefined) await secrets.set(UNUSABLE_KEY_SECRET, unusable);
  const key = random(VAULT_KEY_BYTES);
  const text = base64.encode(key);
  await secrets.set(VAULT_KEY_SECRET, text);
  // A store that takes a key and does not keep it would cost every document at the next start.
  if ((await secrets.get(VAULT_KEY_SECRET)) !== text) {
    key.fill(0);
    throw new FailureError({ code: "not_kept", message: "The secret store did not keep the vault's key." });
  }
  return key;
}
