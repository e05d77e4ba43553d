import { type FileHandle, open, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import koffi from "koffi";
import { messageOf, ok, type Result } from "../../../shared/base/result.ts";
import { PRIVATE_FILE_MODE } from "./atomic-file.ts";
import { shortName } from "./paths.ts";

/** Held from `up` to its end, or to the end of its process, however that comes. */
export interface ProfileLock {
  release(): Promise<void>;
}

export interface LockFailure {
  readonly code: "profile_in_use" | "lock_unavailable";
  readonly message: string;
  /** The process that holds it, where it could be read. */
  readonly pid?: number;
}

/**
 * Takes the profile for this process. The lock is the kernel's own (flock on Unix, the first instance of a named pipe
 * on Windows): it goes when its process goes, even by SIGKILL, so there are no stale locks to judge by pid, and no
 * moment at which two processes both think they took one over. The file's content only tells people who holds it.
 * The file is never deleted: a lock on a file that another process has just unlinked would guard nothing.
 */
export function lockFile(path: string): Promise<Result<ProfileLock, LockFailure>> {
  return process.platform === "win32" ? lockByPipe(path) : lockByFlock(path);
}

const LOCK_EX = 2;
const LOCK_NB = 4;

type Flock = (fd: number, operation: number) => number;
let flockFunction: Flock | undefined;

/** flock(2) is in the C library that Node has already loaded, whatever that library is called here. */
function flock(): Flock {
  flockFunction ??= koffi.load(null).func("int flock(int fd, int operation)");
  return flockFunction;
}

async function lockByFlock(path: string): Promise<Result<ProfileLock, LockFailure>> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, "a+", PRIVATE_FILE_MODE);
    if (flock()(file.fd, LOCK_EX | LOCK_NB) !== 0) {
      const errno = koffi.errno();
      const { EWOULDBLOCK } = koffi.os.errno;
      await file.close();
      return errno === EWOULDBLOCK ? await inUse(path) : unavailable(path, `flock failed (errno ${errno})`);
    }
    await file.truncate(0);
    await file.write(`${process.pid}\n`);
    return ok(lockHeldBy(file));
  } catch (error) {
    await file?.close().catch(() => undefined);
    return unavailable(path, messageOf(error));
  }
}

/** Closing the one open description gives the lock back. */
function lockHeldBy(file: FileHandle): ProfileLock {
  let released: Promise<void> | undefined;
  return {
    release() {
      released ??= file.close();
      return released;
    },
  };
}

async function inUse(path: string): Promise<{ readonly ok: false; readonly error: LockFailure }> {
  const pid = Number.parseInt(await readFile(path, "utf8").catch(() => ""), 10);
  const who = Number.isInteger(pid) ? `process ${pid}` : "another process";
  const message = `This profile is in use by ${who}.`;
  return {
    ok: false,
    error: { code: "profile_in_use", message, ...(Number.isInteger(pid) ? { pid } : {}) },
  };
}

function unavailable(path: string, why: string): { readonly ok: false; readonly error: LockFailure } {
  return { ok: false, error: { code: "lock_unavailable", message: `The profile cannot be locked (${path}): ${why}.` } };
}

function lockByPipe(path: string): Promise<Result<ProfileLock, LockFailure>> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) =>
      resolve(error.code === "EADDRINUSE" ? inUse(path) : unavailable(path, error.message)),
    );
    server.listen(`\\\\.\\pipe\\govpn-lock-${shortName(path.toLowerCase())}`, async () => {
      server.unref();
      const file = await open(path, "w", PRIVATE_FILE_MODE).catch(() => undefined);
      await file?.write(`${process.pid}\n`);
      await file?.close();
      resolve(ok({ release: () => new Promise<void>((done) => server.close(() => done())) }));
    });
  });
}
