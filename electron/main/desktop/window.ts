import type { BrowserWindowConstructorOptions } from "electron";
import type { Clock } from "../../../shared/base/clock.ts";
import type { Disposable } from "../../../shared/base/disposable.ts";
import type { Logger } from "../../../shared/base/logger.ts";
import { messageOf } from "../../../shared/base/result.ts";
import { GO, type Place } from "../../../shared/ipc/desktop.ts";
import { INDEX_URL } from "./app-protocol.ts";
import type { ElectronParts, WindowPart } from "./electron-parts.ts";
import { pageRights } from "./security.ts";
import { LEAST_SIZE, type Opening, openingFor, type WindowPlace } from "./window-place.ts";

/** A person drags a window for a second or two: it is remembered where it came to rest. */
const SETTLED_MS = 500;
/** A page that dies again at once has a reason that loading it once more does not mend. */
const RELOAD_AFTER_MS = 5_000;

export interface MainWindowOptions {
  readonly electron: Pick<ElectronParts, "createWindow" | "screen">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Path of the bundled preload. */
  readonly preload: string;
  readonly icon: string;
  readonly platform: NodeJS.Platform;
  /** Where it was last. */
  readonly place: WindowPlace | undefined;
  readonly onPlace: (place: WindowPlace) => void;
  /** The person closed it. It stays until somebody hides, minimizes or destroys it. */
  readonly onClose: () => void;
  /** The session of the desktop ends (Windows): there are seconds left. */
  readonly onSessionEnd: () => void;
}

/** The one window. It is made once, hidden or not, and lives until the program ends, so that it shows at once. */
export class MainWindow {
  readonly #options: MainWindowOptions;
  readonly #window: WindowPart;
  #isReady = false;
  #isWanted: boolean;
  #isEnding = false;
  #settling: Disposable | undefined;
  #diedAt = Number.NEGATIVE_INFINITY;

  constructor(options: MainWindowOptions, hidden: boolean) {
    this.#options = options;
    this.#isWanted = !hidden;
    const displays = options.electron.screen.getAllDisplays().map(({ workArea }) => workArea);
    this.#window = options.electron.createWindow(windowOptions(openingFor(options.place, displays), options));
    if (options.place?.maximized && !hidden) this.#window.maximize();
    this.#listen();
    this.#window.loadURL(INDEX_URL).catch((error) => {
      options.logger.error("the page cannot be loaded", { error: messageOf(error) });
      // An empty window says more than none.
      this.#ready();
    });
  }

  /** Of its page; what main answers is only what this one asks. */
  get contentsId(): number {
    return this.#window.webContents.id;
  }

  /** The person has it before their eyes. */
  get isWatched(): boolean {
    return this.#window.isVisible() && this.#window.isFocused() && !this.#window.isMinimized();
  }

  show(place?: Place): void {
    this.#isWanted = true;
    if (place) this.#window.webContents.send(GO, place);
    if (!this.#isReady) return;
    if (this.#window.isMinimized()) this.#window.restore();
    this.#window.show();
    this.#window.focus();
  }

  hide(): void {
    this.#isWanted = false;
    this.#window.hide();
  }

  minimize(): void {
    this.#window.minimize();
  }

  /** Takes it away for good. */
  destroy(): void {
    this.#isEnding = true;
    if (this.#settling) this.#remember();
    this.#window.destroy();
  }

  #listen(): void {
    const window = this.#window;
    const { logger, clock, onClose, onSessionEnd } = this.#options;
    window.on("ready-to-show", () => this.#ready());
    window.on("close", (event) => {
      if (this.#isEnding) return;
      event.preventDefault();
      onClose();
    });
    window.on("session-end", onSessionEnd);
    for (const event of ["resize", "move", "maximize", "unmaximize"] as const) window.on(event, () => this.#settle());
    window.webContents.on("render-process-gone", (_event, { reason }) => {
      if (this.#isEnding) return;
      logger.error("the page's process is gone", { reason });
      const wait = clock.now() - this.#diedAt < RELOAD_AFTER_MS ? RELOAD_AFTER_MS : 0;
      this.#diedAt = clock.now();
      clock.after(wait, () => !this.#isEnding && window.webContents.reload());
    });
  }

  /** Shown only with something in it: no white flash. */
  #ready(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    if (this.#isWanted) this.show();
  }

  #settle(): void {
    this.#settling?.dispose();
    this.#settling = this.#options.clock.after(SETTLED_MS, () => this.#remember());
  }

  #remember(): void {
    this.#settling?.dispose();
    this.#settling = undefined;
    const { x, y, width, height } = this.#window.getNormalBounds();
    this.#options.onPlace({ x, y, width, height, maximized: this.#window.isMaximized() });
  }
}

function windowOptions(
  opening: Opening,
  { preload, icon, platform }: Pick<MainWindowOptions, "preload" | "icon" | "platform">,
): BrowserWindowConstructorOptions {
  return {
    ...opening,
    minWidth: LEAST_SIZE.width,
    minHeight: LEAST_SIZE.height,
    title: "GoVPN",
    show: false,
    autoHideMenuBar: true,
    // Windows and macOS take it from the program's file.
    ...(platform === "linux" && { icon }),
    webPreferences: pageRights(preload),
  };
}
