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

/** What a crash-safe write asks of the file system. A test passes one that fails, or whose power is cut, at any of it. */
export interface DurableFiles {
  open(path: string, flags: string, mode?: number): Promise<DurableFile>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
}

export interface DurableFile {
  writeFile(content: string, encoding: "utf8"): Promise<void>;
  /** fsync: what was written is on the disk once this resolves. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

const systemFiles: DurableFiles = { open, rename, unlink };

/**
 * Replaces a file so that a crash or a power cut at any instant leaves either the old content or the new, never a mix:
 * a new file beside it, fsync, rename over it, fsync of the folder. The file is readable by its owner alone (0600).
 * @throws what the file system throws (ENOSPC, EACCES, EROFS ...); then the old content still stands.
 */
export async function writeFileAtomic(path: string, content: string, files = systemFiles): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}${TEMPORARY_SUFFIX}`;
  try {
    // "wx": never follow or reuse what someone else may have put at that name.
    const file = await files.open(temporary, "wx", PRIVATE_FILE_MODE);
    try {
      await file.writeFile(content, "utf8");
      await file.sync();
    } finally {
      await file.close();
    }
    await renameOver(temporary, path, files);
  } catch (error) {
    await files.unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path), files);
}

/** Deletes a file so that a power cut does not bring it back. One that is not there is no failure. */
export async function deleteFileDurably(path: string, files = systemFiles): Promise<void> {
  try {
    await files.unlink(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return;
    throw error;
  }
  await syncFolder(dirname(path), files);
}

/**
 * Moves a file that cannot be used out of the way, so that nothing of it is lost: `NAME.MARK-TIME`.
 * @returns where it lies now
 */
export async function setFileAside(path: string, mark: string, files = systemFiles): Promise<string> {
  const movedTo = `${path}.${mark}-${new Date().toISOString().replaceAll(":", "-")}`;
  await files.rename(path, movedTo);
  await syncFolder(dirname(path), files);
  return movedTo;
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
export async function syncFolder(dir: string, files = systemFiles): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await files.open(dir, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function renameOver(from: string, to: string, files: DurableFiles): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await files.rename(from, to);
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
