import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Clock } from "../../../shared/base/clock.ts";
import type { Logger } from "../../../shared/base/logger.ts";
import type { RandomBytes } from "../../../shared/base/random.ts";
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import type { UiLink } from "../../../shared/ipc/control.ts";
import { ownersOf } from "../../adapters/sockets/peer-user.ts";
import { serveApp, type WatchableApp } from "../ipc/app-connection.ts";
import { readUiFiles } from "./files.ts";
import { startUiServer, type UiServer } from "./server.ts";

export interface HeadlessUiOptions {
  /** The built page; without one, where this program was bundled to. */
  readonly folder?: string;
  readonly app: WatchableApp;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
}

/** The user interface of a headless host, for browsers of this machine: served from the first link on. */
export class HeadlessUi {
  readonly #options: HeadlessUiOptions;
  #server: Promise<Result<UiServer>> | undefined;
  #isClosed = false;

  constructor(options: HeadlessUiOptions) {
    this.#options = options;
  }

  /**
   * A link for one browser. Fails with "ui_not_built", "ui_port_in_use" or "ui_unavailable"; the next call tries again.
   * @param port where to serve it if it is not served yet; 0 for any free one
   */
  async link(port = 0): Promise<Result<UiLink>> {
    if (this.#isClosed) return fail("ui_unavailable", "GoVPN is going down");
    this.#server ??= this.#start(port);
    const server = await this.#server;
    if (server.ok) return ok({ url: server.value.link() });
    this.#server = undefined;
    return server;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const server = await this.#server;
    if (server?.ok) await server.value.close();
  }

  async #start(port: number): Promise<Result<UiServer>> {
    const { folder = builtPage(), app, clock, random, logger } = this.#options;
    const files = await readUiFiles(folder);
    if (!files.ok) return files;
    return startUiServer({
      files: files.value,
      port,
      clock,
      random,
      logger,
      owners: ownersOf(process.getuid?.(), process.env),
      onConnection: (connection) => serveApp(connection, app, clock, logger),
    });
  }
}

/** Beside the bundled program, which may be this file's own place or the folder of chunks below it. */
function builtPage(): string {
  const [beside, above] = ["./renderer/", "../renderer/"].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  return beside !== undefined && existsSync(beside) ? beside : (above ?? "");
}
