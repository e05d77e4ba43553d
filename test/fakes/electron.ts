import { EventEmitter } from "node:events";
import type {
  BrowserWindowConstructorOptions,
  CustomScheme,
  MenuItemConstructorOptions,
  NotificationConstructorOptions,
} from "electron";
import type {
  AppPart,
  Area,
  ContentsPart,
  DialogPart,
  ElectronParts,
  FramePart,
  IpcPart,
  NotificationPart,
  PortPart,
  ProtocolPart,
  SessionPart,
  ThemePart,
  TrayPart,
  WindowPart,
} from "../../electron/main/desktop/electron-parts.ts";

export class FakeTheme extends EventEmitter implements ThemePart {
  shouldUseDarkColors = false;
  shouldUseDarkColorsForSystemIntegratedUI = false;
}

export interface FakeMenu {
  readonly template: MenuItemConstructorOptions[];
}

export class FakeTray extends EventEmitter implements TrayPart {
  image: string;
  tooltip = "";
  /** How often it was given a menu. */
  menus = 0;
  isDestroyed = false;
  #menu: FakeMenu | undefined;

  constructor(image: string) {
    super();
    this.image = image;
  }

  setImage(image: string): void {
    this.image = image;
  }

  setToolTip(text: string): void {
    this.tooltip = text;
  }

  setContextMenu(menu: object | null): void {
    this.menus += 1;
    this.#menu = (menu ?? undefined) as FakeMenu | undefined;
  }

  destroy(): void {
    this.isDestroyed = true;
  }

  /** Chooses the first item of the menu, or of one in it, that is called so. */
  choose(label: string): void {
    const item = find(this.#menu?.template ?? [], label);
    if (!item?.click) throw new Error(`there is no item "${label}"`);
    // What Electron passes is not read by any handler of ours.
    (item.click as () => void)();
  }
}

function find(template: MenuItemConstructorOptions[], label: string): MenuItemConstructorOptions | undefined {
  for (const item of template) {
    if (item.label === label) return item;
    const inside = Array.isArray(item.submenu) ? find(item.submenu, label) : undefined;
    if (inside) return inside;
  }
  return undefined;
}

export class FakeApp extends EventEmitter implements AppPart {
  isPackaged = true;
  /** Another instance of the program runs. */
  isSecond = false;
  isSandboxed = false;
  /** Of Chromium's own, as they were given to the program. */
  readonly switches = new Set<string>();
  readonly commandLine = { hasSwitch: (name: string) => this.switches.has(name) };
  /** The system, or the person in its settings, keeps the program from starting at login. */
  isLoginItemDenied = false;
  loginItem: Parameters<AppPart["setLoginItemSettings"]>[0] = {};
  languages = ["en-GB"];
  readonly paths: Record<string, string> = {};
  /** By which Windows knows the program. */
  userModelId: string | undefined;
  /** Every scheme it registered for, with the command. */
  readonly protocols: unknown[] = [];
  /** What ended it: "quit" was let through, or an exit code. */
  ended: "quit" | number | undefined;
  #becomeReady: () => void = () => {};
  readonly #ready = new Promise<void>((resolve) => {
    this.#becomeReady = resolve;
  });

  requestSingleInstanceLock(): boolean {
    return !this.isSecond;
  }
  enableSandbox(): void {
    this.isSandboxed = true;
  }
  setPath(name: string, path: string): void {
    this.paths[name] = path;
  }
  setAppUserModelId(id: string): void {
    this.userModelId = id;
  }
  setAsDefaultProtocolClient(...registration: unknown[]): boolean {
    this.protocols.push(registration.filter((part) => part !== undefined));
    return true;
  }
  getLoginItemSettings() {
    const openAtLogin = (this.loginItem.openAtLogin ?? false) && !this.isLoginItemDenied;
    return { openAtLogin, executableWillLaunchAtLogin: openAtLogin, wasOpenedAtLogin: false };
  }
  setLoginItemSettings(item: FakeApp["loginItem"]): void {
    this.loginItem = item;
  }
  getPreferredSystemLanguages(): string[] {
    return this.languages;
  }
  /** What Electron does once the system has answered. */
  becomeReady(): void {
    this.#becomeReady();
  }
  whenReady(): Promise<void> {
    return this.#ready;
  }
  quit(): void {
    const event = new FakeEvent();
    this.emit("before-quit", event);
    if (!event.isPrevented) this.ended ??= "quit";
  }
  exit(code = 0): void {
    this.ended ??= code;
  }
}

