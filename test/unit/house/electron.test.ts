import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { desktopObstacle, download, runDesktop } from "../../../build/electron.mjs";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "govpn-electron-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("the desktop app is not tried", () => {
  const session = { DISPLAY: ":0" };

  it("on a Linux machine without a graphical session", () => {
    expect(desktopObstacle({ platform: "linux", env: {}, uid: 1000 })).toBe("there is no graphical session");
    expect(desktopObstacle({ platform: "linux", env: session, uid: 1000 })).toBeUndefined();
    expect(desktopObstacle({ platform: "linux", env: { WAYLAND_DISPLAY: "wayland-0" }, uid: 1000 })).toBeUndefined();
  });

  it("as root, on Linux", () => {
    expect(desktopObstacle({ platform: "linux", env: session, uid: 0 })).toBe("a desktop app does not run as root");
  });

  it("and is everywhere else", () => {
    expect(desktopObstacle({ platform: "darwin", env: {}, uid: 501 })).toBeUndefined();
    expect(desktopObstacle({ platform: "win32", env: {}, uid: undefined })).toBeUndefined();
  });
});

describe("a download of Electron", () => {
  const script = (source: string) => {
    const file = join(folder, "download.mjs");
    writeFileSync(file, source);
    return file;
  };

  it("takes the time it takes while something comes", async () => {
    const steady = script(`
      let told = 0;
      const timer = setInterval(() => { process.send(told / 18); if (++told > 18) { clearInterval(timer); process.disconnect(); } }, 250);
    `);
    // Less than it takes in all, and much more than a busy machine needs to start a program.
    expect(await download(steady, 4_000)).toBeUndefined();
  });

  it("is given up when nothing comes any more", async () => {
    const stuck = script("process.send(0.5); setInterval(() => {}, 1000);");
    expect(await download(stuck, 500)).toBe("nothing came for 0.5 s");
  });

  it("says the cause of its failure, not the stack of it", async () => {
    const refused = script(
      'throw new TypeError("fetch failed", { cause: new Error("getaddrinfo ENOTFOUND github.com") });',
    );
    expect(await download(refused)).toBe("getaddrinfo ENOTFOUND github.com");
    expect(await download(script('throw new Error("Response code 404");'))).toBe("Response code 404");
    expect(await download(script("process.exitCode = 1;"))).toBe("no reason was given");
  });
});

describe.skipIf(process.platform === "win32")("Electron's program", () => {
  const absent = () => join(folder, "absent");
  const program = (source: string) => {
    const file = join(folder, "electron");
    writeFileSync(file, `#!/bin/sh\n${source}\n`);
    chmodSync(file, 0o755);
    return file;
  };

  it("is given the app and the link, and its exit status is that of npm start", async () => {
    const shown = program('[ "$1 $2" = "main.mjs govpn://join/x" ]');
    expect(await runDesktop(shown, ["main.mjs", "govpn://join/x"])).toEqual({ ended: 0 });
  });

  it("that ends at once with a failure has shown no window", async () => {
    expect(await runDesktop(program("exit 127"), [], absent())).toEqual({
      reason: "Electron ended at once (status 127)",
    });
    expect(await runDesktop(program("kill -SEGV $$"), [], absent())).toEqual({
      reason: "Electron ended at once (SIGSEGV)",
    });
  });

  it("that may have ended for want of a sandbox is told of with what gives it one", async () => {
    const restricted = join(folder, "restricted");
    writeFileSync(restricted, "1\n");
    const helper = join(folder, "chrome-sandbox");
    expect(await runDesktop(program("kill -TRAP $$"), [], restricted)).toEqual({
      reason: `Electron ended at once (SIGTRAP); if it was for want of a sandbox: sudo chown root '${helper}' && sudo chmod 4755 '${helper}'`,
    });
    expect(await runDesktop(program("exit 1"), [], restricted)).toEqual({
      reason: "Electron ended at once (status 1)",
    });
    writeFileSync(restricted, "0\n");
    expect(await runDesktop(program("kill -TRAP $$"), [], restricted)).toEqual({
      reason: "Electron ended at once (SIGTRAP)",
    });
  });

  it("is never told to be a mere Node, as by an editor's terminal", async () => {
    vi.stubEnv("ELECTRON_RUN_AS_NODE", "1");
    expect(await runDesktop(program('[ -z "$ELECTRON_RUN_AS_NODE" ]'), [])).toEqual({ ended: 0 });
    vi.unstubAllEnvs();
  });

  it("that cannot be started is a reason too", async () => {
    expect(await runDesktop(join(folder, "absent"), [])).toEqual({
      reason: expect.stringMatching(/^Electron does not start \(.*ENOENT/),
    });
  });
});
