import { hex } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { RandomBytes } from "../base/random.ts";
import { fail, ok, type Result } from "../base/result.ts";
import type { ServerMessage } from "../protocols/govpn/messages.ts";
import { failureOfSentence, type RequestFailure } from "./failures.ts";
import { EntryLimiter } from "./limiter.ts";
import type { AbortSignalLike } from "./ports.ts";
import { answers, type RequestMessage, type RequestType, requestAnsweredBy } from "./replies.ts";

/** More than every room of a machine rejoining at once with a user clicking along; beyond it something loops. */
export const MAX_PENDING_REQUESTS = 128;
/** From the sending to the reply. A server that verifies, hashes a PIN and stores needs well under a second. */
export const REPLY_TIMEOUT_MS = 10_000;
/** From the call to the outcome, waiting for the network included: how long a user believes in it. */
export const REQUEST_DEADLINE_MS = 60_000;

/** Where a request stands, for whoever shows it. `until` is a time of `Clock.now`. */
export type RequestPhase =
  | { readonly kind: "offline" }
  | { readonly kind: "limited"; readonly until: number }
  | { readonly kind: "sent" };

export interface RequestOptions<Reply extends ServerMessage = ServerMessage> {
  readonly timeoutMs?: number;
  /** `Number.POSITIVE_INFINITY` for what may wait as long as it takes. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignalLike;
  /** Background requests wait at the limiter until no user's is waiting. */
  readonly priority?: "user" | "background";
  /** Whether it is asked again when the connection is lost before the reply. By default: if that can do no harm. */
  readonly repeat?: boolean;
  readonly onPhase?: (phase: RequestPhase) => void;
  /** Called in the order of the server's messages, before the promise settles and before the next message is read. */
  readonly onReply?: (reply: Reply) => void;
}

interface Pending {
  readonly message: RequestMessage;
  readonly options: RequestOptions;
  /** The message id of the current sending. Each sending has its own, since servers refuse replays. */
  id: string;
  stage: "queued" | "signing" | "sent";
  announced: string;
  replyTimer: Disposable | undefined;
  deadlineTimer: Disposable | undefined;
  /** By `Clock.now`. */
  deadline: number;
  abortListener: Disposable | undefined;
  readonly resolve: (result: Result<ServerMessage, RequestFailure>) => void;
}

/** Asking twice has the same outcome. Not so for creating, nor for a kick, which could hit someone who came back. */
const repeatable: ReadonlySet<RequestType> = new Set(["JoinRoom", "Rename", "LeaveRoom"]);
const limited: ReadonlySet<RequestType> = new Set(["CreateRoom", "JoinRoom"]);

/**
 * Signs and sends a request; calls `sending` when it is signed and about to go out.
 * @returns "lost" when the connection for which it was meant is gone and nothing was sent.
 */
export type Transmit = (
  message: RequestMessage,
  id: string,
  sending: () => void,
) => Promise<"sent" | "lost" | "unsigned">;

/**
 * The requests that have no answer yet: those that wait for the connection or the limiter, and those that were sent.
 *
 *            ┌────────── connection lost (repeatable) ─────────────┐
 *            ▼                                                     │
 *   add ─▶ queued ── online, limiter allows ─▶ signing ── sent ─▶ sent ── reply ─▶ settled
 *            ▲                                    │
 *            └───────── connection lost ──────────┘
 *
 * Deadline, abort, reply timeout and a lost connection settle it from where it is.
 */
export class RequestQueue {
  readonly #clock: Clock;
  readonly #random: RandomBytes;
  readonly #transmit: Transmit;
  readonly #limiter = new EntryLimiter();
  /** In the order of asking; a repeated request keeps its place. */
  readonly #pending = new Set<Pending>();
  #online = false;
  #slotTimer: Disposable | undefined;

  constructor(deps: { clock: Clock; random: RandomBytes; transmit: Transmit }) {
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#transmit = deps.transmit;
  }

  get size(): number {
    return this.#pending.size;
  }

  add(message: RequestMessage, options: RequestOptions): Promise<Result<ServerMessage, RequestFailure>> {
    if (options.signal?.aborted) return Promise.resolve(fail("aborted", "the request was cancelled"));
    if (this.#pending.size >= MAX_PENDING_REQUESTS) {
      return Promise.resolve(fail("queue_full", `over ${MAX_PENDING_REQUESTS} requests are waiting`));
    }
    return new Promise((resolve) => {
      const pending: Pending = {
        message,
        options,
        id: "",
        stage: "queued",
        announced: "",
        replyTimer: undefined,
        deadlineTimer: undefined,
        deadline: 0,
        abortListener: undefined,
        resolve,
      };
      this.#pending.add(pending);
      this.#setDeadline(pending, options.deadlineMs ?? REQUEST_DEADLINE_MS);
      this.#watchAbort(pending);
      this.#pump();
    });
  }

  /** The connection is there: what waited for it goes out. */
  connected(): void {
    this.#online = true;
    this.#pump();
  }

