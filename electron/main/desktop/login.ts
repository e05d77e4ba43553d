import type { Logger } from "../../../shared/base/logger.ts";
import type { AppState } from "../../../shared/ipc/app.ts";
import type { WatchableApp } from "../ipc/app-connection.ts";
import type { Autostart } from "./autostart.ts";

export interface LoginOptions {
  readonly app: Pick<WatchableApp, "call">;
  readonly autostart: Autostart;
  readonly logger: Logger;
  readonly tell: (message: string) => void;
}

/**
 * Keeps the setting "start at login" and the system of one mind. The setting changes the system when the person changes
 * it; otherwise the system is right, for a person may have switched it off there.
 */
export class StartAtLogin {
  readonly #options: LoginOptions;
  /** As the app's state said last. */
  #setting: boolean | undefined;
  #work = Promise.resolve();

  constructor(options: LoginOptions) {
    this.#options = options;
  }

  onState({ settings: { startAtLogin: wanted }, app }: Pick<AppState, "settings" | "app">): void {
    if (wanted === this.#setting || !app.canStartAtLogin) return;
    const isFirst = this.#setting === undefined;
    this.#setting = wanted;
    this.#work = this.#work.then(() => (isFirst ? this.#compare(wanted) : this.#set(wanted)));
  }

  /** Everything asked for so far is done. */
  settled(): Promise<void> {
    return this.#work;
  }

  async #compare(wanted: boolean): Promise<void> {
    const isOn = await this.#options.autostart.isOn();
    // An update or a move may have changed the program's path.
    if (isOn && wanted) await this.#set(true);
    else if (isOn !== wanted) await this.#say(isOn);
  }

  async #set(wanted: boolean): Promise<void> {
    const { autostart, logger, tell } = this.#options;
    const done = await autostart.set(wanted);
    if (done.ok) return;
    logger.warn("starting at login", { why: done.error.message });
    tell(done.error.message);
    await this.#say(await autostart.isOn());
  }

  /** The setting shows what is the case. */
  async #say(isOn: boolean): Promise<void> {
    await this.#options.app.call("saveSettings", { change: { startAtLogin: isOn } });
  }
}