export class FakeEvent {
  isPrevented = false;
  preventDefault(): void {
    this.isPrevented = true;
  }
}

type Handler<T extends keyof SessionPart> = Parameters<SessionPart[T]>[0];

export class FakeSession extends EventEmitter implements SessionPart {
  request: Handler<"setPermissionRequestHandler"> | undefined;
  check: Handler<"setPermissionCheckHandler"> | undefined;
  device: Handler<"setDevicePermissionHandler"> | undefined;

  setPermissionRequestHandler(handler: Handler<"setPermissionRequestHandler">): void {
    this.request = handler;
  }
  setPermissionCheckHandler(handler: Handler<"setPermissionCheckHandler">): void {
    this.check = handler;
  }
  setDevicePermissionHandler(handler: Handler<"setDevicePermissionHandler">): void {
    this.device = handler;
  }
  /** Whether a page may download from there. */
  downloads(url: string, hasUserGesture: boolean): boolean {
    const event = new FakeEvent();
    this.emit("will-download", event, { getURL: () => url, hasUserGesture: () => hasUserGesture });
    return !event.isPrevented;
  }
}

export class FakeProtocol implements ProtocolPart {
  schemes: CustomScheme[] = [];
  readonly handlers = new Map<string, Parameters<ProtocolPart["handle"]>[1]>();

  registerSchemesAsPrivileged(schemes: CustomScheme[]): void {
    this.schemes = schemes;
  }
  handle(scheme: string, handler: Parameters<ProtocolPart["handle"]>[1]): void {
    this.handlers.set(scheme, handler);
  }
}

export class FakeContents extends EventEmitter implements ContentsPart {
  readonly id: number;
  readonly sent: { readonly channel: string; readonly message: unknown }[] = [];
  reloads = 0;
  #onOpen: Parameters<ContentsPart["setWindowOpenHandler"]>[0] | undefined;

  constructor(id: number) {
    super();
    this.id = id;
  }
  setWindowOpenHandler(handler: Parameters<ContentsPart["setWindowOpenHandler"]>[0]): void {
    this.#onOpen = handler;
  }
  send(channel: string, message: unknown): void {
    this.sent.push({ channel, message });
  }
  reload(): void {
    this.reloads += 1;
  }
  /** What becomes of `window.open`, or of a link to a new window. */
  opens(url: string): string {
    return this.#onOpen?.({ url }).action ?? "allow";
  }
  /** Whether the page may do what this event announces. */
  may(event: string, url?: string): boolean {
    const details = Object.assign(new FakeEvent(), { url });
    this.emit(event, details);
    return !details.isPrevented;
  }
}

export class FakeWindow extends EventEmitter implements WindowPart {
  readonly options: BrowserWindowConstructorOptions;
  readonly webContents: FakeContents;
  readonly loaded: string[] = [];
  visible: boolean;
  focused = false;
  minimized = false;
  maximized = false;
  isDestroyed = false;
  bounds: Area;

  constructor(options: BrowserWindowConstructorOptions, id: number) {
    super();
    this.options = options;
    this.webContents = new FakeContents(id);
    this.visible = options.show ?? true;
    const { x = 0, y = 0, width = 0, height = 0 } = options;
    this.bounds = { x, y, width, height };
  }
  async loadURL(url: string): Promise<void> {
    this.loaded.push(url);
  }
  show(): void {
    this.visible = true;
    this.focused = true;
  }
  hide(): void {
    this.visible = false;
    this.focused = false;
  }
  focus(): void {
    this.focused = true;
  }
  minimize(): void {
    this.minimized = true;
    this.focused = false;
  }
  maximize(): void {
    this.maximized = true;
  }
  restore(): void {
    this.minimized = false;
  }
  destroy(): void {
    this.isDestroyed = true;
    this.visible = false;
  }
  isVisible(): boolean {
    return this.visible;
  }
  isFocused(): boolean {
    return this.focused;
  }
  isMinimized(): boolean {
    return this.minimized;
  }
  isMaximized(): boolean {
    return this.maximized;
  }
  getNormalBounds(): Area {
    return this.bounds;
  }
  /** The person closes it. @returns whether it stayed. */
  close(): boolean {
    const event = new FakeEvent();
    this.emit("close", event);
    return event.isPrevented;
  }
}

