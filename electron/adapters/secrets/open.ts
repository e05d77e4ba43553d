import type { RandomBytes } from "../../../shared/base/random.ts";
import { type Failure, FailureError, fail, messageOf, ok, type Result } from "../../../shared/base/result.ts";
import type { SecretStore } from "../../../shared/identity/ports.ts";
import { secureRandom } from "../random.ts";
import { checkNewPassphrase } from "./envelope.ts";
import { createFileSecretStore } from "./file.ts";
import { createKeychainSecretStore, type KeychainOptions, probeKeychain } from "./keychain.ts";
import { createSealedFileSecretStore } from "./sealed-file.ts";
import {
  accountOf,
  findSecrets,
  plainFilePath,
  recordWhereabouts,
  type StoreKind,
  sealedFilePath,
  type Whereabouts,
} from "./whereabouts.ts";

export type StorePreference = "auto" | "keychain" | "file" | "sealed";

/** Something people should be told at every start. */
export interface SecretStoreWarning {
  readonly code: "secrets_in_plain_file" | "passphrase_not_used";
  readonly message: string;
}

export interface OpenedSecretStore {
  readonly store: SecretStore;
  readonly warning?: SecretStoreWarning;
}

/** The OS keychain, as far as opening one goes. A test passes a fake. */
export interface Keychain {
  probe(options: KeychainOptions): Promise<void>;
  open(options: KeychainOptions): SecretStore;
}

const systemKeychain: Keychain = { probe: probeKeychain, open: createKeychainSecretStore };

export interface OpenSecretStoreOptions {
  readonly profileDir: string;
  /** From GOVPN_PASSPHRASE or a prompt. */
  readonly passphrase?: string;
  /** Default "auto": a passphrase asks for the sealed file, else the keychain if it works, else a plain 0600 file. */
  readonly prefer?: StorePreference;
  /** Opens a store that has lost what was put into it, so that an identity can be imported. Default: that is a failure. */
  readonly allowMissing?: boolean;
  readonly random?: RandomBytes;
  readonly keychain?: Keychain;
  /** scrypt's cost as a power of two, for a new sealed file. */
  readonly log2N?: number;
}

/**
 * Opens the store that holds this profile's secrets, or chooses one at the first run. The choice sticks once something
 * has been stored: if that store cannot be opened later this fails ("keychain_locked", "keychain_unavailable",
 * "passphrase_needed", "wrong_passphrase", "unsafe_permissions", "secrets_missing", "secrets_elsewhere" ...) rather
 * than fall back to another, where a second identity would be made. `moveSecrets` changes the choice.
 */
export async function openSecretStore(options: OpenSecretStoreOptions): Promise<Result<OpenedSecretStore>> {
  try {
    const found = await findSecrets(options.profileDir);
    if (!found.ok) return found;
    return found.value ? await openRecorded(found.value, options) : await openFirst(options);
  } catch (error) {
    return { ok: false, error: failureOf(error) };
  }
}

async function openRecorded(at: Whereabouts, options: OpenSecretStoreOptions): Promise<Result<OpenedSecretStore>> {
  const { prefer = "auto", passphrase } = options;
  if (prefer !== "auto" && kindOf(prefer) !== at.store) {
    return fail(
      "secrets_elsewhere",
      `This profile's secrets are in the ${storeName(at.store)}, not the ${prefer} store.`,
    );
  }
  if (at.store === "sealed-file" && passphrase === undefined) {
    return fail("passphrase_needed", "This profile's secrets are sealed under a passphrase.");
  }
  const store = makeStore(at, options);
  // Reading now, rather than at the first use, is what tells a locked keychain or a wrong passphrase at once.
  const isEmpty = (await store.names()).length === 0;
  if (isEmpty && !options.allowMissing) {
    return fail("secrets_missing", `This profile's secrets were put in the ${storeName(at.store)}, and are not there.`);
  }
  const warning = warningFor(at.store, passphrase !== undefined);
  return ok({ store: recording(store, at, options.profileDir), ...(warning ? { warning } : {}) });
}

async function openFirst(options: OpenSecretStoreOptions): Promise<Result<OpenedSecretStore>> {
  const { prefer = "auto", passphrase, keychain = systemKeychain, profileDir } = options;
  const account = await accountOf(profileDir);
  const opened = (store: StoreKind, warning?: SecretStoreWarning): Result<OpenedSecretStore> => {
    const at = { store, account };
    return ok({ store: recording(makeStore(at, options), at, profileDir), ...(warning ? { warning } : {}) });
  };

  if (prefer === "sealed" || (prefer === "auto" && passphrase !== undefined)) {
    if (passphrase === undefined) return fail("passphrase_needed", "A sealed store needs a passphrase.");
    const checked = checkNewPassphrase(passphrase);
    return checked.ok ? opened("sealed-file") : checked;
  }
  if (prefer === "file") return opened("file", plainFileWarning("it was asked for"));
  try {
    await keychain.probe({ account });
    return opened("keychain");
  } catch (error) {
    const failure = failureOf(error);
    return prefer === "keychain" ? { ok: false, error: failure } : opened("file", plainFileWarning(failure.message));
  }
}

/** The store of a kind, not yet read. `at.store` "sealed-file" needs `options.passphrase`. */
export function makeStore(at: Whereabouts, options: OpenSecretStoreOptions): SecretStore {
  const { profileDir, passphrase = "", random = secureRandom, keychain = systemKeychain, log2N } = options;
  if (at.store === "keychain") return keychain.open({ account: at.account });
  if (at.store === "file") return createFileSecretStore(plainFilePath(profileDir));
  const cost = log2N === undefined ? {} : { log2N };
  return createSealedFileSecretStore({ path: sealedFilePath(profileDir), passphrase, random, ...cost });
}

/** Makes the choice of a store stick when the first secret is in it, and not before: looking must leave no trace. */
function recording(store: SecretStore, at: Whereabouts, profileDir: string): SecretStore {
  let recorded = false;
  return {
    kind: store.kind,
    get: (name) => store.get(name),
    delete: (name) => store.delete(name),
    names: () => store.names(),
    async set(name, secret) {
      await store.set(name, secret);
      if (recorded) return;
      await recordWhereabouts(profileDir, at);
      recorded = true;
    },
  };
}

/** "keychain", "0600 file", "sealed file": for sentences. */
export function storeName(store: StoreKind): string {
  return store === "keychain" ? "keychain" : store === "file" ? "plain file" : "sealed file";
}

export function kindOf(preference: Exclude<StorePreference, "auto">): StoreKind {
  return preference === "sealed" ? "sealed-file" : preference;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof FailureError) return { code: error.code, message: error.message };
  return { code: "unreadable", message: messageOf(error) };
}

function warningFor(store: StoreKind, hasPassphrase: boolean): SecretStoreWarning | undefined {
  if (store === "file") return plainFileWarning();
  if (store === "keychain" && hasPassphrase) {
    return {
      code: "passphrase_not_used",
      message: "This profile's secrets are in the keychain, so the passphrase given was not used.",
    };
  }
  return undefined;
}

function plainFileWarning(why?: string): SecretStoreWarning {
  const because = why ? ` (${why.replace(/\.$/, "")})` : "";
  return {
    code: "secrets_in_plain_file",
    message: `This machine's secret key lies unencrypted in a file that only this user may read${because}.`,
  };
}
