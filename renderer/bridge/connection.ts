import { backoffMs } from "../../shared/base/backoff.ts";
import type { Clock } from "../../shared/base/clock.ts";
import type { Disposable } from "../../shared/base/disposable.ts";
import { Emitter } from "../../shared/base/emitter.ts";
import type { RandomBytes } from "../../shared/base/random.ts";
import type { AppApi, AppState } from "../../shared/ipc/app.ts";
import { type AppClient, createAppClient } from "../../shared/ipc/client.ts";
import type { Dial } from "./wire.ts";

/**
 * The window's connection to the running program: made once, redialled for as long as the window lives.
 *
 *      dial ┌────────────┐ opened, and the state came ┌──────┐
 *     ─────▶│ connecting │───────────────────────────▶│ open │
 *           └────────────┘                            └──────┘
 *             ▲        │ closed                           │ closed
 *       timer │        ▼                                  │
 *           ┌─────────┐◀──────────────────────────────────┘
 *           │ waiting │                ┌────────────┐
 *           └─────────┘   signed out ─▶│ signed_out │  until the person opens a new link
 *                                      └────────────┘
 */
export type LinkStatus =
  | { readonly kind: "connecting" }
  | { readonly kind: "open" }
  | { readonly kind: "waiting"; readonly retryAt: number }
  | { readonly kind: "signed_out" };

export interface AppConnection extends AppApi, Disposable {
  /** The last known state; undefined before the first. */
  readonly state: AppState | undefined;
  readonly link: LinkStatus;
  onState(listener: (state: AppState) => void): Disposable;
  onLink(listener: (link: LinkStatus) => void): Disposable;
  /** Dials now instead of at the next attempt's time. */
  retry(): void;
}

/** The host is on this very machine: it answers at once, or it is restarting for a few seconds. */
const RETRY = { minMs: 250, maxMs: 5_000 };

export interface ConnectionOptions {
  readonly dial: Dial;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

export function createConnection(options: ConnectionOptions): AppConnection {
  return new Connection(options);
}

class Connection implements AppConnection {
  readonly #options: ConnectionOptions;
  readonly #client: AppClient;
  readonly #events = new Emitter<{ link: LinkStatus }>();
  #send: ((text: string) => void) | undefined;
  #wire: Disposable | undefined;
  #timer: Disposable | undefined;
  #failures = 0;
  #link: LinkStatus = { kind: "connecting" };

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#client = createAppClient({ clock: options.clock, send: (text) => this.#send?.(text) });
    this.#client.onLive((isLive) => isLive && this.#onLive());
    this.#dial();
  }

  get state(): AppState | undefined {
    return this.#client.state;
  }

  get link(): LinkStatus {
    return this.#link;
  }

  call: AppConnection["call"] = (method, params) => this.#client.call(method, params);

  onState(listener: (state: AppState) => void): Disposable {
    return this.#client.onState(listener);
  }

  onLink(listener: (link: LinkStatus) => void): Disposable {
    return this.#events.on("link", listener);
  }

  retry(): void {
    if (this.#link.kind === "waiting" || this.#link.kind === "signed_out") this.#dial();
  }

  dispose(): void {
    this.#timer?.dispose();
    this.#wire?.dispose();
    this.#client.closed();
  }

  #dial(): void {
    this.#timer?.dispose();
    this.#wire?.dispose();
    this.#become({ kind: "connecting" });
    let isOver = false;
    const wire = this.#options.dial({
      opened: (send) => {
        if (isOver) return;
        this.#send = send;
        this.#client.opened();
      },
      receive: (text) => !isOver && this.#client.receive(text),
      closed: (why) => {
        if (isOver) return;
        isOver = true;
        this.#send = undefined;
        this.#client.closed();
        if (why === "signed_out") this.#become({ kind: "signed_out" });
        else this.#waitAndDial();
      },
    });
    this.#wire = {
      dispose: () => {
        isOver = true;
        wire.dispose();
      },
    };
  }

  #onLive(): void {
    this.#failures = 0;
    this.#become({ kind: "open" });
  }

  #waitAndDial(): void {
    const { clock, random } = this.#options;
    this.#failures++;
    const ms = backoffMs(this.#failures, RETRY, random);
    this.#timer = clock.after(ms, () => this.#dial());
    this.#become({ kind: "waiting", retryAt: clock.wallTime() + ms });
  }

  #become(link: LinkStatus): void {
    this.#link = link;
    this.#events.emit("link", link);
  }
}
