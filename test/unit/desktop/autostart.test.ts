import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { autostartFile, launchCommand, loginItem } from "../../../electron/main/desktop/autostart.ts";
import { execLine } from "../../../electron/main/desktop/desktop-entry.ts";
import { FakeApp } from "../../fakes/electron.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "govpn-autostart-"));
});
afterEach(() => rmSync(home, { recursive: true }));

const command = { program: "/opt/GoVPN/govpn", args: [] };
const entryIn = (config: string) => join(config, "autostart", "govpn.desktop");

describe("starting at login on Linux", () => {
  it("is an entry in ~/.config/autostart that starts hidden", async () => {
    const autostart = autostartFile({}, home, command);
    expect(await autostart.isOn()).toBe(false);
    expect(await autostart.set(true)).toEqual({ ok: true, value: undefined });
    expect(await autostart.isOn()).toBe(true);
    expect(readFileSync(entryIn(join(home, ".config")), "utf8")).toContain("\nExec=/opt/GoVPN/govpn --hidden\n");
  });

  it("goes where XDG_CONFIG_HOME says, unless that is relative", async () => {
    const config = join(home, "elsewhere");
    await autostartFile({ XDG_CONFIG_HOME: config }, home, command).set(true);
    expect(statSync(entryIn(config)).isFile()).toBe(true);
    await autostartFile({ XDG_CONFIG_HOME: "elsewhere" }, home, command).set(true);
    expect(statSync(entryIn(join(home, ".config"))).isFile()).toBe(true);
  });

  it("is off again without a trace, and can be switched off twice", async () => {
    const autostart = autostartFile({}, home, command);
    await autostart.set(true);
    for (let i = 0; i < 2; i++) expect(await autostart.set(false)).toEqual({ ok: true, value: undefined });
    expect(await autostart.isOn()).toBe(false);
    expect(() => statSync(entryIn(join(home, ".config")))).toThrow();
  });

  it.each(["Hidden=true", "X-GNOME-Autostart-enabled=false"])("is off when the desktop says so: %s", async (line) => {
    const autostart = autostartFile({}, home, command);
    await autostart.set(true);
    writeFileSync(entryIn(join(home, ".config")), `[Desktop Entry]\nExec=govpn\n${line}\n`);
    expect(await autostart.isOn()).toBe(false);
  });

  it("says why it cannot be switched on", async () => {
    writeFileSync(join(home, ".config"), "a file where a folder should be");
    const result = await autostartFile({}, home, command).set(true);
    expect(result).toMatchObject({
      ok: false,
      error: { code: "autostart_denied", message: expect.stringContaining("autostart") },
    });
  });
});

/** Reads an Exec line as GLib does: the string's escapes, then a shell's quotes, then field codes. */
function readExec(line: string): string[] {
  const unescaped = line.replace(/\\(.)/g, "$1");
  const words: string[] = [];
  for (const [, quoted, bare] of unescaped.matchAll(/"((?:\\.|[^"\\])*)"|(\S+)/gs))
    words.push((quoted === undefined ? bare! : quoted.replace(/\\(["`$\\])/g, "$1")).replaceAll("%%", "%"));
  return words;
}

describe("an Exec line", () => {
  it.each([
    [["/opt/GoVPN/govpn", "--hidden"], "/opt/GoVPN/govpn --hidden"],
    [["/opt/Go VPN/govpn"], '"/opt/Go VPN/govpn"'],
    [['/a"b'], '"/a\\\\"b"'],
    [["/a$b"], '"/a\\\\$b"'],
    [["/a\\b"], '"/a\\\\\\\\b"'],
    [["/100%"], "/100%%"],
  ])("of %j is %s", (given, line) => {
    expect(execLine(given)).toBe(line);
  });

  it("gives back what was put into it", () => {
    const argument = fc.string({ minLength: 1, unit: "grapheme-ascii" });
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1 }), (given) => {
        expect(readExec(execLine(given))).toEqual(given);
      }),
    );
  });

  it("cannot hold a line break, which would begin a key of its own", () => {
    expect(() => execLine(["/a\nExec=evil"])).toThrow(RangeError);
  });

  it.skipIf(!hasTool("desktop-file-validate"))("is taken by the desktop's own check", async () => {
    const strange = { program: '/opt/a "strange" $path/100%/go`vpn', args: ["back\\slash"] };
    await autostartFile({}, home, strange).set(true);
    execFileSync("desktop-file-validate", [entryIn(join(home, ".config"))]);
  });
});

function hasTool(tool: string): boolean {
  try {
    execFileSync(tool, ["--help"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe("starting at login on Windows and macOS", () => {
  it("is a login item that starts hidden, by the path of the program, on Windows", async () => {
    const app = new FakeApp();
    const autostart = loginItem(app, "win32", { program: "C:\\GoVPN\\GoVPN.exe", args: ["C:\\my app"] });
    await autostart.set(true);
    const args = ['"C:\\my app"', "--hidden"];
    expect(app.loginItem).toEqual({ openAtLogin: true, path: "C:\\GoVPN\\GoVPN.exe", args });
    expect(await autostart.isOn()).toBe(true);
    app.isLoginItemDenied = true;
    expect(await autostart.isOn()).toBe(false);
  });

  it("says so when the system does not take it", async () => {
    const app = new FakeApp();
    app.isLoginItemDenied = true;
    expect(await loginItem(app, "darwin", command).set(true)).toMatchObject({ error: { code: "autostart_denied" } });
    expect(await loginItem(app, "darwin", command).set(false)).toMatchObject({ ok: true });
  });
});

describe("the command that starts the program again", () => {
  const machine = { execPath: "/opt/GoVPN/govpn", env: {} };
  const entry = "/src/dist/desktop/main.mjs";

  it("is the program itself once it is packaged, and nothing it was given", () => {
    expect(launchCommand({ isPackaged: true }, machine, entry)).toEqual({ program: "/opt/GoVPN/govpn", args: [] });
  });

  it("is the AppImage, not what is mounted from it", () => {
    const env = { APPIMAGE: "/home/ann/GoVPN.AppImage", APPDIR: "/tmp/.mount_GoVPN1" };
    const mounted = { execPath: "/tmp/.mount_GoVPN1/govpn-desktop", env };
    expect(launchCommand({ isPackaged: true }, mounted, entry).program).toBe("/home/ann/GoVPN.AppImage");
  });

  it("is not the AppImage of another program, which started this one", () => {
    const env = { APPIMAGE: "/home/ann/Editor.AppImage", APPDIR: "/tmp/.mount_Editor" };
    expect(launchCommand({ isPackaged: true }, { ...machine, env }, entry).program).toBe("/opt/GoVPN/govpn");
  });

  it("is Windows' portable program, not what it unpacked for this run", () => {
    const env = { PORTABLE_EXECUTABLE_FILE: "D:\\GoVPN-portable.exe" };
    const unpacked = { execPath: "C:\\Temp\\a1\\GoVPN.exe", env };
    expect(launchCommand({ isPackaged: true }, unpacked, entry).program).toBe("D:\\GoVPN-portable.exe");
  });

  it("is Electron with the program's path in a checkout", () => {
    const dev = { execPath: "/src/electron", env: {} };
    expect(launchCommand({ isPackaged: false }, dev, entry)).toEqual({ program: "/src/electron", args: [entry] });
  });
});
