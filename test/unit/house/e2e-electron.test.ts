import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { electronArgs, electronForTests, NO_ELECTRON } from "../../../build/e2e-electron.mjs";
import { electronBinary } from "../../../build/electron.mjs";
import { appArguments, launcherScript } from "../../e2e/support/app-launch.ts";
import { debugPortIn, withDebugPort } from "../../e2e/support/debug-ports.ts";

const specs = fileURLToPath(new URL("../../e2e/", import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "govpn-e2e-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(file: string, text = ""): string {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

describe("Electron's program", () => {
  it("is where its package says that it was unpacked to", () => {
    write("path.txt", "electron");
    const program = write("dist/electron");
    expect(electronBinary({}, folder)).toBe(program);
  });

  it("is not there before it was downloaded, nor once it is gone", () => {
    expect(electronBinary({}, folder)).toBeUndefined();
    write("path.txt", "electron");
    expect(electronBinary({}, folder)).toBeUndefined();
  });

  it("is that of another folder where one is named, though none was downloaded", () => {
    const program = write("elsewhere/electron");
    const env = { ELECTRON_OVERRIDE_DIST_PATH: join(folder, "elsewhere") };
    expect(electronBinary(env, folder)).toBe(program);
    expect(electronForTests(env)).toEqual({ binary: program });
    expect(electronForTests({ ELECTRON_OVERRIDE_DIST_PATH: folder })).toEqual({ reason: NO_ELECTRON });
  });
});

describe("a run of the specs on Electron", () => {
  const onElectron = electronArgs([]);

  it("is of all whose window may be either, which get it from sitDown", () => {
    expect(onElectron).toContain("test/e2e/day.test.ts");
    for (const file of readdirSync(specs).filter((each) => each.endsWith(".test.ts"))) {
      const getsEither = readFileSync(join(specs, file), "utf8").includes('from "./support/sit-down.ts"');
      expect([file, onElectron.includes(`test/e2e/${file}`)]).toEqual([file, getsEither]);
    }
  });

  it("is of the specs that were asked for, with vitest's options behind", () => {
    const args = ["test/e2e/page.chromium.test.ts", "test/e2e/day.test.ts", "-t", "begins"];
    expect(electronArgs(args)).toEqual(["test/e2e/day.test.ts", "-t", "begins"]);
    expect(electronArgs(["-t", "begins"])).toEqual([...onElectron, "-t", "begins"]);
  });

  it("is of none where only what is Chromium's alone was asked for", () => {
    expect(electronArgs(["test/e2e/page.chromium.test.ts", "-t", "opens"])).toEqual([]);
  });

  it("starts the app on the host's profile, and has its window work though nobody looks", () => {
    const args = appArguments("/dist/desktop/main.mjs", "/home/profile");
    expect(args.slice(-3)).toEqual(["/dist/desktop/main.mjs", "--profile", "/home/profile"]);
    expect(args).toContain("--disable-renderer-backgrounding");
  });

  it("starts by one path a command of many words, with what is added behind", () => {
    const script = write("launcher", launcherScript(["printf", "%s\n", "two words", "it's", "$HOME"]));
    chmodSync(script, 0o755);
    const { stdout } = spawnSync(script, ["--no-sandbox", "a b"], { encoding: "utf8" });
    expect(stdout.split("\n")).toEqual(["two words", "it's", "$HOME", "--no-sandbox", "a b", ""]);
  });

  it.each([
    ["Debugger listening on ws://127.0.0.1:9229/0f2c936f-b1cd", "Debugger listening on ws://127.0.0.1:4/0f2c936f-b1cd"],
    [
      "DevTools listening on ws://127.0.0.1:41000/devtools/browser/a1:22/3",
      "DevTools listening on ws://127.0.0.1:4/devtools/browser/a1:22/3",
    ],
  ])("leads a debugger's port out of the namespace: %s", (line, outside) => {
    expect(debugPortIn(line)).toBe(Number(/:(\d+)/.exec(line)?.[1]));
    expect(withDebugPort(line, 4)).toBe(outside);
  });

  it("takes nothing else for a debugger's port", () => {
    for (const line of ["listening on ws://127.0.0.1:8080/ws", "Debugger listening on ws://10.0.0.1:9229/x", ""])
      expect(debugPortIn(line)).toBeUndefined();
  });
});
