import type { Clock } from "../../../shared/base/clock.ts";
import type { Logger } from "../../../shared/base/logger.ts";
import { messageOf, type Result } from "../../../shared/base/result.ts";
import type { AppState } from "../../../shared/ipc/app.ts";
import type { WatchableApp } from "../ipc/app-connection.ts";
import type { UiFiles } from "../ui-server/files.ts";
import { servePage } from "./app-protocol.ts";
import { type Autostart, HIDDEN, type LaunchCommand } from "./autostart.ts";
import { windowClosing } from "./closing.ts";
import { LINK_SCHEME, LinkInbox, linkAmong } from "./deep-link.ts";
import type { ElectronParts } from "./electron-parts.ts";
import { StartAtLogin } from "./login.ts";
import type { ShellMemory } from "./memory.ts";
import { Notices, type NoticeWords, wordsOf } from "./notices.ts";
import { Notifications, placeOf, roomPlace } from "./notifications.ts";
import { servePagePorts } from "./page-port.ts";
import { appScheme, confine, DESKTOP_SCHEME, limitSession } from "./security.ts";
import { languageFor, type Translate, translator } from "./strings.ts";
import { Tray } from "./tray.ts";
import type { TrayHost } from "./tray-host.ts";
import { type TrayAction, trayModel } from "./tray-model.ts";
import type { UpdateOptions } from "./updater.ts";
import { MainWindow } from "./window.ts";

/** The running program, as the shell needs it. */
export interface DesktopApp extends WatchableApp {
  /** Somebody opened a link: it is looked at, and shown for an answer or as refused. */
  openLink(link: string): void;
  /** The machine woke up, or its network changed. */
  wake(): void;
  /** Calls when somebody asks the program to end: `govpn down`. */
  onDown(listener: () => void): void;
  /** Ends it: memberships stay, the network device and its routes go. */
  stop(): Promise<void>;
}

export interface DesktopOptions {
  readonly electron: ElectronParts;
  readonly machine: {
    readonly platform: NodeJS.Platform;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly argv: readonly string[];
  };
  readonly files: { readonly preload: string; readonly icons: string; readonly page: Promise<Result<UiFiles>> };
  readonly command: LaunchCommand;
  /** Where Chromium keeps its own; one instance runs for each. */
  readonly userData: string;
  readonly openMemory: () => Promise<ShellMemory>;
  readonly startApp: () => Promise<Result<DesktopApp>>;
  readonly autostart: Autostart;
  /** Looks for newer releases from now on, and says so when there is one. */
  readonly keepUpdated: (tell: UpdateOptions["tell"]) => void;
  readonly trayHost: TrayHost;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Windows shows notifications of a program only by the id of its shortcut, which is build/electron-builder.mjs's `appId`. */
const APP_ID = "org.govpn.desktop";
/** Members are told goodbye and the device is closed within this; then the program ends all the same. */
const STOP_WITHIN_MS = 8_000;

/** Starts the desktop app. Everything that Electron must know before it is ready is said before the first await. */
export async function runDesktop(options: DesktopOptions): Promise<void> {
  const { app } = options.electron;
  app.setPath("userData", options.userData);
  if (!app.requestSingleInstanceLock()) {
    // The first instance was given this one's arguments.
    app.exit(0);
    return;
  }
  const shell = new Shell(options);
  shell.prepare();
  await app.whenReady();
  await shell.open();
}

class Shell {
  readonly #options: DesktopOptions;
  readonly #electron: ElectronParts;
  readonly #links = new LinkInbox();
  readonly #notices: Notices;
  readonly #notifications: Notifications;
  #app: DesktopApp | undefined;
  #starting: Promise<Result<DesktopApp>> | undefined;
  #window: MainWindow | undefined;
  #memory: ShellMemory | undefined;
  #tray: Tray | undefined;
  #state: AppState | undefined;
  #ending: Promise<void> | undefined;

