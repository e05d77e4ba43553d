import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Disposable } from "../../../shared/base/disposable.ts";
import { Emitter } from "../../../shared/base/emitter.ts";
import type { RandomBytes } from "../../../shared/base/random.ts";
import { FailureError, messageOf } from "../../../shared/base/result.ts";
import type { SecretStore, Vault, VaultEvents } from "../../../shared/identity/ports.ts";
import {
  type DurableFiles,
  deleteFileDurably,
  setFileAside,
  sweepTemporaryFiles,
  writeFileAtomic,
} from "../profile/atomic-file.ts";
import { ensurePrivateFolder } from "../profile/folder.ts";
import { readPrivateFile, unreadable } from "../secrets/private-file.ts";
import { createSerialQueue } from "../secrets/serial.ts";
import { DAMAGED, DOCUMENT_SUFFIX, MAX_DOCUMENT_BYTES, MAX_FILE_BYTES, vaultFolder } from "./layout.ts";
import { openDocument, sealDocument } from "./sealed-document.ts";
import { makeVaultKey, readVaultKey } from "./vault-key.ts";

const KEY_MISSING = "its key is not in the secret store";

export interface VaultOptions {
  readonly profileDir: string;
  /** Keeps the vault's key: 44 characters. */
  readonly secrets: SecretStore;
  readonly random: RandomBytes;
  readonly files?: DurableFiles;
}

/**
 * The vault of a profile: a file a document, each sealed under one key that the secret store keeps (sealed-document.ts). A
 * file a document, so that what happens to one costs no other. The caller holds the profile's lock.
 *
 * Against whoever can read the profile, a backup or the disk, but not the secret store. Whoever can write the profile can
 * still put an older state of a document in its place, which opens like the newest, or take it away.
 */
export function createVault(options: VaultOptions): Vault & Disposable {
  return new SealedVault(options);
}

class SealedVault implements Vault, Disposable {
  readonly events = new Emitter<VaultEvents>();
  readonly #options: VaultOptions;
  readonly #dir: string;
  readonly #serially = createSerialQueue();
  /** Documents known to open, or not to be there: they may be replaced. */
  readonly #sound = new Set<string>();
  #key: Uint8Array | undefined;
  #isSwept = false;

  constructor(options: VaultOptions) {
    this.#options = options;
    this.#dir = vaultFolder(options.profileDir);
  }

  get(name: string): Promise<string | undefined> {
    return this.#serially(() => this.#read(name));
  }

  set(name: string, text: string): Promise<void> {
    return this.#serially(async () => {
      // What is there may be damaged, and is then set aside and not written over.
      if (!this.#sound.has(name)) await this.#read(name);
      const path = this.#pathOf(name);
      if (Buffer.byteLength(text) > MAX_DOCUMENT_BYTES)
        throw unwritable(path, "it would be too large to be read again");
      await this.#makeFolder();
      const key = await this.#keyToWrite();
      try {
        await writeFileAtomic(path, sealDocument(name, text, key, this.#options.random), this.#options.files);
      } catch (error) {
        throw unwritable(path, messageOf(error));
      }
      this.#sound.add(name);
    });
  }

  delete(name: string): Promise<void> {
    return this.#serially(async () => {
      const path = this.#pathOf(name);
      try {
        await deleteFileDurably(path, this.#options.files);
      } catch (error) {
        throw unwritable(path, messageOf(error));
      }
      this.#sound.add(name);
    });
  }

  /** Wipes the key from memory once what was asked for is done; the next call would read it anew. */
  dispose(): void {
    void this.#serially(async () => {
      this.#key?.fill(0);
      this.#key = undefined;
    });
  }

  async #read(name: string): Promise<string | undefined> {
    const path = this.#pathOf(name);
    const file = await readPrivateFile(path, MAX_FILE_BYTES);
    if (file !== undefined) {
      this.#key ??= await readVaultKey(this.#options.secrets);
      const text = this.#key && openDocument(name, file, this.#key);
      if (text === undefined) {
        await this.#setAside(name, this.#key ? "it is damaged or sealed under another key" : KEY_MISSING);
        return undefined;
      }
      this.#sound.add(name);
      return text;
    }
    this.#sound.add(name);
    return undefined;
  }

  /** Under a new key nothing of before can be opened, so everything that is there is set aside first. */
  async #keyToWrite(): Promise<Uint8Array> {
    this.#key ??= await readVaultKey(this.#options.secrets);
    if (this.#key) return this.#key;
    const left = (await readdir(this.#dir)).filter((file) => file.endsWith(DOCUMENT_SUFFIX));
    for (const file of left) await this.#setAside(file.slice(0, -DOCUMENT_SUFFIX.length), KEY_MISSING);
    this.#key = await makeVaultKey(this.#options.secrets, this.#options.random);
    return this.#key;
  }

  async #setAside(name: string, problem: string): Promise<void> {
    const path = this.#pathOf(name);
    let movedTo: string;
    try {
      movedTo = await setFileAside(path, DAMAGED, this.#options.files);
    } catch (error) {
      throw unreadable(path, `${problem}, and it cannot be set aside: ${messageOf(error)}`);
    }
    this.#sound.add(name);
    const message = `${path} cannot be opened: ${problem}. It was set aside as ${movedTo}.`;
    this.events.emit("damaged", { code: "vault_damaged", message, name, movedTo });
  }

  /** Made at the first write: looking leaves no trace. */
  async #makeFolder(): Promise<void> {
    const folder = await ensurePrivateFolder(this.#dir);
    if (!folder.ok) throw new FailureError(folder.error);
    if (this.#isSwept) return;
    await sweepTemporaryFiles(this.#dir, Date.now());
    this.#isSwept = true;
  }

  #pathOf(name: string): string {
    // Names are this program's own; one that is not must not lead out of the folder.
    if (!/^[a-z-]{1,32}$/.test(name)) throw new Error(`no name of a document: ${JSON.stringify(name)}`);
    return join(this.#dir, `${name}${DOCUMENT_SUFFIX}`);
  }
}

function unwritable(path: string, why: string): FailureError {
  return new FailureError({ code: "unwritable", message: `${path} cannot be written: ${why}.` });
}
