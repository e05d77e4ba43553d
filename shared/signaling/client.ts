import { backoffMs } from "../base/backoff.ts";
import { hex } from "../base/bytes.ts";
import { type Clock, wallTimeOf } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { Emitter } from "../base/emitter.ts";
import type { Logger } from "../base/logger.ts";
import type { RandomBytes } from "../base/random.ts";
import { TokenBucket } from "../base/rate.ts";
import { type Failure, messageOf, type Result } from "../base/result.ts";
import type { Signer } from "../identity/keys.ts";
import { decodeServerFrame } from "../protocols/govpn/codec.ts";
import { MAX_FRAME_BYTES } from "../protocols/govpn/limits.ts";
import type { ServerMessage, Unsigned } from "../protocols/govpn/messages.ts";
import { signFrame } from "../protocols/govpn/signature.ts";
import {
  type ConnectionEffect,
  type ConnectionEvent,
  type ConnectionState,
  RECONNECT_BACKOFF,
  step,
} from "./connection.ts";
import type { RequestFailure } from "./failures.ts";
import type { DialSignaling, SignalingSocket } from "./ports.ts";
import type { ReplyTo, RequestMessage, SignalMessage } from "./replies.ts";
import { type RequestOptions, RequestQueue, type Transmit } from "./requests.ts";

/** Candidates of many links at once, waiting for their signatures; beyond it the mesh is told to try again later. */
export const MAX_UNSIGNED_FRAMES = 1024;
/** A server that sends this many unreadable frames in a minute is broken or hostile: hang up and come back later. */
export const MAX_BAD_FRAMES_PER_MINUTE = 64;

/** The connection as others see it. Times are milliseconds since 1970 (`Clock.wallTime`). */
export interface SignalingState {
  readonly kind: ConnectionState["kind"];
  readonly since: number;
  /** While waiting: when the next attempt is made. */
  readonly retryAt?: number;
  /** While waiting: why the last connection ended, for people. */
  readonly reason?: string;
}

export interface SignalingEvents {
  state: SignalingState;
  /** What the server says unasked, and errors that answer no request of ours; replies go to who asked. */
  message: ServerMessage;
  /** A frame that is not the protocol, dropped. Codes: those of `decodeServerFrame`. */
  protocolError: Failure;
}

export interface SignalingClientOptions {
  /** As `parseServerUrl` gives it. */
  readonly url: string;
  readonly dial: DialSignaling;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
}

/**
 * One lasting connection to a GoVPN signaling server: dials, comes back by itself, signs in order, matches replies
 * to requests, and keeps under the server's rate limit. It knows nothing of rooms; shared/room does.
 */
export class SignalingClient {
  readonly events: Emitter<SignalingEvents>;
  readonly url: string;
  readonly #options: SignalingClientOptions;
  readonly #logger: Logger;
  readonly #requests: RequestQueue;
  #connection: ConnectionState = { kind: "idle" };
  #socket: SignalingSocket | undefined;
  #wake: Disposable | undefined;
  /** Signing is asynchronous, sending must be in order: each frame waits for the one before it. */
  #signing: Promise<void> = Promise.resolve();
  #unsigned = 0;
  #badFrames: TokenBucket;

