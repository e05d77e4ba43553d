import type { DurableFile, DurableFiles } from "../../electron/adapters/profile/atomic-file.ts";

/** One file's content: what was written, and what of it a power cut cannot take. */
interface Inode {
  written: string;
  synced: string;
}

/** A change of the folder that is not on the disk before the folder is synced. */
type FolderChange = (folder: Map<string, Inode>) => void;

export class PowerCut extends Error {}

/**
 * A disk as pessimistic as POSIX allows: what is written may be lost, whole or in part, until its file is synced, and a
 * new name, a rename or a deletion until the folder is, each on its own. `cutAt` takes the power before so many calls.
 */
export class FakeDisk implements DurableFiles {
  /** Calls so far. */
  calls = 0;
  /** The power is cut instead of this call, counted from 0. */
  cutAt = Number.POSITIVE_INFINITY;
  readonly #synced = new Map<string, Inode>();
  #pending: FolderChange[] = [];

  /** A file that lies there since long ago. */
  put(path: string, content: string): void {
    this.#synced.set(path, { written: content, synced: content });
  }

  async open(path: string, flags: string): Promise<DurableFile> {
    this.#call();
    if (flags === "r") return this.#folder();
    const inode: Inode = { written: "", synced: "" };
    this.#pending.push((folder) => folder.set(path, inode));
    return {
      writeFile: async (content) => {
        this.#call();
        inode.written = content;
      },
      sync: async () => {
        this.#call();
        inode.synced = inode.written;
      },
      close: async () => this.#call(),
    };
  }

  async rename(from: string, to: string): Promise<void> {
    this.#call();
    const inode = this.#now().get(from);
    if (!inode) throw new Error(`ENOENT: ${from}`);
    this.#pending.push((folder) => {
      folder.delete(from);
      folder.set(to, inode);
    });
  }

  async unlink(path: string): Promise<void> {
    this.#call();
    this.#pending.push((folder) => void folder.delete(path));
  }

  /** What may be found at `path` when the power comes back: every content that is possible. */
  contentsAfterCut(path: string): Set<string | undefined> {
    const found = new Set<string | undefined>();
    for (let kept = 0; kept < 2 ** this.#pending.length; kept++) {
      const folder = new Map(this.#synced);
      for (const [i, change] of this.#pending.entries()) if (kept & (1 << i)) change(folder);
      const inode = folder.get(path);
      found.add(inode?.synced);
      // What was not synced may be there in part.
      if (inode && inode.written !== inode.synced) {
        for (const length of [0, inode.written.length >> 1, inode.written.length])
          found.add(inode.written.slice(0, length));
      }
    }
    return found;
  }

  #folder(): DurableFile {
    return {
      writeFile: async () => {
        throw new Error("EISDIR");
      },
      sync: async () => {
        this.#call();
        for (const change of this.#pending) change(this.#synced);
        this.#pending = [];
      },
      close: async () => this.#call(),
    };
  }

  #now(): Map<string, Inode> {
    const folder = new Map(this.#synced);
    for (const change of this.#pending) change(folder);
    return folder;
  }

  #call(): void {
    if (this.calls >= this.cutAt) throw new PowerCut();
    this.calls++;
  }
}
