import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { fuses } from "../../../build/fuses.mjs";
import { servePage } from "../../../electron/main/desktop/app-protocol.ts";
import { confine, mayOpenOutside } from "../../../electron/main/desktop/security.ts";
import type { UiFile } from "../../../electron/main/ui-server/files.ts";
import { fail, ok } from "../../../shared/base/result.ts";
import { ASK_FOR_PORT, DESKTOP_ORIGIN, PORT } from "../../../shared/ipc/desktop.ts";
import { settle } from "../../fakes/clock.ts";
import { FakeContents, FakeFrame } from "../../fakes/electron.ts";
import { play } from "./shell.ts";

const file = (text: string, contentType: string): UiFile => ({
  body: Buffer.from(text),
  contentType,
  etag: '"e"',
  cacheControl: "no-cache",
});
const page = new Map([
  ["/index.html", file("<html>", "text/html; charset=utf-8")],
  ["/assets/a.js", file("run()", "text/javascript; charset=utf-8")],
]);

/** The numbers are those of the checklist in Electron's own documentation ("Security"). */
describe("Electron's security checklist", () => {
  it("1. Only load secure content: app:, from the app's own files, and nothing by any other scheme", async () => {
    const { electron, window } = await play({ page });
    expect(window.loaded.every((url) => url.startsWith(`${DESKTOP_ORIGIN}/`))).toBe(true);
    expect([...electron.protocol.handlers.keys()]).toEqual(["app"]);
    expect(electron.protocol.schemes[0]?.privileges).toMatchObject({ secure: true, standard: true, bypassCSP: false });
    expect(electron.protocol.schemes[0]?.privileges).toMatchObject({ corsEnabled: false, allowServiceWorkers: false });
  });

  const webPreferences = async () => (await play()).window.options.webPreferences;

  it("2. Do not enable Node.js integration for remote content, nor for any other", async () => {
    expect(await webPreferences()).toMatchObject({
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
    });
  });

  it("3. Enable context isolation", async () => {
    expect(await webPreferences()).toMatchObject({ contextIsolation: true });
  });

  it("4. Enable process sandboxing, for every renderer there will be", async () => {
    const { electron } = await play();
    expect(electron.app.isSandboxed).toBe(true);
    expect(await webPreferences()).toMatchObject({ sandbox: true });
  });

  it("4. … which nobody takes back who was told by a switch that this system has none; the window asks for it yet", async () => {
    const { electron, window } = await play({ before: ({ app }) => app.switches.add("no-sandbox") });
    expect(electron.app.isSandboxed).toBe(false);
    expect(window.options.webPreferences).toMatchObject({ sandbox: true });
  });

  it("5. Handle session permission requests: all denied but writing to the clipboard", async () => {
    const { session } = (await play()).electron;
    const asked = (permission: string) => {
      let answer: boolean | undefined;
      session.request?.(
        {},
        permission,
        (granted) => {
          answer = granted;
        },
        {},
      );
      return answer;
    };
    const wanted = "clipboard-sanitized-write";
    expect(asked(wanted)).toBe(true);
    for (const permission of [
      "media",
      "notifications",
      "clipboard-read",
      "geolocation",
      "openExternal",
      "fullscreen",
      "unknown",
    ]) {
      expect(asked(permission)).toBe(false);
      expect(session.check?.({}, permission, DESKTOP_ORIGIN)).toBe(false);
    }
    expect(session.check?.({}, wanted, `${DESKTOP_ORIGIN}/`)).toBe(true);
    expect(session.check?.({}, wanted, "https://evil.test")).toBe(false);
    expect(session.check?.({}, wanted, "app://govpn.evil.test")).toBe(false);
    expect(session.device?.()).toBe(false);
  });

  it("6. Do not disable webSecurity", async () => {
    expect(await webPreferences()).toMatchObject({ webSecurity: true });
  });

  it("7. Define a Content-Security-Policy: nothing but the page's own files, nothing inline, no framing", async () => {
    const response = await get(`${DESKTOP_ORIGIN}/index.html`);
    const policy = response.headers.get("Content-Security-Policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("base-uri 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:|data:|ws:/);
    expect((await get(`${DESKTOP_ORIGIN}/nothing`)).headers.get("Content-Security-Policy")).toBe(policy);
  });

  it("8., 9. Do not enable allowRunningInsecureContent nor experimentalFeatures", async () => {
    expect(await webPreferences()).toMatchObject({ allowRunningInsecureContent: false, experimentalFeatures: false });
  });

  it("10. Do not use enableBlinkFeatures", async () => {
    expect(await webPreferences()).not.toHaveProperty("enableBlinkFeatures");
  });

  it("11., 12. <webview>: there is none, and none can be attached", async () => {
    expect(await webPreferences()).toMatchObject({ webviewTag: false });
    const { window } = await play();
    expect(window.webContents.may("will-attach-webview")).toBe(false);
  });

  it("13. Disable or limit navigation: a page goes nowhere, not even back to itself", async () => {
    const { window } = await play();
    for (const event of ["will-navigate", "will-frame-navigate", "will-redirect"])
      for (const url of ["https://evil.test/", "file:///etc/passwd", `${DESKTOP_ORIGIN}/index.html`])
        expect(window.webContents.may(event, url)).toBe(false);
  });

  it("14. Disable or limit creation of new windows: there is one", async () => {
    const { window, electron } = await play();
    for (const url of ["https://evil.test/", `${DESKTOP_ORIGIN}/index.html`, "about:blank", "file:///"])
      expect(window.webContents.opens(url)).toBe("deny");
    expect(electron.windows).toHaveLength(1);
    expect(electron.opened).toEqual([]);
  });

  it("13., 14. hold for any contents that ever come to be, not only for the window's", async () => {
    const { electron } = await play();
    const other = new FakeContents(77);
    electron.app.emit("web-contents-created", {}, other);
    expect(other.opens("https://evil.test/")).toBe("deny");
    expect(other.may("will-navigate", "https://evil.test/")).toBe(false);
  });

  it("15. Do not use shell.openExternal with untrusted content: a list of beginnings, https only, as it parses", () => {
    const allowed = ["https://example.com/govpn/"];
    expect(mayOpenOutside("https://example.com/govpn/docs", allowed)).toBe(true);
    for (const url of [
      "https://example.com/other",
      "https://example.com/govpn/../evil",
      "https://example.com.evil.test/govpn/",
      "https://example.com@evil.test/govpn/",
      "https://ann@example.com/govpn/",
      "http://example.com/govpn/",
      "file:///usr/bin/calc",
      "javascript:alert(1)",
      "smb://example.com/govpn/",
      "not an address",
    ])
      expect(mayOpenOutside(url, allowed), url).toBe(false);
    expect(mayOpenOutside("https://example.com/")).toBe(false);
    const opened: string[] = [];
    const contents = new FakeContents(1);
    confine(contents, (url) => opened.push(url), allowed);
    contents.opens("https://example.com/govpn/docs");
    contents.opens("https://evil.test/");
    expect(opened).toEqual(["https://example.com/govpn/docs"]);
  });

  it("16. Use a current version of Electron: the newest major there was when this was written, or a later one", () => {
    const manifest = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
    expect(Number(/^\^(\d+)\./.exec(manifest.devDependencies.electron)?.[1])).toBeGreaterThanOrEqual(45);
  });

  it("17. Validate the sender of all IPC messages: our page's own frame gets a port, and nothing else does", async () => {
    const { electron, window } = await play();
    const ask = async (frame: FakeFrame | null, id = window.webContents.id) => {
      electron.ipc.emit(ASK_FOR_PORT, { sender: { id }, senderFrame: frame });
      await settle();
      return frame?.posted.length ?? 0;
    };
    expect(await ask(new FakeFrame("https://evil.test"))).toBe(0);
    expect(await ask(new FakeFrame("app://evil"))).toBe(0);
    expect(await ask(new FakeFrame("null"))).toBe(0);
    expect(await ask(new FakeFrame(DESKTOP_ORIGIN, {}))).toBe(0);
    expect(await ask(new FakeFrame(DESKTOP_ORIGIN), 99)).toBe(0);
    expect(await ask(null)).toBe(0);
    expect(await ask(new FakeFrame(DESKTOP_ORIGIN))).toBe(1);
  });

  it("18. Avoid file: and prefer custom protocols", async () => {
    const { window } = await play();
    expect(window.loaded).toEqual([`${DESKTOP_ORIGIN}/index.html`]);
  });

  it("19. Change fuses: no way to run other code in the signed program", () => {
    expect(fuses).toEqual({
      runAsNode: false,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      enableCookieEncryption: true,
      grantFileProtocolExtraPrivileges: false,
    });
  });

  it("20. Do not expose Electron's APIs to untrusted content: only preload's two functions (its own test), over one channel", async () => {
    const { electron } = await play();
    expect(electron.ipc.eventNames()).toEqual([ASK_FOR_PORT]);
  });
});

