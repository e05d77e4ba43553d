import { chmodSync, mkdirSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { controlSocketPath, defaultProfileDir, machinePaths } from "../../../electron/adapters/profile/paths.ts";
import { useTemporaryFolder } from "./temporary-folder.ts";

const folder = useTemporaryFolder();
const machine = (platform: NodeJS.Platform, env: Record<string, string> = {}) => ({
  platform,
  env,
  home: "/home/ann",
  tmp: "/tmp",
});

describe("the default profile folder", () => {
  it("follows each platform's custom", () => {
    expect(defaultProfileDir(machine("linux"))).toBe("/home/ann/.local/share/govpn");
    expect(defaultProfileDir(machine("linux", { XDG_DATA_HOME: "/data" }))).toBe("/data/govpn");
    expect(defaultProfileDir(machine("darwin"))).toBe("/home/ann/Library/Application Support/GoVPN");
    expect(defaultProfileDir(machine("win32", { APPDATA: "C:\\Users\\ann\\AppData\\Roaming" }))).toBe(
      "C:\\Users\\ann\\AppData\\Roaming\\GoVPN",
    );
  });

  it("ignores a relative XDG_DATA_HOME, as the specification demands", () => {
    expect(defaultProfileDir(machine("linux", { XDG_DATA_HOME: "data" }))).toBe("/home/ann/.local/share/govpn");
  });
});

describe.runIf(process.platform !== "win32")("the control socket's path", () => {
  const longProfile = () => join(folder(), "x".repeat(100));

  it("is in the profile's folder", async () => {
    expect(await controlSocketPath("/p", machine("linux"))).toEqual({ ok: true, value: "/p/control.sock" });
  });

  it("is short enough to listen on however long the profile's path is", async () => {
    const path = await controlSocketPath(longProfile(), { ...machinePaths(), env: {}, tmp: folder() });
    if (!path.ok) throw new Error(path.error.message);
    const server = createServer();
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(path.value, resolve));
    await new Promise((resolve) => server.close(resolve));
  });

  it("goes to the runtime folder, else to a 0700 folder in the temporary one", async () => {
    const runtime = { ...machine("linux", { XDG_RUNTIME_DIR: folder() }), tmp: "/nonexistent" };
    const path = await controlSocketPath(longProfile(), runtime);
    expect(path).toMatchObject({ ok: true, value: expect.stringMatching(/\/govpn\/[0-9a-f]{16}\.sock$/) });
    expect(statSync(join(folder(), "govpn")).mode & 0o777).toBe(0o700);

    const other = await controlSocketPath(longProfile(), { ...machine("linux"), tmp: folder() });
    expect(other).toMatchObject({ ok: true, value: expect.stringMatching(/\/govpn-\d+\/[0-9a-f]{16}\.sock$/) });
  });

  it("differs between profiles and is the same each time", async () => {
    const here = { ...machine("linux"), tmp: folder() };
    const a = await controlSocketPath(longProfile(), here);
    expect(await controlSocketPath(longProfile(), here)).toEqual(a);
    expect(await controlSocketPath(`${longProfile()}y`, here)).not.toEqual(a);
  });

  it("is refused when others can reach the folder that it would fall back to", async () => {
    const own = join(folder(), `govpn-${process.getuid?.()}`);
    mkdirSync(join(own, "planted"), { recursive: true });
    chmodSync(own, 0o777);
    expect(await controlSocketPath(longProfile(), { ...machine("linux"), tmp: folder() })).toMatchObject({
      ok: false,
      error: { code: "profile_open_to_others" },
    });
  });
});

describe("the control pipe on Windows", () => {
  it("is named after the profile, whatever the case it was typed in", async () => {
    const path = await controlSocketPath("C:\\Users\\Ann\\GoVPN", machine("win32"));
    expect(path).toMatchObject({ ok: true, value: expect.stringMatching(/^\\\\\.\\pipe\\govpn-[0-9a-f]{16}$/) });
    expect(await controlSocketPath("c:\\users\\ann\\govpn", machine("win32"))).toEqual(path);
  });
});
