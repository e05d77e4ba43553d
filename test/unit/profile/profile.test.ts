import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { writeFileAtomic } from "../../../electron/adapters/profile/atomic-file.ts";
import { openProfile, type Profile } from "../../../electron/adapters/profile/profile.ts";
import { useTemporaryFolder } from "./temporary-folder.ts";

const folder = useTemporaryFolder();
const modeOf = (path: string) => statSync(path).mode & 0o777;
const schema = v.object({ server: v.string() });

async function open(dir: string): Promise<Profile> {
  const opened = await openProfile(dir);
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

describe("opening a profile", () => {
  it("makes the folder, for its owner alone", async () => {
    const profile = await open(join(folder(), "a", "b"));
    expect(modeOf(profile.dir)).toBe(0o700);
  });

  it("tightens an empty folder that others could read", async () => {
    const dir = join(folder(), "empty");
    mkdirSync(dir);
    chmodSync(dir, 0o755);
    await open(dir);
    expect(modeOf(dir)).toBe(0o700);
  });

  it("refuses a folder in use for other things that others can read, and leaves it as it is", async () => {
    const dir = join(folder(), "etc");
    mkdirSync(dir);
    writeFileSync(join(dir, "passwd"), "");
    chmodSync(dir, 0o755);
    expect(await openProfile(dir)).toMatchObject({ ok: false, error: { code: "profile_open_to_others", dir } });
    expect(modeOf(dir)).toBe(0o755);
  });

  it("refuses an empty folder that everybody shares, as /tmp is, and leaves it as it is", async () => {
    const dir = join(folder(), "tmp");
    mkdirSync(dir);
    chmodSync(dir, 0o1777);
    expect(await openProfile(dir)).toMatchObject({ ok: false, error: { code: "profile_open_to_others" } });
    expect(modeOf(dir)).toBe(0o777);
  });

  it("says so when a file stands in its place", async () => {
    const path = join(folder(), "file");
    writeFileSync(path, "");
    expect(await openProfile(path)).toMatchObject({
      ok: false,
      error: { code: "profile_unusable", message: expect.stringContaining("it is not a folder") },
    });
  });

  it("removes what an interrupted write left long ago, and not what another process is writing now", async () => {
    writeFileSync(join(folder(), "settings.json.aaaa.tmp"), "half");
    utimesSync(join(folder(), "settings.json.aaaa.tmp"), 1, 1);
    writeFileSync(join(folder(), "settings.json.bbbb.tmp"), "half");
    await open(folder());
    expect(readdirSync(folder())).toEqual(["settings.json.bbbb.tmp"]);
  });
});

describe("JSON files", () => {
  it("come back as they were written, readable by their owner alone", async () => {
    const profile = await open(folder());
    expect(await profile.writeJson("settings.json", { server: "ws://x" })).toEqual({ ok: true, value: undefined });
    expect(await profile.readJson("settings.json", schema)).toEqual({
      ok: true,
      value: { value: { server: "ws://x" } },
    });
    expect(modeOf(profile.path("settings.json"))).toBe(0o600);
    expect(readdirSync(folder())).toEqual(["settings.json"]);
  });

  it("are simply absent before the first write", async () => {
    const profile = await open(folder());
    expect(await profile.readJson("settings.json", schema)).toEqual({ ok: true, value: {} });
  });

  it.each([
    ["is no JSON", '{"server": "ws', "it is not JSON"],
    ["does not fit the schema", '{"server": 1}', "at server"],
    ["is empty", "", "it is not JSON"],
  ])("are set aside and reported when their content %s, and never reset silently", async (_how, content, why) => {
    const profile = await open(folder());
    writeFileSync(profile.path("settings.json"), content);
    const read = await profile.readJson("settings.json", schema);
    if (!read.ok || !read.value.warning) throw new Error("no warning");
    const { warning } = read.value;
    expect(read.value.value).toBeUndefined();
    expect(warning).toMatchObject({ code: "file_corrupt", message: expect.stringContaining(why) });
    expect(warning.movedTo).toMatch(/settings\.json\.corrupt-\d{4}-/);
    expect(readFileSync(warning.movedTo, "utf8")).toBe(content);
    expect(await profile.readJson("settings.json", schema)).toEqual({ ok: true, value: {} });
  });

  it("fail to be read, and stay where they are, when the system refuses", async () => {
    const profile = await open(folder());
    mkdirSync(profile.path("settings.json"));
    expect(await profile.readJson("settings.json", schema)).toMatchObject({ ok: false, error: { code: "unreadable" } });
    expect(readdirSync(folder())).toEqual(["settings.json"]);
  });

  it("keep their old content, and leave no litter, when a write fails", async () => {
    const profile = await open(folder());
    // A folder with something in it cannot be renamed over.
    mkdirSync(profile.path("settings.json"));
    writeFileSync(profile.path("settings.json/old"), "old");
    expect(await profile.writeJson("settings.json", {})).toMatchObject({ ok: false, error: { code: "unwritable" } });
    expect(readdirSync(folder())).toEqual(["settings.json"]);
    expect(readFileSync(profile.path("settings.json/old"), "utf8")).toBe("old");
  });

  it("are replaced, not written through, when the name is a link to another place", async () => {
    writeFileSync(join(folder(), "elsewhere"), "theirs");
    symlinkSync(join(folder(), "elsewhere"), join(folder(), "ours"));
    await writeFileAtomic(join(folder(), "ours"), "new");
    expect(readFileSync(join(folder(), "elsewhere"), "utf8")).toBe("theirs");
    expect(readFileSync(join(folder(), "ours"), "utf8")).toBe("new");
  });

  it("are whole after many writes at once: one of them, never a mix", async () => {
    const path = join(folder(), "file");
    const contents = Array.from({ length: 20 }, (_, i) => String(i).repeat(5_000));
    await Promise.all(contents.map((content) => writeFileAtomic(path, content)));
    expect(contents).toContain(readFileSync(path, "utf8"));
    expect(readdirSync(folder())).toEqual(["file"]);
  });
});
