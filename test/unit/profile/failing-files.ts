import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import type { DurableFile, DurableFiles } from "../../../electron/adapters/profile/atomic-file.ts";

export interface FailingFiles extends DurableFiles {
  /** Calls so far. */
  readonly calls: number;
  /** Closes what was left open: a process's descriptors go with it. */
  release(): Promise<void>;
}

/** The real file system, of which one call fails, or after which nothing more happens, as when the process is killed. */
export function failing(at: number, how: "throws" | "dies"): FailingFiles {
  const opened: FileHandle[] = [];
  const files = {
    calls: 0,
    release: async () => {
      for (const file of opened) await file.close().catch(() => undefined);
    },
  };
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    const isHit = how === "throws" ? files.calls === at : files.calls >= at;
    files.calls++;
    if (!isHit) return work();
    if (how === "dies") return new Promise<never>(() => {});
    throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  };
  return Object.assign(files, {
    open: (path: string, flags: string, mode?: number) =>
      call(async (): Promise<DurableFile> => {
        const file = await open(path, flags, mode);
        opened.push(file);
        return {
          writeFile: (content, encoding) => call(() => file.writeFile(content, encoding)),
          sync: () => call(() => file.sync()),
          close: () => call(() => file.close()),
        };
      }),
    rename: (from: string, to: string) => call(() => rename(from, to)),
    unlink: (path: string) => call(() => unlink(path)),
  });
}

/** Until the call that never returns has been made. */
export async function reached(files: FailingFiles, call: number): Promise<void> {
  while (files.calls <= call) await new Promise((resolve) => setImmediate(resolve));
}