  /** The connection is gone: what was sent is asked again later, or fails where asking twice could do harm. */
  disconnected(): void {
    this.#online = false;
    this.#slotTimer?.dispose();
    for (const pending of [...this.#pending]) {
      const isRepeated = pending.options.repeat ?? repeatable.has(pending.message.type);
      if (pending.stage === "sent" && !isRepeated) {
        this.#settle(pending, fail("connection_lost", "the connection was lost before the server answered"));
      } else {
        this.#requeue(pending);
      }
    }
    this.#announceWaiting();
  }

  /** @returns whether the message was the answer to one of them. */
  receive(reply: ServerMessage): boolean {
    const pending = requestAnsweredBy(reply, this.#sent());
    if (!pending) return false;
    if (reply.type === "Error") {
      const failure = failureOfSentence(reply.data);
      if (failure.code === "rate_limited") this.#limiter.pause(this.#clock.now());
      this.#settle(pending, { ok: false, error: failure });
    } else if (!answers(reply, pending.message)) {
      this.#settle(pending, fail("bad_reply", `the server answered ${pending.message.type} with ${reply.type}`));
    } else {
      pending.options.onReply?.(reply);
      this.#settle(pending, ok(reply));
    }
    return true;
  }

  /** Ends all of them. */
  stop(): void {
    this.#online = false;
    this.#slotTimer?.dispose();
    for (const pending of [...this.#pending]) this.#settle(pending, fail("stopped", "the client was stopped"));
  }

  *#sent(): Generator<Pending> {
    for (const pending of this.#pending) if (pending.stage === "sent") yield pending;
  }

  /** Sends all that may go now, and wakes up when the limiter lets the next one through. */
  #pump(): void {
    this.#slotTimer?.dispose();
    if (this.#online) {
      const now = this.#clock.now();
      for (const pending of this.#waiting()) {
        if (!limited.has(pending.message.type) || this.#limiter.take(now)) void this.#dispatch(pending);
      }
    }
    this.#announceWaiting();
  }

  /** Queued requests, users' before background ones, else in the order of asking. */
  #waiting(): Pending[] {
    const queued = [...this.#pending].filter((pending) => pending.stage === "queued");
    const isBackground = (pending: Pending) => pending.options.priority === "background";
    return [...queued.filter((pending) => !isBackground(pending)), ...queued.filter(isBackground)];
  }

  #announceWaiting(): void {
    const waiting = this.#waiting();
    if (!this.#online) {
      for (const pending of waiting) announce(pending, { kind: "offline" });
      return;
    }
    const now = this.#clock.now();
    const slots = this.#limiter.slots(now, waiting.length);
    for (const [i, pending] of waiting.entries()) {
      const until = slots[i] ?? now;
      this.#allowFor(pending, until);
      announce(pending, { kind: "limited", until });
    }
    const [next] = slots;
    if (next !== undefined) this.#slotTimer = this.#clock.after(Math.max(1, next - now), () => this.#pump());
  }

  async #dispatch(pending: Pending): Promise<void> {
    const id = hex.encode(this.#random(16));
    pending.id = id;
    pending.stage = "signing";
    const isCurrent = () => this.#pending.has(pending) && pending.id === id;
    const outcome = await this.#transmit(pending.message, id, () => isCurrent() && this.#markSent(pending));
    if (!isCurrent() || outcome === "sent") return;
    if (outcome === "lost") this.#requeue(pending);
    else this.#settle(pending, fail("signing_failed", "the request could not be signed"));
  }

  #markSent(pending: Pending): void {
    pending.stage = "sent";
    announce(pending, { kind: "sent" });
    pending.replyTimer = this.#clock.after(pending.options.timeoutMs ?? REPLY_TIMEOUT_MS, () =>
      this.#settle(pending, fail("timeout", "the server did not answer in time")),
    );
  }

  #requeue(pending: Pending): void {
    pending.stage = "queued";
    pending.id = "";
    pending.replyTimer?.dispose();
  }

  #setDeadline(pending: Pending, ms: number): void {
    pending.deadlineTimer?.dispose();
    pending.deadline = this.#clock.now() + ms;
    if (ms === Number.POSITIVE_INFINITY) return;
    pending.deadlineTimer = this.#clock.after(ms, () => {
      const why =
        pending.stage === "queued" ? "the request could not be sent in time" : "the server did not answer in time";
      this.#settle(pending, fail("timeout", why));
    });
  }

  /** The wait for the limiter is known and will end, so it does not count: giving up just before would be absurd. */
  #allowFor(pending: Pending, slot: number): void {
    const needed = slot + (pending.options.timeoutMs ?? REPLY_TIMEOUT_MS);
    if (pending.deadline < needed) this.#setDeadline(pending, needed - this.#clock.now());
  }

  #watchAbort(pending: Pending): void {
    const { signal } = pending.options;
    if (!signal) return;
    const abort = () => this.#settle(pending, fail("aborted", "the request was cancelled"));
    signal.addEventListener("abort", abort);
    pending.abortListener = { dispose: () => signal.removeEventListener("abort", abort) };
  }

  #settle(pending: Pending, result: Result<ServerMessage, RequestFailure>): void {
    if (!this.#pending.delete(pending)) return;
    pending.replyTimer?.dispose();
    pending.deadlineTimer?.dispose();
    pending.abortListener?.dispose();
    pending.resolve(result);
  }
}

/** Tells the asker of a phase once, not at every look at the queue. */
function announce(pending: Pending, phase: RequestPhase): void {
  const key = JSON.stringify(phase);
  if (pending.announced === key) return;
  pending.announced = key;
  pending.options.onPhase?.(phase);
}
