import { randomBytes } from "node:crypto";
import { open, readdir, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Only the owner may read or write: what lies in a profile is nobody else's business. */
export const PRIVATE_FILE_MODE = 0o600;
const TEMPORARY_SUFFIX = ".tmp";
/** A temporary file older than this was left by a crash: no write takes an hour. */
const ABANDONED_AFTER_MS = 3_600_000;
/** Windows refuses a rename while a virus scanner holds the target open; it lets go within tens of milliseconds. */
const RENAME_ATTEMPTS = 6;
const RENAME_RETRY_MS = 25;

/**
 * Replaces a file so that a crash or a power cut at any instant leaves either the old content or the new, never a mix:
 * a new file beside it, fsync, rename over it, fsync of the folder. The file is readable by its owner alone (0600).
 * @throws what the file system throws (ENOSPC, EACCES, EROFS ...); then the old content still stands.
 */
export async function writeFileAtomic(path: string, content: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}${TEMPORARY_SUFFIX}`;
  try {
    // "wx": never follow or reuse what someone else may have put at that name.
    const file = await open(temporary, "wx", PRIVATE_FILE_MODE);
    try {
      await file.writeFile(content, "utf8");
      await file.sync();
    } finally {
      await file.close();
    }
    await renameOver(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Deletes what interrupted writes left behind. Failing to is harmless, so it never throws. */
export async function sweepTemporaryFiles(dir: string, now: number): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  for (const name of names) {
    if (!name.endsWith(TEMPORARY_SUFFIX)) continue;
    const path = join(dir, basename(name));
    const info = await stat(path).catch(() => undefined);
    if (info && now - info.mtimeMs > ABANDONED_AFTER_MS) await unlink(path).catch(() => undefined);
  }
}

/** Makes a rename or a deletion in `dir` survive a power cut. Windows has no such call, and orders them itself. */
export async function syncFolder(dir: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(dir, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function renameOver(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await rename(from, to);
    } catch (error) {
      const code = errnoOf(error);
      const mayPass = process.platform === "win32" && (code === "EPERM" || code === "EACCES" || code === "EBUSY");
      if (!mayPass || attempt === RENAME_ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, RENAME_RETRY_MS * attempt));
    }
  }
}

/** The system's name of what went wrong ("ENOENT"), if the thrown thing has one. */
export function errnoOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
}
