import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { deleteFileDurably, setFileAside, writeFileAtomic } from "../../../electron/adapters/profile/atomic-file.ts";
import { FakeDisk, PowerCut } from "../../fakes/disk.ts";
import { failing, reached } from "./failing-files.ts";
import { useTemporaryFolder } from "./temporary-folder.ts";

const FILE = "/profile/rooms";
const OLD = "what was there";
const NEW = "what is written now";

/** Does something to a disk whose power is cut before its first call, before its second, and so on until it gets through. */
async function cutEverywhere(
  before: string | undefined,
  work: (disk: FakeDisk) => Promise<unknown>,
  check: (found: Set<string | undefined>, isDone: boolean) => void,
): Promise<number> {
  for (let at = 0; ; at++) {
    const disk = new FakeDisk();
    if (before !== undefined) disk.put(FILE, before);
    disk.cutAt = at;
    const isDone = await work(disk).then(
      () => true,
      (error) => {
        expect(error).toBeInstanceOf(PowerCut);
        return false;
      },
    );
    check(disk.contentsAfterCut(FILE), isDone);
    if (isDone) return at;
  }
}

describe("a power cut while a file is replaced", () => {
  it.each([OLD, undefined])(
    "leaves what was there (%j) or the new, at every step, and the new once it is done",
    async (before) => {
      const steps = await cutEverywhere(
        before,
        (disk) => writeFileAtomic(FILE, NEW, disk),
        (found, isDone) => {
          expect([...found].filter((content) => content !== before && content !== NEW)).toEqual([]);
          if (isDone) expect([...found]).toEqual([NEW]);
        },
      );
      // Open, write, sync, close, rename; open, sync and close of the folder.
      expect(steps).toBe(8);
    },
  );

  it("would lose both if nothing were synced: the disk of this test is that bad", async () => {
    const worst = new Set<string | undefined>();
    const careless = async (disk: FakeDisk) => {
      const file = await disk.open(`${FILE}.tmp`, "wx");
      await file.writeFile(NEW, "utf8");
      await file.close();
      await disk.rename(`${FILE}.tmp`, FILE);
    };
    await cutEverywhere(OLD, careless, (found) => {
      for (const content of found) worst.add(content);
    });
    expect(worst).toContain("");
    expect(worst).toContain(NEW.slice(0, NEW.length >> 1));
  });
});

describe("a power cut while a file is deleted or set aside", () => {
  it("brings nothing back that was deleted", async () => {
    await cutEverywhere(
      OLD,
      (disk) => deleteFileDurably(FILE, disk),
      (found, isDone) => {
        if (isDone) expect([...found]).toEqual([undefined]);
      },
    );
  });

  it("leaves all of a file at the one name or the other", async () => {
    let movedTo = "";
    const work = async (disk: FakeDisk) => {
      movedTo = await setFileAside(FILE, "damaged", disk);
      expect([...disk.contentsAfterCut(movedTo)]).toEqual([OLD]);
    };
    await cutEverywhere(OLD, work, (found, isDone) => {
      expect([...found].filter((content) => content !== OLD && content !== undefined)).toEqual([]);
      if (isDone) expect([...found]).toEqual([undefined]);
    });
    expect(movedTo).toMatch(/^\/profile\/rooms\.damaged-\d{4}-/);
  });
});

describe("a disk that fails", () => {
  const folder = useTemporaryFolder();
  const at = (name: string) => join(folder(), name);

  it.each([0, 1, 2, 3, 4])("at call %i of a write leaves what was there, and no rest of the attempt", async (call) => {
    writeFileSync(at("rooms"), OLD);
    const files = failing(call, "throws");
    await expect(writeFileAtomic(at("rooms"), NEW, files)).rejects.toMatchObject({ code: "ENOSPC" });
    await files.release();
    expect(readFileSync(at("rooms"), "utf8")).toBe(OLD);
    expect(readdirSync(folder())).toEqual(["rooms"]);
  });

  it.each([5, 6, 7])("at call %i, after the rename, has the new, and says that it may not last", async (call) => {
    writeFileSync(at("rooms"), OLD);
    const files = failing(call, "throws");
    await expect(writeFileAtomic(at("rooms"), NEW, files)).rejects.toMatchObject({ code: "ENOSPC" });
    await files.release();
    expect(readFileSync(at("rooms"), "utf8")).toBe(NEW);
  });

  it("of a process that is killed at any call has what was there or the new, readable by its owner alone", async () => {
    for (let call = 0; call <= 8; call++) {
      await writeFileAtomic(at("rooms"), OLD);
      const files = failing(call, "dies");
      const ended = writeFileAtomic(at("rooms"), NEW, files);
      await Promise.race([ended, reached(files, call)]);
      await files.release();
      expect(readFileSync(at("rooms"), "utf8")).toBe(call < 5 ? OLD : NEW);
      expect(statSync(at("rooms")).mode & 0o777).toBe(0o600);
    }
  });
});
