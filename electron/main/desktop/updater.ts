import type { Clock } from "../../../shared/base/clock.ts";
import type { Disposable } from "../../../shared/base/disposable.ts";
import type { Logger } from "../../../shared/base/logger.ts";
import { messageOf } from "../../../shared/base/result.ts";

/** The part of electron-updater's `autoUpdater` that is used; a test passes its own. */
export interface UpdaterPart {
  autoDownload: boolean;
  autoInstallOnAppQuit: boolean;
  logger: object | null;
  checkForUpdates(): Promise<unknown>;
  on(event: "update-available" | "update-downloaded", listener: (info: { readonly version: string }) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
}

/** How this app came to the machine. */
export interface Installation {
  readonly isPackaged: boolean;
  /** What electron-builder noted beside a system package: "deb" or "rpm". */
  readonly packageType: string | undefined;
  /** Whether the package says where its updates are. One that was built at home does not. */
  readonly hasSource: boolean;
}

export interface UpdateOptions {
  readonly installation: Installation;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Imported only where it is needed: electron-updater looks at Electron as soon as it is loaded. */
  load(): Promise<UpdaterPart>;
  /** "ready": it is installed when the app ends. "there": the person installs it, with the system's own tools. */
  tell(news: "ready" | "there", version: string): void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Not while the app starts: nothing of a release is as urgent as the rooms. */
const FIRST_MS = 60_000;
const EVERY_MS = 24 * 60 * 60 * 1000;

/**
 * Looks for a newer release once a day, and has it installed when the app ends. A system package is only told of: its
 * installation takes an administrator, and a question for a password at quitting is a trap. So is Windows' portable
 * program, which would be installed without having asked for it. Never in a checkout, nor where GOVPN_UPDATES is "off".
 */
export function keepUpdated(options: UpdateOptions): Disposable {
  const { installation, env, clock, logger } = options;
  if (!installation.isPackaged || !installation.hasSource || env.GOVPN_UPDATES === "off") return { dispose: () => {} };
  const isOnlyTold = installation.packageType !== undefined || env.PORTABLE_EXECUTABLE_FILE !== undefined;
  let updater: UpdaterPart | undefined;
  let told = "";
  let next = clock.after(FIRST_MS, check);

  function check(): void {
    next = clock.after(EVERY_MS, check);
    look().catch((error) => logger.warn("no look for a newer version", { error: messageOf(error) }));
  }

  async function look(): Promise<void> {
    updater ??= await prepare();
    await updater.checkForUpdates();
  }

  async function prepare(): Promise<UpdaterPart> {
    const loaded = await options.load();
    loaded.logger = null;
    loaded.autoDownload = !isOnlyTold;
    loaded.autoInstallOnAppQuit = !isOnlyTold;
    loaded.on("error", (error) => logger.warn("the updater failed", { error: error.message }));
    const news = isOnlyTold ? "there" : "ready";
    loaded.on(isOnlyTold ? "update-available" : "update-downloaded", ({ version }) => {
      if (version === told) return;
      told = version;
      options.tell(news, version);
    });
    return loaded;
  }

  return { dispose: () => next.dispose() };
}
