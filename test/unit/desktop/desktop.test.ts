import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { profileAmong } from "../../../electron/main/desktop/profile-argument.ts";
import { fail, ok } from "../../../shared/base/result.ts";
import { GO } from "../../../shared/ipc/desktop.ts";
import { defaultSettings } from "../../../shared/ipc/settings.ts";
import { settle } from "../../fakes/clock.ts";
import { FakeEvent } from "../../fakes/electron.ts";
import { play } from "./shell.ts";
import { activities, member, room, rooms } from "./states.ts";

const den = room("Den", [member("Ann", "self"), member("Ben")]);
const link = "govpn://join/0123456789abcdef?server=wss://server.test/ws";

describe("starting", () => {
  it("opens the window at 900 x 640 once the page has something to show", async () => {
    const { window } = await play();
    expect(window.options).toMatchObject({ width: 900, height: 640, show: false });
    expect(window.loaded).toEqual(["app://govpn/index.html"]);
    expect(window.visible).toBe(true);
  });

  it("shows nothing before that, but for a page that cannot be loaded", async () => {
    const { window } = await play({
      before: (electron) => {
        const make = electron.createWindow.bind(electron);
        electron.createWindow = (options) => {
          const made = make(options);
          made.emit = () => true;
          made.loadURL = () => Promise.reject(new Error("gone"));
          return made;
        };
      },
    });
    expect(window.visible).toBe(true);
  });

  it("stays in the tray when it is started hidden", async () => {
    const { window, tray } = await play({ args: ["--hidden"] });
    expect(window.visible).toBe(false);
    expect(tray.tooltip).toBe("GoVPN: Connected to no room");
    tray.emit("click");
    expect(window.visible).toBe(true);
  });

  it("stays hidden on macOS when the system started it at login", async () => {
    const { window } = await play({
      platform: "darwin",
      before: ({ app }) => {
        app.getLoginItemSettings = () => ({
          openAtLogin: true,
          executableWillLaunchAtLogin: true,
          wasOpenedAtLogin: true,
        });
      },
    });
    expect(window.visible).toBe(false);
  });

  it("is known to Windows by the id of its shortcut, without which no notification is shown there", async () => {
    const builder = readFileSync(new URL("../../../build/electron-builder.mjs", import.meta.url), "utf8");
    const { electron } = await play({ platform: "win32" });
    expect(electron.app.userModelId).toBe(/^ {2}appId: "(.+)",$/m.exec(builder)?.[1]);
    expect((await play({ platform: "linux" })).electron.app.userModelId).toBeUndefined();
  });

  it.each([
    [["--profile", "work"], resolve("work")],
    [["--hidden", "--profile=/home/ann/work"], resolve("/home/ann/work")],
    [["--profile="], undefined],
    [["--profile"], undefined],
    [[], undefined],
  ])("keeps what it keeps in the folder of %j, by its whole path", (args, folder) => {
    expect(profileAmong(["/opt/GoVPN/govpn", ...args])).toBe(folder);
  });

  it("leaves a second start to the first, and shows that one's window", async () => {
    const second = await play({ before: ({ app }) => Object.assign(app, { isSecond: true }) });
    expect(second.electron.app.ended).toBe(0);
    expect(second.electron.windows).toEqual([]);
    const { window, again } = await play({ args: ["--hidden"] });
    again("--hidden");
    expect(window.visible).toBe(false);
    again();
    expect(window.visible).toBe(true);
  });

  it("has one instance for each profile", async () => {
    const { electron } = await play();
    expect(electron.app.paths).toEqual({ userData: "/home/ann/govpn/chromium" });
  });

  it("has no menu but on macOS, where copying and pasting need one", async () => {
    expect((await play()).electron.menu).toBe(null);
    expect((await play({ platform: "darwin" })).electron.menu).not.toBe(null);
  });

  it("says why it cannot, and ends", async () => {
    const { electron, window } = await play({
      startApp: async () => fail("unreadable", "the settings cannot be read"),
    });
    expect(electron.errors).toEqual(["GoVPN cannot start: the settings cannot be read"]);
    expect(electron.app.ended).toBe(1);
    expect(window.isDestroyed).toBe(true);
  });

  it("says that another has the profile", async () => {
    const { electron } = await play({ startApp: async () => fail("profile_in_use", "locked by 4711") });
    expect(electron.errors[0]).toContain("govpn up");
  });
});

