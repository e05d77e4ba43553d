import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { SecretStore } from "../../../shared/identity/ports.ts";
import { errnoOf } from "../profile/atomic-file.ts";
import { readPrivateFile } from "../secrets/private-file.ts";
import { DAMAGED, DOCUMENT_SUFFIX, MAX_FILE_BYTES, vaultFolder } from "./layout.ts";
import { openDocument } from "./sealed-document.ts";
import { readVaultKey } from "./vault-key.ts";

/** A profile's vault as it lies there. */
export interface VaultState {
  readonly dir: string;
  /** The names of the documents that open. */
  readonly documents: readonly string[];
  /** The names of those that do not: the next start sets them aside. */
  readonly unopenable: readonly string[];
  /** Files that were set aside. */
  readonly setAside: readonly string[];
}

/** Looks at every document and changes nothing. @throws as the secret store and the file system do */
export async function inspectVault(profileDir: string, secrets: SecretStore): Promise<VaultState> {
  const dir = vaultFolder(profileDir);
  const files = await readdir(dir).catch((error) => {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  });
  const names = files
    .filter((file) => file.endsWith(DOCUMENT_SUFFIX))
    .map((file) => file.slice(0, -DOCUMENT_SUFFIX.length));
  const key = names.length > 0 ? await readVaultKey(secrets) : undefined;
  const opens = async (name: string): Promise<boolean> => {
    const file = await readPrivateFile(join(dir, `${name}${DOCUMENT_SUFFIX}`), MAX_FILE_BYTES);
    // Deleted since.
    if (file === undefined) return true;
    return key !== undefined && openDocument(name, file, key) !== undefined;
  };
  const documents: string[] = [];
  const unopenable: string[] = [];
  for (const name of names.sort()) ((await opens(name)) ? documents : unopenable).push(name);
  key?.fill(0);
  const setAside = files.filter((file) => file.includes(`${DOCUMENT_SUFFIX}.${DAMAGED}-`)).sort();
  return { dir, documents, unopenable, setAside };
}