const get = (url: string, method = "GET") => servePage(Promise.resolve(ok(page)))({ url, method });

describe("the app: scheme", () => {
  it("answers with the page's files, as what they are", async () => {
    const response = await get(`${DESKTOP_ORIGIN}/assets/a.js?v=1`);
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("text/javascript; charset=utf-8");
    expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(await response.text()).toBe("run()");
  });

  it.each([
    "app://govpn/nothing.js",
    "app://govpn/../../etc/passwd",
    "app://govpn/%2e%2e/%2e%2e/etc/passwd",
    "app://govpn/assets/..%2f..%2fmain.mjs",
    "app://govpn//index.html",
    "app://other/index.html",
    "https://govpn/index.html",
    "nonsense",
  ])("has nothing at %s", async (url) => {
    const response = await get(url);
    expect([response.status, await response.text()]).toEqual([404, ""]);
  });

  it("takes nothing", async () => {
    expect((await get(`${DESKTOP_ORIGIN}/index.html`, "POST")).status).toBe(405);
    const head = await get(`${DESKTOP_ORIGIN}/index.html`, "HEAD");
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  it("says so when the page was not built", async () => {
    const answer = servePage(Promise.resolve(fail("ui_not_built", "the user interface is not part of this build")));
    const response = await answer({ url: `${DESKTOP_ORIGIN}/index.html`, method: "GET" });
    expect([response.status, await response.text()]).toEqual([500, "the user interface is not part of this build"]);
  });
});

describe("downloads", () => {
  it.each<[boolean, string, boolean]>([
    [true, `blob:${DESKTOP_ORIGIN}/1234`, true],
    [false, `blob:${DESKTOP_ORIGIN}/1234`, false],
    [false, "https://evil.test/setup.exe", true],
    [false, "blob:https://evil.test/1234", true],
    [false, "data:text/html,hello", true],
    [false, `${DESKTOP_ORIGIN}/index.html`, true],
  ])("may be made: %s, of %s, by a person: %s", async (may, url, byPerson) => {
    const { electron } = await play();
    expect(electron.session.downloads(url, byPerson)).toBe(may);
  });
});

describe("the page's port", () => {
  it("carries the contract: a question, its answer, and news", async () => {
    const { electron, window, app } = await play();
    const frame = new FakeFrame(DESKTOP_ORIGIN);
    electron.ipc.emit(ASK_FOR_PORT, { sender: { id: window.webContents.id }, senderFrame: frame });
    await settle();
    expect(frame.posted[0]?.channel).toBe(PORT);
    const port = frame.posted[0]!.ports[0]!;
    const heard: { id?: number; value?: unknown; patch?: unknown }[] = [];
    port.on("message", ({ data }) => heard.push(JSON.parse(data as string)));
    port.postMessage({ not: "a text" });
    port.postMessage(JSON.stringify({ id: 1, method: "watch", params: {} }));
    await settle();
    expect(heard).toMatchObject([{ id: 1, value: { wanted: true } }]);
    app.become({ wanted: false });
    await settle();
    expect(heard[1]).toEqual({ patch: { wanted: false } });
  });

  it("gives way to a new one when the page is loaded again", async () => {
    const { electron, window } = await play();
    const ask = async () => {
      const frame = new FakeFrame(DESKTOP_ORIGIN);
      electron.ipc.emit(ASK_FOR_PORT, { sender: { id: window.webContents.id }, senderFrame: frame });
      await settle();
      return frame.posted[0]!.ports[0]!;
    };
    const [first, second] = [await ask(), await ask()];
    expect([first.isClosed, second.isClosed]).toEqual([true, false]);
  });

  it("waits for the app that is starting", async () => {
    let started = () => {};
    const frame = new FakeFrame(DESKTOP_ORIGIN);
    const playing = play({
      startApp: () =>
        new Promise((resolve) => {
          started = () => resolve(ok({ watch: () => ({ state: {}, dispose: () => {} }), onDown: () => {} } as never));
        }),
      before: (electron) => {
        const make = electron.createWindow.bind(electron);
        electron.createWindow = (options) => {
          const window = make(options);
          setImmediate(() =>
            electron.ipc.emit(ASK_FOR_PORT, { sender: { id: window.webContents.id }, senderFrame: frame }),
          );
          return window;
        };
      },
    });
    await settle();
    expect(frame.posted).toEqual([]);
    started();
    await playing.catch(() => {});
    expect(frame.posted).toHaveLength(1);
  });
});

it("Electron is imported, when the shell runs, in one file of main and in preload", () => {
  const root = fileURLToPath(new URL("../../../electron/", import.meta.url));
  const sources = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  const importing = sources.filter((name) =>
    /^import (?!type )[^;]* from "electron";/ms.test(readFileSync(`${root}${name}`, "utf8")),
  );
  expect(importing.sort()).toEqual(["main/desktop/electron.ts", "preload/preload.ts"]);
});
