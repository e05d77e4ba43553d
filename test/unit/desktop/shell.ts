import { type DesktopApp, type DesktopOptions, runDesktop } from "../../../electron/main/desktop/desktop.ts";
import { openMemory, type ShellMemory } from "../../../electron/main/desktop/memory.ts";
import type { UpdateOptions } from "../../../electron/main/desktop/updater.ts";
import type { UiFiles } from "../../../electron/main/ui-server/files.ts";
import { silentLogger } from "../../../shared/base/logger.ts";
import { ok, type Result } from "../../../shared/base/result.ts";
import type { AppState } from "../../../shared/ipc/app.ts";
import { FakeClock, settle } from "../../fakes/clock.ts";
import { FakeElectron, FakeEvent, type FakeTray, type FakeWindow } from "../../fakes/electron.ts";
import { state } from "./states.ts";

/** The running program, as a test plays it. */
export class FakeRunningApp implements DesktopApp {
  state = state();
  readonly calls: { readonly method: string; readonly params: unknown }[] = [];
  readonly links: string[] = [];
  wakes = 0;
  isStopped = false;
  /** Set by a test: the app takes its time to stop. */
  stopping: Promise<void> = Promise.resolve();
  down: () => void = () => {};
  #watchers: ((state: AppState) => void)[] = [];

  watch(onState: (state: AppState) => void) {
    this.#watchers.push(onState);
    return {
      state: this.state,
      dispose: () => {
        this.#watchers = this.#watchers.filter((each) => each !== onState);
      },
    };
  }
  become(change: Partial<AppState>): void {
    this.state = { ...this.state, ...change };
    for (const watcher of this.#watchers) watcher(this.state);
  }
  call: DesktopApp["call"] = async (method, params) => {
    this.calls.push({ method, params });
    return ok({} as never);
  };
  openLink(link: string): void {
    this.links.push(link);
  }
  wake(): void {
    this.wakes += 1;
  }
  onDown(listener: () => void): void {
    this.down = listener;
  }
  async stop(): Promise<void> {
    await this.stopping;
    this.isStopped = true;
  }
}

export interface ShellPlay {
  readonly electron: FakeElectron;
  readonly app: FakeRunningApp;
  readonly clock: FakeClock;
  readonly memory: ShellMemory;
  readonly window: FakeWindow;
  readonly tray: FakeTray;
  /** What the system would do at login. */
  readonly login: { isOn: boolean; result: Result<void>; sets: boolean[] };
  /** The look for newer releases comes to something. */
  readonly find: UpdateOptions["tell"];
  /** Another start of the program, with these arguments. */
  again(...args: string[]): void;
}

interface Given {
  readonly args?: readonly string[];
  readonly platform?: NodeJS.Platform;
  readonly hasTray?: boolean;
  readonly memory?: object;
  readonly startApp?: DesktopOptions["startApp"];
  readonly before?: (electron: FakeElectron, app: FakeRunningApp) => void;
  readonly page?: UiFiles;
  readonly isLoginOn?: boolean;
}

/** Starts the shell on fakes, up to where the page has something to show. */
export async function play(given: Given = {}): Promise<ShellPlay> {
  const { args = [], platform = "linux", hasTray = true, memory: kept, before, page = new Map() } = given;
  const electron = new FakeElectron();
  const app = new FakeRunningApp();
  const clock = new FakeClock();
  const memory = await openMemory(
    { readJson: async () => ok(kept ? { value: kept as never } : {}), writeJson: async () => ok(undefined) },
    silentLogger,
  );
  const login: ShellPlay["login"] = { isOn: given.isLoginOn ?? false, result: ok(undefined), sets: [] };
  let found: ShellPlay["find"] = () => {};
  before?.(electron, app);
  const running = runDesktop({
    electron,
    machine: { platform, env: {}, argv: ["/opt/govpn", ...args] },
    files: { preload: "/app/preload.cjs", icons: "/app/icons", page: Promise.resolve(ok(page)) },
    command: { program: "/opt/govpn", args: [] },
    userData: "/home/ann/govpn/chromium",
    openMemory: async () => memory,
    startApp: given.startApp ?? (async () => ok(app)),
    autostart: {
      isOn: async () => login.isOn,
      set: async (on) => {
        login.sets.push(on);
        if (login.result.ok) login.isOn = on;
        return login.result;
      },
    },
    keepUpdated: (tell) => {
      found = tell;
    },
    trayHost: async () => hasTray,
    clock,
    logger: silentLogger,
  });
  electron.app.becomeReady();
  await running;
  electron.windows[0]?.emit("ready-to-show");
  await settle();
  return {
    electron,
    app,
    clock,
    memory,
    login,
    get window() {
      return electron.windows[0]!;
    },
    get tray() {
      return electron.trays[0]!;
    },
    find: (news, version) => found(news, version),
    again: (...more) => void electron.app.emit("second-instance", new FakeEvent(), ["/opt/govpn", ...more]),
  };
}