describe("the window", () => {
  it("is where it was", async () => {
    const { window } = await play({ memory: { window: { x: 40, y: 50, width: 1000, height: 700, maximized: true } } });
    expect(window.options).toMatchObject({ x: 40, y: 50, width: 1000, height: 700 });
    expect(window.maximized).toBe(true);
  });

  it("is remembered where it came to rest", async () => {
    const { window, memory, clock } = await play();
    window.bounds = { x: 10, y: 20, width: 800, height: 600 };
    for (let i = 0; i < 5; i++) window.emit("move");
    expect(memory.state.window).toBeUndefined();
    await clock.advance(1_000);
    expect(memory.state.window).toEqual({ x: 10, y: 20, width: 800, height: 600, maximized: false });
  });

  it("is remembered when the program ends before it came to rest", async () => {
    const { window, memory, electron } = await play();
    window.bounds = { x: 10, y: 20, width: 800, height: 600 };
    window.emit("resize");
    electron.app.quit();
    await settle();
    expect(memory.state.window).toMatchObject({ width: 800 });
  });

  it("hides in the tray when it is closed, and says so once", async () => {
    const { window, electron, app } = await play();
    app.become(rooms(den));
    for (let i = 0; i < 2; i++) {
      expect(window.close()).toBe(true);
      await settle();
      expect(window.visible).toBe(false);
      window.show();
    }
    expect(electron.notifications.map(({ options }) => options.title)).toEqual(["GoVPN keeps running"]);
    expect(electron.app.ended).toBeUndefined();
  });

  it("asks where there is no tray and somebody may need the connection", async () => {
    const { window, electron, app } = await play({ hasTray: false });
    app.become(rooms(den));
    window.close();
    await settle();
    expect(electron.asked).toHaveLength(1);
    expect(window).toMatchObject({ visible: true, minimized: true });
    electron.answer = { response: 2, checkboxChecked: true };
    window.minimized = false;
    window.close();
    await settle();
    expect(window).toMatchObject({ visible: true, minimized: false });
    electron.answer = { response: 1, checkboxChecked: false };
    window.close();
    await settle();
    expect(electron.app.ended).toBe(0);
  });

  it("does not ask again what was answered for good", async () => {
    const { window, electron, app, memory } = await play({ hasTray: false });
    app.become(rooms(den));
    electron.answer = { response: 0, checkboxChecked: true };
    for (let i = 0; i < 2; i++) {
      window.close();
      await settle();
    }
    expect(electron.asked).toHaveLength(1);
    expect(memory.state.onClose).toBe("keep");
  });

  it("ends the program where there is no tray and nothing to stay for", async () => {
    const { window, electron } = await play({ hasTray: false });
    window.close();
    await settle();
    expect(electron.asked).toEqual([]);
    expect(electron.app.ended).toBe(0);
  });

  it("loads its page again when that crashed, and waits when it crashes at once", async () => {
    const { window, clock } = await play();
    window.webContents.emit("render-process-gone", {}, { reason: "crashed" });
    await clock.advance(0);
    expect(window.webContents.reloads).toBe(1);
    window.webContents.emit("render-process-gone", {}, { reason: "crashed" });
    await clock.advance(1_000);
    expect(window.webContents.reloads).toBe(1);
    await clock.advance(5_000);
    expect(window.webContents.reloads).toBe(2);
  });
});

