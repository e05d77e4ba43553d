import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { FailureError, messageOf } from "../../../shared/base/result.ts";
import { errnoOf } from "../profile/atomic-file.ts";

const OTHERS_BITS = 0o077;
/** Secrets are short; a file of megabytes at that name is not ours, and would only cost memory to parse. */
const MAX_SECRETS_FILE_BYTES = 4 * 1024 * 1024;

/**
 * The text of a file that holds secrets, or undefined when there is none. What others could have read or written is
 * refused: a key that was readable may be known, and one that was writable may be somebody else's.
 * @throws FailureError "unsafe_permissions", "unsafe_owner" or "unreadable".
 */
export async function readPrivateFile(path: string, maxBytes = MAX_SECRETS_FILE_BYTES): Promise<string | undefined> {
  let file: FileHandle;
  try {
    // O_NOFOLLOW: a link would have us judge, and later replace, two different files. Windows does not know it (0).
    file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    if (errnoOf(error) === "ELOOP") throw unreadable(path, "it is a symbolic link");
    throw unreadable(path, messageOf(error));
  }
  try {
    await checkPrivate(path, file, maxBytes);
    return await file.readFile("utf8");
  } catch (error) {
    throw error instanceof FailureError ? error : unreadable(path, messageOf(error));
  } finally {
    await file.close();
  }
}

async function checkPrivate(path: string, file: FileHandle, maxBytes: number): Promise<void> {
  const info = await file.stat();
  if (!info.isFile()) throw unreadable(path, "it is not a file");
  if (info.size > maxBytes) throw unreadable(path, "it is too large to be ours");
  if (process.platform === "win32") return;
  if (info.uid !== process.getuid?.()) {
    throw new FailureError({
      code: "unsafe_owner",
      message: `${path} holds secrets but belongs to another user (uid ${info.uid}), so it is not used.`,
    });
  }
  if ((info.mode & OTHERS_BITS) !== 0) {
    const mode = (info.mode & 0o777).toString(8).padStart(3, "0");
    throw new FailureError({
      code: "unsafe_permissions",
      message: `${path} holds secrets but other users may open it (mode ${mode}), so it is not used. Run: chmod 600 ${path}`,
    });
  }
}

export function unreadable(path: string, why: string): FailureError {
  return new FailureError({ code: "unreadable", message: `${path} cannot be used: ${why}.` });
}
