import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { Emitter } from "../base/emitter.ts";
import { fail, type Result } from "../base/result.ts";
import type { AppApi, AppMethod, AppParams, AppReplies, AppState } from "./app.ts";
import { applyPatch, diff } from "./patch.ts";
import { decodeAnswer, encodeCall, type Reply } from "./wire.ts";

/**
 * A window's end of the contract, over any connection that carries texts in order: a WebSocket in a browser, a
 * MessagePort in the desktop app. It is made once and outlives its connections:
 *
 *   const client = createAppClient({ send: (text) => socket.send(text), clock });
 *   socket.onopen = () => client.opened();
 *   socket.onmessage = ({ data }) => client.receive(data);
 *   socket.onclose = () => client.closed();
 *   client.onState((state) => store.setState({ app: state }));
 *   const made = await client.call("create", { name: "Den", pin: "4821" });
 */
export interface AppClient extends AppApi {
  /** The last known state; undefined before the first. Unchanged parts keep their identity from one to the next. */
  readonly state: AppState | undefined;
  /** There is a connection, and the state on this side is the host's own. */
  readonly isLive: boolean;
  /** Calls with every new state, and not with the present one. */
  onState(listener: (state: AppState) => void): Disposable;
  /** Calls when `isLive` changes. The state of a lost connection stays to be shown, as what it is: old. */
  onLive(listener: (isLive: boolean) => void): Disposable;
  /**
   * Asks the host. Never rejects. Failures of its own: "disconnected" (no connection, or it was lost before the
   * answer: what was asked may have been done) and "timeout"; the others are the host's.
   */
  call<M extends AppMethod>(method: M, params: AppParams<M>): Promise<Result<AppReplies[M]>>;

  /** The connection's owner: texts may be sent from now on. Asks for the whole state. */
  opened(): void;
  /** The connection's owner: a text came. What is no text of the contract is dropped. */
  receive(text: string): void;
  /** The connection's owner: it is gone. What was asked fails at once; `opened` may follow. */
  closed(): void;
}

export interface AppClientOptions {
  /** Sends one text on the connection there is. Called between `opened` and `closed` only. May throw when it broke. */
  readonly send: (text: string) => void;
  readonly clock: Clock;
}

/** Most answers are the running program's own and come at once. */
const REPLY_WITHIN_MS = 15_000;
const WATCH_AGAIN_MS = 1_000;
/** The server may make creating and joining wait for its rate limit's minute, and the host tries again meanwhile. */
const ENTRY_WITHIN_MS = 90_000;
/** A person answers the system's question, or unlocks a keychain. */
const PERSON_WITHIN_MS = 180_000;

const replyWithin: Partial<Readonly<Record<AppMethod, number>>> = {
  create: ENTRY_WITHIN_MS,
  join: ENTRY_WITHIN_MS,
  rename: ENTRY_WITHIN_MS,
  kick: ENTRY_WITHIN_MS,
  leave: ENTRY_WITHIN_MS,
  // Each of up to 100 probes may take 3 s; a window asks for a few.
  ping: ENTRY_WITHIN_MS,
  // Up to 30 s each way.
  speedTest: ENTRY_WITHIN_MS,
  doctor: ENTRY_WITHIN_MS,
  report: ENTRY_WITHIN_MS,
  // A key is derived from a passphrase, slowly on purpose; a keychain may ask its owner.
  exportIdentity: PERSON_WITHIN_MS,
  importIdentity: PERSON_WITHIN_MS,
  reset: PERSON_WITHIN_MS,
  grantRights: PERSON_WITHIN_MS,
};

interface Waiting {
  readonly settle: (result: Result<unknown>) => void;
  readonly late: Disposable;
}

export function createAppClient(options: AppClientOptions): AppClient {
  return new Client(options);
}

class Client implements AppClient {
  readonly #options: AppClientOptions;
  readonly #events = new Emitter<{ state: AppState; live: boolean }>();
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #isOpen = false;
  /** The request whose answer is the whole state; patches before it are of a state that is not known. */
  #watchId: number | undefined;
  #isLive = false;
  #state: AppState | undefined;

  constructor(options: AppClientOptions) {
    this.#options = options;
  }

  get state(): AppState | undefined {
    return this.#state;
  }

  get isLive(): boolean {
    return this.#isLive;
  }

  onState(listener: (state: AppState) => void): Disposable {
    return this.#events.on("state", listener);
  }

  onLive(listener: (isLive: boolean) => void): Disposable {
    return this.#events.on("live", listener);
  }

  async call<M extends AppMethod>(method: M, params: AppParams<M>): Promise<Result<AppReplies[M]>> {
    // The value's type follows from the method; the host is this very program, so its answers are not checked again.
    return this.#ask(method, params) as Promise<Result<AppReplies[M]>>;
  }

  opened(): void {
    this.closed();
    this.#isOpen = true;
    this.#watch();
  }

  receive(text: string): void {
    const answer = this.#isOpen ? decodeAnswer(text) : undefined;
    if (answer?.kind === "reply") this.#onReply(answer);
    else if (answer?.kind === "push" && this.#isLive) this.#become(applyPatch(this.#state, answer.patch) as AppState);
  }

  closed(): void {
    this.#isOpen = false;
    this.#watchId = undefined;
    this.#setLive(false);
    for (const id of [...this.#waiting.keys()]) this.#settle(id, fail("disconnected", "the connection was lost"));
  }

  #watch(): void {
    const id = this.#lastId + 1;
    this.#watchId = id;
    void this.#ask("watch", {}).then((watched) => {
      // The host is there and could not answer: it is asked until it does. A broken connection is its owner's to mend.
      if (watched.ok || watched.error.code === "disconnected") return;
      this.#options.clock.after(WATCH_AGAIN_MS, () => this.#isOpen && this.#watchId === id && this.#watch());
    });
  }

  #ask(method: AppMethod, params: unknown): Promise<Result<unknown>> {
    if (!this.#isOpen) return Promise.resolve(fail("disconnected", "there is no connection"));
    const id = ++this.#lastId;
    return new Promise((settle) => {
      const withinMs = replyWithin[method] ?? REPLY_WITHIN_MS;
      const late = this.#options.clock.after(withinMs, () =>
        this.#settle(id, fail("timeout", `no answer within ${withinMs / 1000} s`)),
      );
      this.#waiting.set(id, { settle, late });
      try {
        this.#options.send(encodeCall(id, method, params));
      } catch {
        this.#settle(id, fail("disconnected", "the connection does not take anything"));
      }
    });
  }

  /** In the order in which the texts came: a patch that follows `watch`'s answer must find its state. */
  #onReply({ id, result }: Reply): void {
    const isState = id === this.#watchId && result.ok && typeof result.value === "object" && result.value !== null;
    if (isState) {
      this.#setLive(true);
      const { value } = result;
      // What is as it was before the connection was lost keeps its identity.
      const state = this.#state === undefined ? value : applyPatch(this.#state, diff(this.#state, value) ?? {});
      this.#become(state as AppState);
    }
    this.#settle(id, result);
  }

  #become(state: AppState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#events.emit("state", state);
  }

  #setLive(isLive: boolean): void {
    if (isLive === this.#isLive) return;
    this.#isLive = isLive;
    this.#events.emit("live", isLive);
  }

  #settle(id: number, result: Result<unknown>): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    waiting.late.dispose();
    waiting.settle(result);
  }
}