describe("links", () => {
  it("are registered for", async () => {
    const { electron } = await play();
    expect(electron.app.protocols).toEqual([["govpn", "/opt/govpn", ["--"]]]);
  });

  it("open with the program, even with one that was to start hidden", async () => {
    const { app, window } = await play({ args: ["--hidden", link] });
    expect(app.links).toEqual([link]);
    expect(window.visible).toBe(true);
  });

  it("open in the program that runs", async () => {
    const { app, window, again } = await play({ args: ["--hidden"] });
    again(link);
    expect(app.links).toEqual([link]);
    expect(window.visible).toBe(true);
  });

  it("open on macOS, before and after it is ready", async () => {
    const open = (electron: { app: { emit(...args: unknown[]): unknown } }, url: string) => {
      const event = new FakeEvent();
      electron.app.emit("open-url", event, url);
      expect(event.isPrevented).toBe(true);
    };
    const { app, electron } = await play({
      platform: "darwin",
      before: (early) => {
        const { whenReady } = early.app;
        early.app.whenReady = () => {
          open(early, link);
          return whenReady.call(early.app);
        };
      },
    });
    expect(app.links).toEqual([link]);
    open(electron, "govpn://join/b");
    expect(app.links).toEqual([link, "govpn://join/b"]);
  });

  it("do nothing but show a question: nothing is asked of the app", async () => {
    const { app } = await play({ args: [link] });
    expect(app.calls).toEqual([]);
  });
});

describe("the tray's menu", () => {
  it("shows the state, and does what it says", async () => {
    const { app, tray, electron, window } = await play({ args: ["--hidden"] });
    app.become(rooms(den));
    expect(tray.image).toBe("/app/icons/tray-connected-light.png");
    tray.choose("Copy 100.64.1.3");
    expect(electron.clipped).toBe("100.64.1.3");
    tray.choose("Disconnect");
    expect(app.calls).toEqual([{ method: "setConnected", params: { connected: false } }]);
    tray.choose("Open the room");
    expect(window.visible).toBe(true);
    expect(window.webContents.sent).toEqual([{ channel: GO, message: { screen: "room", roomId: den.roomId } }]);
    tray.choose("Quit GoVPN");
    await settle();
    expect(electron.app.ended).toBe(0);
  });
});

describe("notifications", () => {
  it("lead to the room", async () => {
    const { app, electron, clock, window } = await play({ args: ["--hidden"] });
    app.become(rooms(den));
    const joined = { kind: "member_joined", roomId: den.roomId, room: "Den", member: "Ben" } as const;
    app.become(activities(joined));
    await clock.advance(5_000);
    expect(electron.notifications.map(({ options }) => options.body)).toEqual(["Ben joined Den"]);
    electron.notifications[0]!.emit("click");
    expect(window.visible).toBe(true);
    expect(window.webContents.sent).toEqual([{ channel: GO, message: { screen: "room", roomId: den.roomId } }]);
  });

  it("tell of a newer release in the person's language, and lead to what this one is", async () => {
    const { app, electron, window, find } = await play();
    app.become({ settings: { ...defaultSettings, language: "de" } });
    find("ready", "1.2.3");
    find("there", "1.2.4");
    expect(electron.notifications.map(({ options }) => options.title)).toEqual([
      "GoVPN 1.2.3 ist bereit",
      "Es gibt ein neues GoVPN: 1.2.4",
    ]);
    electron.notifications[0]!.emit("click");
    expect(window.webContents.sent).toEqual([{ channel: GO, message: { screen: "about" } }]);
  });

  it("do not tell what the person is looking at", async () => {
    const { app, electron } = await play();
    app.become(rooms(den));
    app.become(activities({ kind: "kicked", roomId: den.roomId, room: "Den" }));
    expect(electron.notifications).toEqual([]);
  });
});

