import { access } from "node:fs/promises";
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import type { SecretStore } from "../../../shared/identity/ports.ts";
import { deleteFileDurably, setFileAside } from "../profile/atomic-file.ts";
import { secureRandom } from "../random.ts";
import { checkNewPassphrase } from "./envelope.ts";
import { failureOf, kindOf, makeStore, type OpenSecretStoreOptions, openSecretStore, storeName } from "./open.ts";
import { createSealedFileSecretStore } from "./sealed-file.ts";
import {
  findSecrets,
  plainFilePath,
  recordWhereabouts,
  type StoreKind,
  sealedFilePath,
  type Whereabouts,
} from "./whereabouts.ts";

export interface MoveSecretsOptions extends Omit<OpenSecretStoreOptions, "prefer" | "allowMissing"> {
  readonly to: "keychain" | "file" | "sealed";
  /** For `to: "sealed"`. `passphrase` opens a store that is sealed now. */
  readonly newPassphrase?: string;
}

export interface MovedSecrets {
  readonly from: StoreKind;
  readonly to: StoreKind;
  /** How many secrets were moved. */
  readonly count: number;
}

/**
 * Moves a profile's secrets to another store, or seals them under a new passphrase. Everything is copied and read back
 * before the record points at the new store, and deleted from the old one only then: a crash on the way leaves the
 * old store in charge, or both complete. The caller holds the profile's lock.
 */
export async function moveSecrets(options: MoveSecretsOptions): Promise<Result<MovedSecrets>> {
  try {
    const found = await findSecrets(options.profileDir);
    if (!found.ok) return found;
    if (!found.value) return fail("nothing_to_move", "This profile has no secrets yet.");
    const opened = await openSecretStore({ ...options, prefer: "auto" });
    if (!opened.ok) return opened;
    const to = kindOf(options.to);
    if (to === "sealed-file") {
      const checked = checkNewPassphrase(options.newPassphrase ?? "");
      if (!checked.ok) return checked;
    }
    if (to !== found.value.store) return await moveTo(to, found.value, opened.value.store, options);
    if (to === "sealed-file") return await reseal(options);
    return fail("already_there", `This profile's secrets are in the ${storeName(to)} already.`);
  } catch (error) {
    return { ok: false, error: failureOf(error) };
  }
}

async function moveTo(
  to: StoreKind,
  from: Whereabouts,
  source: SecretStore,
  options: MoveSecretsOptions,
): Promise<Result<MovedSecrets>> {
  const { profileDir, newPassphrase, passphrase: _opensTheOld, ...rest } = options;
  const target: Whereabouts = { store: to, account: from.account };
  await setAsideLeftover(filePathOf(to, profileDir));
  const store = makeStore(target, { ...rest, profileDir, ...(newPassphrase ? { passphrase: newPassphrase } : {}) });
  const names = await source.names();
  for (const name of names) {
    const secret = await source.get(name);
    if (secret === undefined) continue;
    await store.set(name, secret);
    if ((await store.get(name)) !== secret) {
      return fail("not_kept", `The ${storeName(to)} did not keep what it was given; nothing was moved.`);
    }
  }
  await recordWhereabouts(profileDir, target);
  await clear(from.store, source, names, profileDir);
  return ok({ from: from.store, to, count: names.length });
}

async function reseal(options: MoveSecretsOptions): Promise<Result<MovedSecrets>> {
  const { profileDir, passphrase = "", newPassphrase = "", random = secureRandom, log2N } = options;
  const cost = log2N === undefined ? {} : { log2N };
  const store = createSealedFileSecretStore({ path: sealedFilePath(profileDir), passphrase, random, ...cost });
  await store.reseal(newPassphrase);
  return ok({ from: "sealed-file", to: "sealed-file", count: (await store.names()).length });
}

async function clear(store: StoreKind, source: SecretStore, names: readonly string[], dir: string): Promise<void> {
  const path = filePathOf(store, dir);
  if (path === undefined) {
    for (const name of names) await source.delete(name);
    return;
  }
  await deleteFileDurably(path);
}

/** A file that an interrupted move left, or that someone put there, is not the record's: it is kept, out of the way. */
async function setAsideLeftover(path: string | undefined): Promise<void> {
  if (path === undefined) return;
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  await setFileAside(path, "old");
}

function filePathOf(store: StoreKind, profileDir: string): string | undefined {
  if (store === "keychain") return undefined;
  return store === "file" ? plainFilePath(profileDir) : sealedFilePath(profileDir);
}