  constructor(options: SignalingClientOptions) {
    this.#options = options;
    this.url = options.url;
    this.#logger = options.logger.child("signaling");
    this.events = new Emitter((error) => this.#logger.error("a listener failed", { error: messageOf(error) }));
    this.#badFrames = new TokenBucket(MAX_BAD_FRAMES_PER_MINUTE, 60_000, options.clock.now());
    this.#requests = new RequestQueue({
      clock: options.clock,
      random: options.random,
      transmit: (message, id, sending) => this.#transmit(message, id, sending),
    });
  }

  get state(): SignalingState {
    const { clock } = this.#options;
    const connection = this.#connection;
    const since = connection.kind === "idle" ? clock.wallTime() : wallTimeOf(connection.since, clock);
    if (connection.kind !== "waiting") return { kind: connection.kind, since };
    return { kind: "waiting", since, retryAt: wallTimeOf(connection.retryAt, clock), reason: connection.reason };
  }

  start(): void {
    this.#advance({ type: "start" });
  }

  /** The network came back or the machine woke up: try at once instead of waiting, or check that the socket lives. */
  retryNow(): void {
    this.#advance({ type: "retryNow" });
  }

  /** Hangs up for good (`start` begins anew). Every request that waits fails with "stopped". */
  stop(): void {
    this.#advance({ type: "stop" });
    this.#requests.stop();
  }

  /**
   * Asks the server something. While offline, or over the limit, the request waits; after a lost connection a join,
   * a rename or a leave is asked again, a create or a kick fails with "connection_lost".
   */
  request<M extends RequestMessage>(
    message: M,
    options: RequestOptions<ReplyTo<M["type"]>> = {},
  ): Promise<Result<ReplyTo<M["type"]>, RequestFailure>> {
    // The queue hands over only replies that `answers` has matched to the request's type.
    return this.#requests.add(message, options as RequestOptions) as Promise<
      Result<ReplyTo<M["type"]>, RequestFailure>
    >;
  }

  /**
   * Sends an offer, an answer or a candidate, in the order of the calls.
   * @returns false when it was dropped, because there is no connection or too much waits already.
   */
  send(message: SignalMessage): boolean {
    if (this.#connection.kind !== "online" || this.#unsigned >= MAX_UNSIGNED_FRAMES) return false;
    void this.#transmit(message, hex.encode(this.#options.random(16)));
    return true;
  }

  /** Signs and sends on the connection of this moment; a frame never moves over to a later connection. */
  #transmit(message: Unsigned, id: string, sending = () => {}): ReturnType<Transmit> {
    const socket = this.#socket;
    this.#unsigned++;
    const transmitted = this.#signing.then(async () => {
      if (!socket || socket !== this.#socket) return "lost" as const;
      const frame = await signFrame(message, id, this.#options.signer);
      if (socket !== this.#socket) return "lost" as const;
      if (frame.length > MAX_FRAME_BYTES) throw new Error(`the ${message.type} is over ${MAX_FRAME_BYTES} bytes`);
      sending();
      socket.send(frame);
      return "sent" as const;
    });
    const outcome = transmitted.catch((error: unknown) => {
      this.#logger.error("a message could not be signed", { type: message.type, error: messageOf(error) });
      return "unsigned" as const;
    });
    this.#signing = outcome.then(() => void this.#unsigned--);
    return outcome;
  }

  #advance(event: ConnectionEvent): void {
    const { clock, random } = this.#options;
    const before = this.#connection;
    const backoff = (failures: number) => backoffMs(failures, RECONNECT_BACKOFF, random);
    const { state, effects } = step(before, event, { now: clock.now(), backoff });
    this.#connection = state;
    for (const effect of effects) this.#perform(effect);
    if (state === before) return;
    this.#logger.debug("connection", { state: state.kind, ...(state.kind === "waiting" && { reason: state.reason }) });
    if (before.kind === "online") this.#requests.disconnected();
    if (state.kind === "online") this.#requests.connected();
    this.events.emit("state", this.state);
  }

  #perform(effect: ConnectionEffect): void {
    switch (effect.type) {
      case "dial":
        return this.#dial();
      case "hangUp":
        return this.#hangUp();
      case "probe":
        return this.#socket?.probe();
      case "wakeAfter":
        this.#wake?.dispose();
        this.#wake = this.#options.clock.after(effect.ms, () => this.#advance({ type: "retryDue" }));
        return;
      case "cancelWake":
        return this.#wake?.dispose();
    }
  }

  #dial(): void {
    const socket = this.#options.dial(this.#options.url);
    this.#socket = socket;
    // A socket that was let go may still speak; only the current one is heard.
    socket.onOpen = () => {
      if (socket === this.#socket) this.#advance({ type: "opened" });
    };
    socket.onMessage = (text) => {
      if (socket === this.#socket) this.#receive(text);
    };
    socket.onClose = (reason) => {
      if (socket === this.#socket) this.#advance({ type: "closed", reason });
    };
  }

  #hangUp(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  #receive(text: string): void {
    const decoded = decodeServerFrame(text);
    if (!decoded.ok) return this.#badFrame(decoded.error);
    if (!this.#requests.receive(decoded.value)) this.events.emit("message", decoded.value);
  }

  #badFrame(failure: Failure): void {
    this.#logger.debug("bad frame from the server", { code: failure.code, message: failure.message });
    this.events.emit("protocolError", failure);
    // A newer server's pushes are no reason to leave it.
    if (failure.code === "unknown_type" || this.#badFrames.take(this.#options.clock.now())) return;
    this.#advance({ type: "closed", reason: "the server does not speak the GoVPN protocol" });
  }
}
