import { access, realpath } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { type Failure, fail, messageOf, ok, type Result } from "../../../shared/base/result.ts";
import { errnoOf, writeFileAtomic } from "../profile/atomic-file.ts";
import { readPrivateFile } from "./private-file.ts";

export type StoreKind = "keychain" | "file" | "sealed-file";

/** Which store holds a profile's secrets. For a keychain, also what its items are filed under. */
export interface Whereabouts {
  readonly store: StoreKind;
  readonly account: string;
}

const RECORD_FILE = "secret-store.json";
const recordSchema = v.object({
  v: v.literal(1),
  store: v.picklist(["keychain", "file", "sealed-file"]),
  account: v.string(),
});

export const plainFilePath = (profileDir: string) => join(profileDir, "secrets.json");
export const sealedFilePath = (profileDir: string) => join(profileDir, "secrets.sealed.json");

/**
 * Where this profile's secrets were put, or undefined when it has none yet. What is recorded wins; without a record a
 * file of secrets speaks for itself. A damaged record fails: guessing could make a second identity beside the first.
 */
export async function findSecrets(
  profileDir: string,
): Promise<Result<Whereabouts | undefined, Failure<"secret_store_unknown">>> {
  const record = join(profileDir, RECORD_FILE);
  try {
    const text = await readPrivateFile(record);
    if (text !== undefined) {
      const { store, account } = v.parse(recordSchema, JSON.parse(text));
      return ok({ store, account });
    }
    const account = await accountOf(profileDir);
    if (await exists(sealedFilePath(profileDir))) return ok({ store: "sealed-file", account });
    if (await exists(plainFilePath(profileDir))) return ok({ store: "file", account });
    return ok(undefined);
  } catch (error) {
    const why = error instanceof SyntaxError || error instanceof v.ValiError ? "it is damaged" : messageOf(error);
    return fail("secret_store_unknown", `${record} says where this profile's secrets are, but ${why}.`);
  }
}

/** @throws what the file system throws */
export async function recordWhereabouts(profileDir: string, { store, account }: Whereabouts): Promise<void> {
  const text = `${JSON.stringify({ v: 1, store, account }, null, 2)}\n`;
  await writeFileAtomic(join(profileDir, RECORD_FILE), text);
}

/**
 * The account of a new profile: the folder's real path. It can be found again if the record is lost, and it tells
 * people in their keychain's own window which profile an item belongs to.
 */
export function accountOf(profileDir: string): Promise<string> {
  return realpath(profileDir);
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}
