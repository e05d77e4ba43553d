import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fail, messageOf, ok, type Result } from "../../../shared/base/result.ts";
import { lockFile, type ProfileLock } from "../../adapters/profile/lock.ts";

const DATABASE_FILE = "rooms.db";
const LOCK_FILE = "server.lock";

export interface ServerFolder {
  /** The room database. */
  readonly file: string;
  readonly lock: ProfileLock;
}

/**
 * Where a signaling server's rooms lie, and the lock that keeps a second server away from them: each would hold its own
 * idea of them. Fails with "data_in_use".
 */
export async function openServerFolder(path: string): Promise<Result<ServerFolder>> {
  const folder = resolve(path);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    return fail("unwritable", `The folder ${folder} cannot be made: ${messageOf(error)}.`);
  }
  const lock = await lockFile(join(folder, LOCK_FILE));
  if (lock.ok) return ok({ file: join(folder, DATABASE_FILE), lock: lock.value });
  const { code, message, pid } = lock.error;
  if (code !== "profile_in_use") return fail(code, message);
  const who = pid === undefined ? "another server" : `another server (process ${pid})`;
  return fail("data_in_use", `The rooms in ${folder} are in use by ${who}.`);
}