  constructor(options: DesktopOptions) {
    this.#options = options;
    this.#electron = options.electron;
    this.#notifications = new Notifications(options.electron, (place) => this.#window?.show(place));
    this.#notices = new Notices({
      clock: options.clock,
      isWatched: () => this.#window?.isWatched ?? false,
      show: (notice) => this.#notifications.show(wordsOf(notice, this.#translate), placeOf(notice)),
    });
  }

  prepare(): void {
    const { app, protocol } = this.#electron;
    const { machine, command } = this.#options;
    // Electron would take this switch back here, of somebody whose system has no sandbox: its processes then die at once.
    if (!app.commandLine.hasSwitch("no-sandbox")) app.enableSandbox();
    protocol.registerSchemesAsPrivileged([appScheme]);
    app.on("web-contents-created", (_event, contents) => confine(contents, (url) => this.#openExternal(url)));
    app.on("second-instance", (_event, argv) => this.#onSecondInstance(argv));
    app.on("open-url", (event, url) => {
      event.preventDefault();
      this.#links.take(linkAmong([url]));
    });
    app.on("activate", () => this.#window?.show());
    // The program lives in the tray; Electron would end it with the last window.
    app.on("window-all-closed", () => {});
    app.on("before-quit", (event) => {
      event.preventDefault();
      void this.#end();
    });
    if (machine.platform === "win32") app.setAppUserModelId(APP_ID);
    // Windows puts the link behind this: after "--" none of it is taken for a switch of Chromium's.
    app.setAsDefaultProtocolClient(LINK_SCHEME, command.program, [...command.args, "--"]);
    this.#links.take(linkAmong(machine.argv.slice(1)));
  }

  async open(): Promise<void> {
    const { files, openMemory, startApp } = this.#options;
    const { session, protocol } = this.#electron;
    this.#setMenu();
    limitSession(session);
    protocol.handle(DESKTOP_SCHEME, servePage(files.page));
    this.#memory = await openMemory();
    if (this.#ending) return;
    const starting = startApp();
    this.#starting = starting;
    // A start that fails ends the program, so the page that waits for it needs no answer.
    this.#servePage(new Promise((resolve) => void starting.then((app) => app.ok && resolve(app.value))));
    this.#window = this.#openWindow(this.#memory);
    const started = await starting;
    if (this.#ending) return;
    if (!started.ok) return this.#failToStart(started.error.code, started.error.message);
    this.#take(started.value);
  }

  #take(app: DesktopApp): void {
    const { autostart, logger } = this.#options;
    this.#app = app;
    const login = new StartAtLogin({
      app,
      autostart,
      logger,
      tell: (body) => this.#tell({ title: this.#translate("login_failed_title"), body }),
    });
    const onState = (state: AppState) => {
      this.#state = state;
      this.#notices.onState(state);
      login.onState(state);
      this.#showTray(state);
    };
    onState(app.watch(onState).state);
    this.#listenToPower(app);
    app.onDown(() => this.#electron.app.quit());
    this.#options.keepUpdated((news, version) => {
      const [title, body] = [`update_${news}_title`, `update_${news}_body`] as const;
      this.#notifications.show(
        { title: this.#translate(title, { version }), body: this.#translate(body) },
        { screen: "about" },
      );
    });
    this.#links.deliverTo((link) => {
      app.openLink(link);
      this.#window?.show();
    });
  }

  #openWindow(memory: ShellMemory): MainWindow {
    const { electron, machine, files, clock, logger, trayHost } = this.#options;
    const onClose = windowClosing({
      dialog: electron.dialog,
      memory,
      platform: machine.platform,
      trayHost,
      translate: () => this.#translate,
      state: () => this.#state,
      hide: () => this.#window?.hide(),
      minimize: () => this.#window?.minimize(),
      quit: () => electron.app.quit(),
      tellOfTray: () => this.#tell({ title: this.#translate("in_tray_title"), body: this.#translate("in_tray_body") }),
    });
    return new MainWindow(
      {
        electron,
        clock,
        logger,
        preload: files.preload,
        icon: `${files.icons}/256x256.png`,
        platform: machine.platform,
        place: memory.state.window,
        onPlace: (window) => memory.change({ window }),
        onClose: () => void onClose().catch((error) => logger.error("closing", { error: messageOf(error) })),
        onSessionEnd: () => void this.#end(),
      },
      this.#isHiddenStart() && !this.#links.isWaiting,
    );
  }

  /** Login items of macOS take no arguments, so there the system is asked who started the program. */
  #isHiddenStart(): boolean {
    const { machine, electron } = this.#options;
    if (machine.argv.includes(HIDDEN)) return true;
    return machine.platform === "darwin" && electron.app.getLoginItemSettings().wasOpenedAtLogin;
  }

  #servePage(app: Promise<DesktopApp>): void {
    const { electron, clock, logger } = this.#options;
    const isWindow = (contentsId: number) => contentsId === this.#window?.contentsId;
    servePagePorts({ electron, app, isWindow, clock, logger });
  }

  #onSecondInstance(argv: readonly string[]): void {
    const link = linkAmong(argv.slice(1));
    this.#links.take(link);
    // Started again at login, or by a script: nobody asked for the window.
    if (link === undefined && argv.includes(HIDDEN)) return;
    this.#window?.show();
  }

  /** Without a menu, macOS has no shortcuts for copying and pasting; elsewhere a menu would only bring reload and zoom. */
  #setMenu(): void {
    const roles = [{ role: "appMenu" }, { role: "editMenu" }, { role: "windowMenu" }] as const;
    const menu = this.#options.machine.platform === "darwin" ? this.#electron.createMenu([...roles]) : null;
    this.#electron.setApplicationMenu(menu);
  }

  #listenToPower(app: DesktopApp): void {
    const { power } = this.#electron;
    power.on("resume", () => {
      this.#notices.resumed();
      app.wake();
    });
    power.on("shutdown", (event) => {
      event?.preventDefault();
      void this.#end();
    });
  }

  #showTray(state: AppState): void {
    const { electron, machine, files } = this.#options;
    this.#tray ??= new Tray({
      electron,
      platform: machine.platform,
      env: machine.env,
      icons: files.icons,
      run: (action) => this.#run(action),
    });
    this.#tray.show(trayModel(state, this.#translate));
  }

  #run(action: TrayAction): void {
    switch (action.do) {
      case "open":
        return this.#window?.show(action.roomId === undefined ? undefined : roomPlace(action.roomId));
      case "copy":
        return this.#electron.clipboard.writeText(action.text);
      case "connect":
        return void this.#app?.call("setConnected", { connected: action.connected });
      case "quit":
        return this.#electron.app.quit();
    }
  }

  /** Something about the program itself. */
  #tell(words: NoticeWords): void {
    this.#notifications.show(words, { screen: "rooms" });
  }

  get #translate(): Translate {
    const chosen = this.#state?.settings.language ?? "system";
    return translator(languageFor(chosen, this.#electron.app.getPreferredSystemLanguages()));
  }

  #openExternal(url: string): void {
    this.#electron
      .openExternal(url)
      .catch((error) => this.#options.logger.warn("a link cannot be opened", { error: messageOf(error) }));
  }

  #failToStart(code: string, message: string): void {
    const { dialog, app } = this.#electron;
    this.#window?.destroy();
    const content = code === "profile_in_use" ? this.#translate("failed_in_use") : message;
    dialog.showErrorBox(this.#translate("failed_title"), content);
    app.exit(1);
  }

  #end(): Promise<void> {
    this.#ending ??= this.#stop();
    return this.#ending;
  }

  async #stop(): Promise<void> {
    const { clock, logger } = this.#options;
    this.#notices.dispose();
    this.#tray?.remove();
    this.#window?.destroy();
    const late = new Promise<void>((resolve) => {
      clock.after(STOP_WITHIN_MS, () => {
        logger.error("the program did not come to rest in time");
        resolve();
      });
    });
    await Promise.race([this.#stopApp(), late]);
    this.#electron.app.exit(0);
  }

  async #stopApp(): Promise<void> {
    try {
      // One that is on its way up is waited for, or it would leave its device behind.
      const started = await this.#starting;
      if (started?.ok) await started.value.stop();
      await this.#memory?.settled();
    } catch (error) {
      this.#options.logger.error("stopping", { error: messageOf(error) });
    }
  }
}
