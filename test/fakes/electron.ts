import { EventEmitter } from "node:events";
import type { MenuItemConstructorOptions } from "electron";
import type { AppPart, ThemePart, TrayPart } from "../../electron/main/desktop/electron-parts.ts";

export class FakeTheme extends EventEmitter implements ThemePart {
  shouldUseDarkColors = false;
  shouldUseDarkColorsForSystemIntegratedUI = false;
  themeSource: ThemePart["themeSource"] = "system";
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
  /** The system, or the person in its settings, keeps the program from starting at login. */
  isLoginItemDenied = false;
  loginItem: Parameters<AppPart["setLoginItemSettings"]>[0] = {};
  languages = ["en-GB"];
  readonly paths: Record<string, string> = {};
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
  setAppUserModelId(): void {}
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
