import type { MenuItemConstructorOptions } from "electron";
import type { ElectronParts, TrayPart } from "./electron-parts.ts";
import type { TrayAction, TrayIcon, TrayItem, TrayModel } from "./tray-model.ts";

export interface TrayOptions {
  readonly electron: Pick<ElectronParts, "createTray" | "createMenu" | "theme">;
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder of the icons. */
  readonly icons: string;
  readonly run: (action: TrayAction) => void;
}

/** Shows a model in the system's tray. Only what changed is told: a menu that is replaced closes under a person's pointer. */
export class Tray {
  readonly #options: TrayOptions;
  #tray: TrayPart | undefined;
  #shown = { image: "", tooltip: "", items: "" };
  #model: TrayModel | undefined;

  constructor(options: TrayOptions) {
    this.#options = options;
    options.electron.theme.on("updated", () => this.#model && this.show(this.#model));
  }

  show(model: TrayModel): void {
    const { electron, run } = this.#options;
    this.#model = model;
    const image = this.#imageOf(model.icon);
    const isNew = this.#tray === undefined;
    this.#tray ??= this.#create(image);
    if (!isNew && image !== this.#shown.image) this.#tray.setImage(image);
    if (model.tooltip !== this.#shown.tooltip) this.#tray.setToolTip(model.tooltip);
    const items = JSON.stringify(model.items);
    if (items !== this.#shown.items) this.#tray.setContextMenu(electron.createMenu(menuTemplate(model.items, run)));
    this.#shown = { image, tooltip: model.tooltip, items };
  }

  remove(): void {
    this.#tray?.destroy();
    this.#tray = undefined;
    this.#model = undefined;
  }

  #create(image: string): TrayPart {
    const { electron, platform, run } = this.#options;
    const tray = electron.createTray(image);
    // On macOS a click opens the menu, as with every other menu bar item.
    if (platform !== "darwin") tray.on("click", () => run({ do: "open" }));
    return tray;
  }

  #imageOf(icon: TrayIcon): string {
    return `${this.#options.icons}/${trayImage(icon, this.#options)}`;
  }
}

/** The file of an icon. macOS colours a template itself; elsewhere it is drawn for a light or for a dark panel. */
export function trayImage(
  icon: TrayIcon,
  { platform, env, electron }: Pick<TrayOptions, "platform" | "env"> & { electron: Pick<ElectronParts, "theme"> },
): string {
  if (platform === "darwin") return `tray-${icon}-Template.png`;
  const panel = hasDarkPanel(platform, env, electron.theme) ? "dark" : "light";
  // Windows takes the size that its scaling asks for out of an .ico.
  return `tray-${icon}-${panel}.${platform === "win32" ? "ico" : "png"}`;
}

function hasDarkPanel(platform: NodeJS.Platform, env: TrayOptions["env"], theme: ElectronParts["theme"]): boolean {
  if (platform === "win32") return theme.shouldUseDarkColorsForSystemIntegratedUI;
  // GNOME's top bar and Unity's panel are dark whatever the theme of windows is.
  if (/\b(GNOME|Unity)\b/i.test(env.XDG_CURRENT_DESKTOP ?? "")) return true;
  return theme.shouldUseDarkColors;
}

export function menuTemplate(
  items: readonly TrayItem[],
  run: (action: TrayAction) => void,
): MenuItemConstructorOptions[] {
  return items.map((item) => menuItem(item, run));
}

function menuItem(item: TrayItem, run: (action: TrayAction) => void): MenuItemConstructorOptions {
  switch (item.kind) {
    case "separator":
      return { type: "separator" };
    case "label":
      return { label: plain(item.label), enabled: false };
    case "action":
      return { label: plain(item.label), click: () => run(item.action) };
    case "menu":
      return { label: plain(item.label), submenu: menuTemplate(item.items, run) };
  }
}

/** An ampersand in a name is an ampersand, not the mark of a key. */
function plain(label: string): string {
  return label.replaceAll("&", "&&");
}
