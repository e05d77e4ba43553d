import { createHash } from "node:crypto";
import { homedir, tmpdir, userInfo } from "node:os";
import { join, posix, resolve, win32 } from "node:path";
import { ok, type Result } from "../../../shared/base/result.ts";
import { ensurePrivateFolder, type FolderFailure } from "./folder.ts";

/** The parts of the machine that decide where things lie; a test passes its own. */
export interface PathEnvironment {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly tmp: string;
}

export function machinePaths(): PathEnvironment {
  return { platform: process.platform, env: process.env, home: homedir(), tmp: tmpdir() };
}

/**
 * Where a profile lies unless `--profile` says otherwise: $XDG_DATA_HOME/govpn or ~/.local/share/govpn on Linux (XDG
 * Base Directory 0.8: a relative value is ignored), ~/Library/Application Support/GoVPN on macOS, %APPDATA%\GoVPN on Windows.
 */
export function defaultProfileDir(machine: PathEnvironment = machinePaths()): string {
  const { platform, env, home } = machine;
  if (platform === "win32") return win32.join(env.APPDATA ?? win32.join(home, "AppData", "Roaming"), "GoVPN");
  if (platform === "darwin") return posix.join(home, "Library", "Application Support", "GoVPN");
  const data = env.XDG_DATA_HOME;
  return posix.join(data?.startsWith("/") ? data : posix.join(home, ".local", "share"), "govpn");
}

/** sockaddr_un holds 104 bytes on macOS and 108 on Linux, with the final NUL; some room is left for a suffix. */
const MAX_SOCKET_PATH_BYTES = 100;
const CONTROL_SOCKET = "control.sock";

/**
 * Where the running `up` of a profile listens for commands. A Unix socket inside the profile's 0700 folder; when that
 * path would be too long for a socket address, one under $XDG_RUNTIME_DIR or a 0700 folder in the temporary folder; a
 * named pipe on Windows. The name follows from the profile's path alone, so that every command finds it. Whoever
 * holds the profile's lock may unlink what a crash left at this path.
 */
export async function controlSocketPath(
  profileDir: string,
  machine: PathEnvironment = machinePaths(),
): Promise<Result<string, FolderFailure>> {
  const { platform, env, tmp } = machine;
  if (platform === "win32") return ok(`\\\\.\\pipe\\govpn-${shortName(win32.resolve(profileDir).toLowerCase())}`);
  const dir = resolve(profileDir);
  const inside = join(dir, CONTROL_SOCKET);
  if (fits(inside)) return ok(inside);

  const name = `${shortName(dir)}.sock`;
  const runtime = env.XDG_RUNTIME_DIR;
  if (runtime?.startsWith("/")) {
    const path = join(runtime, "govpn", name);
    if (fits(path)) return inPrivateFolder(join(runtime, "govpn"), path);
  }
  const own = `govpn-${process.getuid?.() ?? userInfo().username}`;
  const folder = fits(join(tmp, own, name)) ? join(tmp, own) : join("/tmp", own);
  return inPrivateFolder(folder, join(folder, name));
}

/** The temporary folder is everyone's, so the folder in it is used only if it is ours and closed to others. */
async function inPrivateFolder(folder: string, path: string): Promise<Result<string, FolderFailure>> {
  const made = await ensurePrivateFolder(folder);
  return made.ok ? ok(path) : made;
}

/** Sixteen hex characters: short, and two profiles of one user do not meet in 64 bits. */
export function shortName(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES;
}
