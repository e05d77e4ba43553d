import type { Clock } from "../../../shared/base/clock.ts";
import { type Disposable, DisposableStore } from "../../../shared/base/disposable.ts";
import type { Logger } from "../../../shared/base/logger.ts";
import { TokenBucket } from "../../../shared/base/rate.ts";
import { fail, messageOf, type Result } from "../../../shared/base/result.ts";
import { type AppApi, type AppState, appRequests } from "../../../shared/ipc/app.ts";
import { diff } from "../../../shared/ipc/patch.ts";
import { callDecoder, encodePush, encodeReply, MAX_APP_REQUEST_LENGTH } from "../../../shared/ipc/wire.ts";

/**
 * One window's connection, whatever carries it: a WebSocket of a browser tab, a MessagePort of the desktop app, a line
 * on a socket. Texts arrive in the order sent. `serveApp` sets the handlers at once.
 */
export interface AppConnection {
  send(text: string): void;
  close(): void;
  onFrame: (text: string) => void;
  /** Once, whoever closed it. */
  onClose: () => void;
  /** Bytes or characters that were sent and not taken yet; a transport that cannot tell leaves it out. */
  readonly unsent?: number;
}

/** An app that can be watched. `watch` in the contract is this, a connection long. */
export interface WatchableApp extends AppApi {
  /** The state now; the listener hears each later one until it is disposed. */
  watch(onState: (state: AppState) => void): Disposable & { readonly state: AppState };
}

/** A person's clicks and a page's loading are a handful a second; a page gone wild is thousands. */
const REQUEST_BURST = 100;
const REQUEST_REFILL_MS = 5_000;
/** Questions at once: a page has a few. */
const MAX_WAITING = 32;
/** A reader with this much unread gets no more news until it has read on; then, what has changed since. */
const SLOW_READER_BYTES = 256 * 1024;
const SLOW_READER_RETRY_MS = 250;
/** Nobody who reads at all has this much unread. */
const DEAD_READER_BYTES = 16 * 1024 * 1024;

const decodeAppCall = callDecoder(appRequests, MAX_APP_REQUEST_LENGTH);
type AppCall = Extract<ReturnType<typeof decodeAppCall>, { ok: true }>["value"];

/** Answers what a window asks, and tells it what changes once it watches. Ends with the connection. */
export function serveApp(connection: AppConnection, app: WatchableApp, clock: Clock, logger: Logger): void {
  new ServedConnection(connection, app, clock, logger.child("window"));
}

class ServedConnection {
  readonly #connection: AppConnection;
  readonly #app: WatchableApp;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #requests: TokenBucket;
  readonly #held = new DisposableStore();
  #waiting = 0;
  #isClosed = false;
  /** The state as this window has it; undefined while it does not watch. */
  #told: AppState | undefined;
  #now: AppState | undefined;
  #watching: Disposable | undefined;
  #retry: Disposable | undefined;

  constructor(connection: AppConnection, app: WatchableApp, clock: Clock, logger: Logger) {
    this.#connection = connection;
    this.#app = app;
    this.#clock = clock;
    this.#logger = logger;
    this.#requests = new TokenBucket(REQUEST_BURST, REQUEST_REFILL_MS, clock.now());
    this.#held.add({ dispose: () => this.#watching?.dispose() });
    this.#held.add({ dispose: () => this.#retry?.dispose() });
    connection.onFrame = (text) => this.#receive(text);
    connection.onClose = () => this.#close();
  }

  #receive(text: string): void {
    if (this.#isClosed) return;
    const call = decodeAppCall(text);
    if (!call.ok) return this.#send(encodeReply(call.error.id ?? 0, call));
    const { id, method } = call.value;
    if (!this.#requests.take(this.#clock.now()) || this.#waiting >= MAX_WAITING) {
      return this.#send(encodeReply(id, fail("too_many_requests", "this window asks too much at once")));
    }
    if (method === "watch") return this.#watch(id);
    this.#waiting++;
    void this.#answer(call.value).then((result) => {
      this.#waiting--;
      this.#send(encodeReply(id, result));
    });
  }

  async #answer({ method, params }: AppCall): Promise<Result<unknown>> {
    try {
      return await this.#app.call(method, params as never);
    } catch (error) {
      this.#logger.error("a request failed", { method, error: messageOf(error) });
      return fail("internal", messageOf(error));
    }
  }

  /** The answer is the whole state; what is pushed from then on is relative to it. */
  #watch(id: number): void {
    this.#watching?.dispose();
    const watching = this.#app.watch((state) => {
      this.#now = state;
      this.#push();
    });
    this.#watching = watching;
    this.#told = watching.state;
    this.#now = watching.state;
    this.#send(encodeReply(id, { ok: true, value: watching.state }));
  }

  /** What this window does not know yet, in one patch, however many states it missed. */
  #push(): void {
    if (this.#isClosed || this.#retry) return;
    if ((this.#connection.unsent ?? 0) > SLOW_READER_BYTES) {
      this.#retry = this.#clock.after(SLOW_READER_RETRY_MS, () => {
        this.#retry = undefined;
        this.#push();
      });
      return;
    }
    const patch = diff(this.#told, this.#now);
    this.#told = this.#now;
    if (patch !== undefined) this.#send(encodePush(patch));
  }

  #send(text: string): void {
    if (this.#isClosed) return;
    if ((this.#connection.unsent ?? 0) > DEAD_READER_BYTES) {
      this.#logger.warn("a window does not read any more");
      this.#connection.close();
      return this.#close();
    }
    try {
      this.#connection.send(text);
    } catch (error) {
      this.#logger.debug("a window went away", { error: messageOf(error) });
      this.#close();
    }
  }

  #close(): void {
    this.#isClosed = true;
    this.#held.dispose();
  }
}
