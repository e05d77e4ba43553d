import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { lockFile } from "../../../electron/adapters/profile/lock.ts";
import { useTemporaryFolder } from "./temporary-folder.ts";

const folder = useTemporaryFolder();
const lockPath = () => join(folder(), "lock");

describe("the lock of a profile", () => {
  it("is taken once, and names its holder to whoever comes second", async () => {
    const first = await lockFile(lockPath());
    expect(first.ok).toBe(true);
    expect(await lockFile(lockPath())).toEqual({
      ok: false,
      error: { code: "profile_in_use", message: `This profile is in use by process ${process.pid}.`, pid: process.pid },
    });
    if (first.ok) await first.value.release();
  });

  it("can be taken again after its release, which may be asked for twice", async () => {
    const first = await lockFile(lockPath());
    if (!first.ok) throw new Error(first.error.message);
    await first.value.release();
    await first.value.release();
    const second = await lockFile(lockPath());
    expect(second.ok).toBe(true);
    if (second.ok) await second.value.release();
  });

  it("goes to exactly one of many that want it at the same moment", async () => {
    const attempts = await Promise.all(Array.from({ length: 10 }, () => lockFile(lockPath())));
    const winners = attempts.filter((attempt) => attempt.ok);
    expect(winners).toHaveLength(1);
    for (const winner of winners) if (winner.ok) await winner.value.release();
  });

  it("is not held by a file that a crash left, even when a process with that pid lives", async () => {
    writeFileSync(lockPath(), `${process.pid}\n`);
    const lock = await lockFile(lockPath());
    expect(lock.ok).toBe(true);
    if (lock.ok) await lock.value.release();
  });

  it.runIf(process.platform !== "win32")(
    "keeps another process out, and is free the instant it is killed",
    async () => {
      const holder = await startHolder(lockPath());
      expect(await lockFile(lockPath())).toMatchObject({
        ok: false,
        error: { code: "profile_in_use", pid: holder.pid },
      });
      const ended = once(holder, "exit");
      holder.kill("SIGKILL");
      await ended;
      const lock = await lockFile(lockPath());
      expect(lock.ok).toBe(true);
      expect(readFileSync(lockPath(), "utf8")).toBe(`${process.pid}\n`);
      if (lock.ok) await lock.value.release();
    },
  );

  it("says why when no lock can be had at all", async () => {
    expect(await lockFile(join(folder(), "absent", "lock"))).toMatchObject({
      ok: false,
      error: { code: "lock_unavailable", message: expect.stringContaining("ENOENT") },
    });
  });
});

/** Another program that honours flock: that is the whole protocol. */
async function startHolder(path: string): Promise<ChildProcess> {
  const script = `
    const koffi = require(${JSON.stringify(createRequire(import.meta.url).resolve("koffi"))});
    const fs = require("node:fs");
    const fd = fs.openSync(process.argv[1], "a+", 0o600);
    const result = koffi.load(null).func("int flock(int fd, int operation)")(fd, 2 | 4);
    fs.writeSync(fd, process.pid + "\\n");
    console.log(result);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["-e", script, path], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [said] = await once(child.stdout, "data");
  expect(String(said)).toBe("0\n");
  return child;
}