export class FakeNotification extends EventEmitter implements NotificationPart {
  readonly options: NotificationConstructorOptions;
  constructor(options: NotificationConstructorOptions) {
    super();
    this.options = options;
  }
  show(): void {}
  close(): void {
    this.emit("close");
  }
}

/** Two ends of a MessageChannel: what one posts, the other hears on a later turn of the loop. */
export class FakePort extends EventEmitter implements PortPart {
  other: FakePort | undefined;
  isClosed = false;
  postMessage(message: unknown): void {
    const { other } = this;
    setImmediate(() => other && !other.isClosed && other.emit("message", { data: message }));
  }
  start(): void {}
  close(): void {
    for (const end of [this, this.other]) {
      if (!end || end.isClosed) continue;
      end.isClosed = true;
      setImmediate(() => end.emit("close"));
    }
  }
}

export class FakeFrame implements FramePart {
  readonly origin: string;
  readonly parent: unknown;
  readonly posted: { readonly channel: string; readonly ports: FakePort[] }[] = [];
  constructor(origin: string, parent: unknown = null) {
    this.origin = origin;
    this.parent = parent;
  }
  postMessage(channel: string, _message: unknown, ports: PortPart[]): void {
    this.posted.push({ channel, ports: ports as FakePort[] });
  }
}

export class FakeIpc extends EventEmitter implements IpcPart {}
class FakePower extends EventEmitter {}

/** Electron, as far as the shell knows it, and what a test looks at. */
export class FakeElectron implements ElectronParts {
  readonly app = new FakeApp();
  readonly session = new FakeSession();
  readonly protocol = new FakeProtocol();
  readonly ipc = new FakeIpc();
  readonly power = new FakePower();
  readonly theme = new FakeTheme();
  displays: Area[] = [{ x: 0, y: 0, width: 1920, height: 1080 }];
  readonly screen = { getAllDisplays: () => this.displays.map((workArea) => ({ workArea })) };
  readonly errors: string[] = [];
  readonly asked: Parameters<DialogPart["showMessageBox"]>[0][] = [];
  answer = { response: 0, checkboxChecked: false };
  readonly dialog: DialogPart = {
    showErrorBox: (title, content) => void this.errors.push(`${title}: ${content}`),
    showMessageBox: async (options) => {
      this.asked.push(options);
      return this.answer;
    },
  };
  clipped: string | undefined;
  readonly clipboard = {
    writeText: (text: string) => {
      this.clipped = text;
    },
  };
  readonly opened: string[] = [];
  readonly windows: FakeWindow[] = [];
  readonly trays: FakeTray[] = [];
  readonly notifications: FakeNotification[] = [];
  /** Null: no menu. Undefined: never set. */
  menu: object | null | undefined;

  async openExternal(url: string): Promise<void> {
    this.opened.push(url);
  }
  createWindow(options: BrowserWindowConstructorOptions): FakeWindow {
    const window = new FakeWindow(options, this.windows.length + 1);
    this.windows.push(window);
    this.app.emit("web-contents-created", new FakeEvent(), window.webContents);
    return window;
  }
  createTray(image: string): FakeTray {
    const tray = new FakeTray(image);
    this.trays.push(tray);
    return tray;
  }
  createMenu(template: MenuItemConstructorOptions[]): object {
    return { template };
  }
  setApplicationMenu(menu: object | null): void {
    this.menu = menu;
  }
  createNotification(options: NotificationConstructorOptions): FakeNotification {
    const notification = new FakeNotification(options);
    this.notifications.push(notification);
    return notification;
  }
  forkEngine(): never {
    throw new Error("this Electron starts no processes");
  }
  createChannel(): { readonly port1: FakePort; readonly port2: FakePort } {
    const [port1, port2] = [new FakePort(), new FakePort()];
    port1.other = port2;
    port2.other = port1;
    return { port1, port2 };
  }
}
