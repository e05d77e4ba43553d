import type {
  BrowserWindowConstructorOptions,
  CustomScheme,
  Settings as LoginItem,
  LoginItemSettingsOptions,
  MenuItemConstructorOptions,
  MessageBoxOptions,
  NotificationConstructorOptions,
} from "electron";
import type { EngineWire } from "../../engine/messages.ts";

/**
 * The part of Electron that the shell uses, and no more. Electron's own objects fit it as they are: main.ts hands them
 * over and the compiler checks them against Electron's types. A test hands over test/fakes/electron.ts.
 */
export interface ElectronParts {
  readonly app: AppPart;
  readonly session: SessionPart;
  readonly protocol: ProtocolPart;
  readonly ipc: IpcPart;
  readonly power: PowerPart;
  readonly theme: ThemePart;
  readonly screen: ScreenPart;
  readonly dialog: DialogPart;
  readonly clipboard: { writeText(text: string): void };
  openExternal(url: string): Promise<void>;
  createWindow(options: BrowserWindowConstructorOptions): WindowPart;
  createTray(image: string): TrayPart;
  createMenu(template: MenuItemConstructorOptions[]): MenuPart;
  setApplicationMenu(menu: MenuPart | null): void;
  createNotification(options: NotificationConstructorOptions): NotificationPart;
  /** Starts a program of ours in a utility process. */
  forkEngine(program: string): EngineWire;
  createChannel(): { readonly port1: PortPart; readonly port2: PortPart };
}

interface Cancellable {
  preventDefault(): void;
}

export interface AppPart {
  readonly isPackaged: boolean;
  requestSingleInstanceLock(): boolean;
  readonly commandLine: { hasSwitch(name: string): boolean };
  enableSandbox(): void;
  setPath(name: "userData", path: string): void;
  setAppUserModelId(id: string): void;
  setAsDefaultProtocolClient(scheme: string, path?: string, args?: string[]): boolean;
  getLoginItemSettings(options?: LoginItemSettingsOptions): {
    readonly openAtLogin: boolean;
    readonly executableWillLaunchAtLogin: boolean;
    readonly wasOpenedAtLogin: boolean;
  };
  setLoginItemSettings(settings: LoginItem): void;
  getPreferredSystemLanguages(): string[];
  whenReady(): Promise<void>;
  quit(): void;
  exit(code?: number): void;
  on(event: "second-instance", listener: (event: Cancellable, argv: string[]) => void): unknown;
  on(event: "open-url", listener: (event: Cancellable, url: string) => void): unknown;
  on(event: "before-quit", listener: (event: Cancellable) => void): unknown;
  on(event: "activate" | "window-all-closed", listener: () => void): unknown;
  on(event: "web-contents-created", listener: (event: Cancellable, contents: ContentsPart) => void): unknown;
}

export interface SessionPart {
  setPermissionRequestHandler(
    handler: (contents: unknown, permission: string, reply: (granted: boolean) => void, details: unknown) => void,
  ): void;
  setPermissionCheckHandler(handler: (contents: unknown, permission: string, origin: string) => boolean): void;
  setDevicePermissionHandler(handler: () => boolean): void;
  on(
    event: "will-download",
    listener: (event: Cancellable, item: { getURL(): string; hasUserGesture(): boolean }) => void,
  ): unknown;
}

export interface ProtocolPart {
  registerSchemesAsPrivileged(schemes: CustomScheme[]): void;
  handle(scheme: string, handler: (request: { url: string; method: string }) => Promise<Response>): void;
}

/** The frame that a message came from. Null once it is gone. */
export interface FramePart {
  readonly origin: string;
  readonly parent: unknown;
  postMessage(channel: string, message: unknown, transfer: PortPart[]): void;
}

export interface IpcPart {
  on(
    channel: string,
    listener: (event: { readonly sender: { readonly id: number }; readonly senderFrame: FramePart | null }) => void,
  ): unknown;
}

export interface PortPart {
  on(event: "message", listener: (event: { data: unknown }) => void): unknown;
  on(event: "close", listener: () => void): unknown;
  postMessage(message: string): void;
  start(): void;
  close(): void;
}

export interface PowerPart {
  on(event: "suspend" | "resume" | "unlock-screen", listener: () => void): unknown;
  on(event: "shutdown", listener: (event?: Cancellable) => void): unknown;
}

export interface ThemePart {
  readonly shouldUseDarkColors: boolean;
  readonly shouldUseDarkColorsForSystemIntegratedUI: boolean;
  on(event: "updated", listener: () => void): unknown;
}

export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface ScreenPart {
  getAllDisplays(): readonly { readonly workArea: Area }[];
}

export interface DialogPart {
  showErrorBox(title: string, content: string): void;
  showMessageBox(options: MessageBoxOptions): Promise<{ readonly response: number; readonly checkboxChecked: boolean }>;
}

export interface ContentsPart {
  readonly id: number;
  setWindowOpenHandler(handler: (details: { readonly url: string }) => { action: "deny" }): void;
  on(
    event: "will-navigate" | "will-frame-navigate" | "will-redirect",
    listener: (details: Cancellable & { readonly url: string }) => void,
  ): unknown;
  on(event: "will-attach-webview", listener: (event: Cancellable) => void): unknown;
  on(event: "render-process-gone", listener: (event: unknown, details: { readonly reason: string }) => void): unknown;
  send(channel: string, message: unknown): void;
  reload(): void;
}

export interface WindowPart {
  readonly webContents: ContentsPart;
  loadURL(url: string): Promise<void>;
  show(): void;
  hide(): void;
  focus(): void;
  minimize(): void;
  maximize(): void;
  restore(): void;
  destroy(): void;
  isVisible(): boolean;
  isFocused(): boolean;
  isMinimized(): boolean;
  isMaximized(): boolean;
  getNormalBounds(): Area;
  on(event: "close", listener: (event: Cancellable) => void): unknown;
  on(event: "closed" | "resize" | "move" | "maximize" | "unmaximize", listener: () => void): unknown;
  on(event: "ready-to-show" | "session-end", listener: () => void): unknown;
}

/** Opaque: made by `createMenu`, handed to a tray or an application. */
// biome-ignore lint/complexity/noBannedTypes: any menu is one, and nothing is done with it here
export type MenuPart = {};

export interface TrayPart {
  setImage(image: string): void;
  setToolTip(text: string): void;
  setContextMenu(menu: MenuPart | null): void;
  on(event: "click", listener: () => void): unknown;
  destroy(): void;
}

export interface NotificationPart {
  show(): void;
  close(): void;
  on(event: "click" | "close", listener: () => void): unknown;
}