describe("starting at login", () => {
  const startAtLogin = (wanted: boolean) => ({ settings: { ...defaultSettings, startAtLogin: wanted } });

  it("follows the setting when the person changes it", async () => {
    const { app, login } = await play();
    app.become(startAtLogin(true));
    await settle();
    app.become(startAtLogin(false));
    await settle();
    expect(login.sets).toEqual([true, false]);
    expect(app.calls).toEqual([]);
  });

  it("is refreshed at each start, for the program may have moved", async () => {
    const { login } = await play({ isLoginOn: true, before: (_electron, app) => app.become(startAtLogin(true)) });
    expect(login.sets).toEqual([true]);
  });

  it("shows as off when it was switched off in the system", async () => {
    const { app, login } = await play({ before: (_electron, early) => early.become(startAtLogin(true)) });
    expect(login.sets).toEqual([]);
    expect(app.calls).toEqual([{ method: "saveSettings", params: { change: { startAtLogin: false } } }]);
  });

  it("says so when the system refuses it, and shows as off", async () => {
    const { app, login, electron } = await play();
    login.result = fail("autostart_denied", "the folder cannot be written");
    app.become(startAtLogin(true));
    await settle();
    expect(electron.notifications.map(({ options }) => options.body)).toEqual(["the folder cannot be written"]);
    expect(app.calls).toEqual([{ method: "saveSettings", params: { change: { startAtLogin: false } } }]);
  });
});

describe("the machine", () => {
  it("that wakes up has its connections looked at", async () => {
    const { electron, app } = await play();
    electron.power.emit("suspend");
    expect(app.wakes).toBe(0);
    electron.power.emit("resume");
    expect(app.wakes).toBe(1);
  });
});

describe("ending", () => {
  it("stops the app first: rooms are kept and the device goes", async () => {
    const { electron, app, window, tray } = await play();
    let release = () => {};
    app.stopping = new Promise((resolve) => {
      release = resolve;
    });
    electron.app.quit();
    await settle();
    expect(electron.app.ended).toBeUndefined();
    expect(window.isDestroyed).toBe(true);
    expect(tray.isDestroyed).toBe(true);
    release();
    await settle();
    expect(app.isStopped).toBe(true);
    expect(electron.app.ended).toBe(0);
  });

  it("happens once, however often it is asked for", async () => {
    const { electron, app } = await play();
    let stops = 0;
    app.stop = async () => {
      stops += 1;
    };
    for (let i = 0; i < 3; i++) electron.app.quit();
    await settle();
    expect(stops).toBe(1);
  });

  it("does not wait for an app that hangs", async () => {
    const { electron, app, clock } = await play();
    app.stopping = new Promise(() => {});
    electron.app.quit();
    await clock.advance(10_000);
    expect(electron.app.ended).toBe(0);
  });

  it("comes with the end of the desktop's session, and with `govpn down`", async () => {
    const ends: ((shell: Awaited<ReturnType<typeof play>>) => void)[] = [
      ({ electron }) => electron.power.emit("shutdown"),
      ({ window }) => window.emit("session-end"),
      ({ app }) => app.down(),
    ];
    for (const end of ends) {
      const shell = await play();
      end(shell);
      await settle();
      expect(shell.app.isStopped).toBe(true);
      expect(shell.electron.app.ended).toBe(0);
    }
  });

  it("waits for an app that is still starting, or its device would stay behind", async () => {
    let started = () => {};
    const slow: { app?: { isStopped: boolean } } = {};
    const shell = play({
      startApp: () =>
        new Promise((resolve) => {
          started = () => resolve(ok(slow.app as never));
        }),
      before: (electron, app) => {
        slow.app = app;
        setImmediate(() => setImmediate(() => electron.app.quit()));
      },
    });
    await settle();
    started();
    const { electron } = await shell;
    await settle();
    expect(slow.app?.isStopped).toBe(true);
    expect(electron.app.ended).toBe(0);
    expect(electron.trays).toEqual([]);
  });
});
