import type { AppConnection, LinkStatus } from "../../renderer/bridge/connection.ts";
import { Emitter } from "../../shared/base/emitter.ts";
import { fail } from "../../shared/base/result.ts";
import type { AppState } from "../../shared/ipc/app.ts";
import type { FakeAppHost } from "./app-host.ts";

/** The window's connection to a fake host, without a wire; it can be cut. */
export class FakeAppConnection implements AppConnection {
  readonly #host: FakeAppHost;
  readonly #events = new Emitter<{ link: LinkStatus; state: AppState }>();
  #link: LinkStatus;
  #state: AppState | undefined;
  retries = 0;

  constructor(host: FakeAppHost, link: LinkStatus = { kind: "open" }) {
    this.#host = host;
    this.#link = link;
    this.#state = link.kind === "open" ? host.state : undefined;
    host.onState((state) => this.#link.kind === "open" && this.#become(state));
  }

  get state(): AppState | undefined {
    return this.#state;
  }
  get link(): LinkStatus {
    return this.#link;
  }

  onState(listener: (state: AppState) => void) {
    return this.#events.on("state", listener);
  }
  onLink(listener: (link: LinkStatus) => void) {
    return this.#events.on("link", listener);
  }

  call: AppConnection["call"] = async (method, params) =>
    this.#link.kind === "open" ? this.#host.call(method, params) : fail("disconnected", "there is no connection");

  /** The wire is cut, mended, or the host no longer knows the window. */
  turn(link: LinkStatus): void {
    this.#link = link;
    this.#events.emit("link", link);
    if (link.kind === "open") this.#become(this.#host.state);
  }

  retry(): void {
    this.retries++;
  }

  dispose(): void {}

  #become(state: AppState): void {
    this.#state = state;
    this.#events.emit("state", state);
  }
}
