import type { RandomBytes } from "../../../shared/base/random.ts";
import { FailureError } from "../../../shared/base/result.ts";
import type { SecretStore } from "../../../shared/identity/ports.ts";
import { newSealingKey, openEnvelope, parseEnvelope, type SealingKey, seal } from "./envelope.ts";
import { writeSecretFile } from "./file.ts";
import { readPrivateFile, unreadable } from "./private-file.ts";
import { type Secrets, secretsFromJson, secretsToJson } from "./secrets-document.ts";
import { createSerialQueue } from "./serial.ts";

export interface SealedFileSecretStore extends SecretStore {
  /** Seals everything anew under another passphrase, in one crash-safe step. */
  reseal(passphrase: string): Promise<void>;
}

export interface SealedFileOptions {
  readonly path: string;
  readonly passphrase: string;
  readonly random: RandomBytes;
  /** scrypt's cost as a power of two, for a new file. Tests choose a small one. */
  readonly log2N?: number;
}

/**
 * Secrets in one file encrypted under a passphrase (envelope.ts), also 0600. Nothing can be read or changed without
 * the passphrase that the file is sealed under: a wrong one rejects with "wrong_passphrase" and changes nothing.
 */
export function createSealedFileSecretStore(options: SealedFileOptions): SealedFileSecretStore {
  const { path, random, log2N } = options;
  const serially = createSerialQueue();
  let passphrase = options.passphrase;
  let sealing: SealingKey | undefined;

  const read = async (): Promise<Secrets> => {
    const text = await readPrivateFile(path);
    if (text === undefined) return new Map();
    const envelope = parseEnvelope(text);
    if (!envelope.ok) throw new FailureError({ ...envelope.error, message: `${path}: ${envelope.error.message}` });
    // The key in hand fits unless another command has changed the passphrase's salt since.
    const isKnown = sealing?.kdf.salt === envelope.value.kdf.salt;
    const opened = await openEnvelope(envelope.value, "secrets", isKnown && sealing ? sealing : { passphrase });
    if (!opened.ok) throw new FailureError({ ...opened.error, message: `${path}: ${opened.error.message}` });
    sealing = opened.value.sealing;
    const secrets = secretsFromJson(opened.value.text);
    if (!secrets) throw unreadable(path, "what is sealed in it is not ours");
    return secrets;
  };
  const write = async (secrets: Secrets, key: SealingKey): Promise<void> => {
    const envelope = seal(secretsToJson(secrets), "secrets", key, random);
    await writeSecretFile(path, `${JSON.stringify(envelope, null, 2)}\n`);
  };
  const change = (edit: (secrets: Map<string, string>) => void) =>
    serially(async () => {
      const secrets = new Map(await read());
      edit(secrets);
      sealing ??= await newSealingKey(passphrase, random, log2N);
      await write(secrets, sealing);
    });

  return {
    kind: "sealed-file",
    get: (name) => serially(async () => (await read()).get(name)),
    set: (name, secret) => change((secrets) => secrets.set(name, secret)),
    delete: (name) => change((secrets) => secrets.delete(name)),
    names: () => serially(async () => [...(await read()).keys()]),
    reseal: (next) =>
      serially(async () => {
        const secrets = await read();
        const key = await newSealingKey(next, random, log2N);
        await write(secrets, key);
        sealing?.key.fill(0);
        passphrase = next;
        sealing = key;
      }),
  };
}
