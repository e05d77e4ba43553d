import { FailureError, messageOf } from "../../../shared/base/result.ts";
import type { SecretStore } from "../../../shared/identity/ports.ts";
import { writeFileAtomic } from "../profile/atomic-file.ts";
import { readPrivateFile, unreadable } from "./private-file.ts";
import { type Secrets, secretsFromJson, secretsToJson } from "./secrets-document.ts";
import { createSerialQueue } from "./serial.ts";

/**
 * Secrets in one file that only its owner may open (0600), not encrypted: for machines without a keychain. Backups
 * and whoever becomes this user can read it, which is why every start says that it is in use.
 * The file is read anew at each call, so that what another command has just moved or imported is seen.
 */
export function createFileSecretStore(path: string): SecretStore {
  const serially = createSerialQueue();
  const read = async (): Promise<Secrets> => {
    const text = await readPrivateFile(path);
    if (text === undefined) return new Map();
    const secrets = secretsFromJson(text);
    if (!secrets) throw unreadable(path, "it is damaged; restore it from a backup, or move it away to begin anew");
    return secrets;
  };
  const change = (edit: (secrets: Map<string, string>) => void) =>
    serially(async () => {
      const secrets = new Map(await read());
      edit(secrets);
      await writeSecretFile(path, secretsToJson(secrets));
    });
  return {
    kind: "file",
    get: (name) => serially(async () => (await read()).get(name)),
    set: (name, secret) => change((secrets) => secrets.set(name, secret)),
    delete: (name) => change((secrets) => secrets.delete(name)),
    names: () => serially(async () => [...(await read()).keys()]),
  };
}

/** @throws FailureError "unwritable" */
export async function writeSecretFile(path: string, text: string): Promise<void> {
  try {
    await writeFileAtomic(path, text);
  } catch (error) {
    throw new FailureError({ code: "unwritable", message: `${path} cannot be written: ${messageOf(error)}.` });
  }
}
