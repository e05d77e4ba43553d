import { constants } from "node:fs";
import { access, stat, statfs } from "node:fs/promises";
import { errnoOf } from "./atomic-file.ts";

/** A profile's folder as it is, without making or changing anything. */
export interface ProfileState {
  readonly isFolder: boolean;
  readonly isOurs: boolean;
  /** Whether other users are kept out. On Windows the inherited access list is trusted. */
  readonly isPrivate: boolean;
  readonly isWritable: boolean;
  /** Bytes that this user may still write there. */
  readonly freeBytes: number;
}

/** Undefined where there is no such folder yet. @throws what the file system throws, EACCES on the way to it included */
export async function inspectProfile(dir: string): Promise<ProfileState | undefined> {
  try {
    const info = await stat(dir);
    const disk = await statfs(dir);
    const isUnix = process.platform !== "win32";
    return {
      isFolder: info.isDirectory(),
      isOurs: !isUnix || info.uid === process.getuid?.(),
      isPrivate: !isUnix || (info.mode & 0o077) === 0,
      isWritable: await access(dir, constants.W_OK).then(
        () => true,
        () => false,
      ),
      freeBytes: disk.bavail * disk.bsize,
    };
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
