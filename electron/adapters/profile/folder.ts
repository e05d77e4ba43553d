import { chmod, mkdir, readdir, stat } from "node:fs/promises";
import { messageOf, ok, type Result } from "../../../shared/base/result.ts";
import { errnoOf } from "./atomic-file.ts";

const PRIVATE_FOLDER_MODE = 0o700;
const OTHERS_BITS = 0o077;
const STICKY_BIT = 0o1000;

export type FolderFailureCode = "profile_unusable" | "profile_not_ours" | "profile_open_to_others";
export interface FolderFailure {
  readonly code: FolderFailureCode;
  readonly message: string;
  readonly dir: string;
}

/**
 * Makes sure that `dir` is a folder that only this user can look into (0700), creating it if need be.
 * A folder that others can reach is tightened only while it is empty: `--profile /etc` must not lock the machine's
 * users out of /etc. On Windows the folder's inherited access list (the user's own AppData) is trusted instead.
 */
export async function ensurePrivateFolder(dir: string): Promise<Result<void, FolderFailure>> {
  try {
    await mkdir(dir, { recursive: true, mode: PRIVATE_FOLDER_MODE });
    return await checkFolder(dir);
  } catch (error) {
    const why = errnoOf(error) === "EEXIST" ? "it is not a folder" : messageOf(error);
    return failure("profile_unusable", dir, `The profile folder ${dir} cannot be used: ${why}.`);
  }
}

async function checkFolder(dir: string): Promise<Result<void, FolderFailure>> {
  if (process.platform === "win32") return ok(undefined);
  const info = await stat(dir);
  if (info.uid !== process.getuid?.()) {
    return failure("profile_not_ours", dir, `The profile folder ${dir} belongs to another user (uid ${info.uid}).`);
  }
  if ((info.mode & OTHERS_BITS) === 0) return ok(undefined);
  const isShared = (info.mode & STICKY_BIT) !== 0;
  if (!isShared && (await readdir(dir)).length === 0) {
    await chmod(dir, PRIVATE_FOLDER_MODE);
    return ok(undefined);
  }
  const mode = (info.mode & 0o777).toString(8);
  return failure("profile_open_to_others", dir, `The profile folder ${dir} is open to other users (mode ${mode}).`);
}

function failure(
  code: FolderFailureCode,
  dir: string,
  message: string,
): { readonly ok: false; readonly error: FolderFailure } {
  return { ok: false, error: { code, message, dir } };
}
