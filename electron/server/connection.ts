import type { ConnectionId, PublicKey } from "../../shared/base/brand.ts";
import type { Logger } from "../../shared/base/logger.ts";
import { TokenBucket } from "../../shared/base/rate.ts";
import { messageOf } from "../../shared/base/result.ts";
import { MAX_FRAME_BYTES } from "../../shared/protocols/govpn/limits.ts";
import type { ServerSocket } from "../adapters/sockets/ws-server.ts";
import {
  MAX_BUFFERED_BYTES,
  MAX_OFFENCES,
  OFFENCE_WINDOW_MS,
  PAUSE_AT_WAITING_FRAMES,
  RESUME_AT_WAITING_FRAMES,
  type ServerLimits,
} from "./limits.ts";
import { shortKey } from "./log-lines.ts";
import type { ServerMetrics } from "./metrics.ts";
import { isOffence, type Refusal, refusal } from "./refusal.ts";
import type { ReplayGuard } from "./replay.ts";
import { type Request, readRequest } from "./request.ts";
import type { Outcome, RoomService } from "./room-service.ts";
import type { ClientAddress, Peer } from "./rooms.ts";
import type { SignatureChecker, SignatureVerdict } from "./signatures.ts";

/** What all connections of a server share. */
export interface ConnectionContext {
  readonly service: RoomService;
  readonly limits: ServerLimits;
  readonly metrics: ServerMetrics;
  readonly logger: Logger;
  readonly now: () => number;
  /** Signatures of messages that change a room, and of relayed ones. */
  readonly changes: ReplayGuard;
  readonly signals: ReplayGuard;
}

/** A frame waiting for its turn: refused already, or a request whose signature is being checked. */
interface Waiting {
  readonly request: Request | undefined;
  readonly messageId: string | undefined;
  refusal: Refusal | undefined;
  verdict: SignatureVerdict | undefined;
}

/** RFC 6455 section 7.4.1. */
const POLICY_VIOLATION = 1008;

/**
 * One client: reads frames, has their signatures checked, and carries them out one after another in the order they
 * came, however long each takes. A frame that cannot be carried out is answered with an Error, never passed over.
 */
export class Connection implements Peer {
  readonly id: ConnectionId;
  readonly address: ClientAddress;
  readonly #socket: ServerSocket;
  readonly #context: ConnectionContext;
  readonly #signatures: SignatureChecker;
  /** The key of the first verified message: one socket, one key. */
  #key: PublicKey | undefined;
  #isOpen = true;
  #isBusy = false;
  #isPaused = false;
  #waiting: Waiting[] = [];
  // Made at the first message and the first offence: most of 10,000 connections are idle and well-behaved.
  #messages: TokenBucket | undefined;
  #offences: TokenBucket | undefined;
  /** Anything heard since the last ping. */
  isAlive = true;

  constructor(
    id: ConnectionId,
    address: ClientAddress,
    socket: ServerSocket,
    signatures: SignatureChecker,
    context: ConnectionContext,
  ) {
    this.id = id;
    this.address = address;
    this.#socket = socket;
    this.#signatures = signatures;
    this.#context = context;
    socket.onText = (text, bytes) => this.#receive(text, bytes);
    socket.onBinary = () => this.#refuseFrame(refusal("notText"));
    socket.onPong = () => {
      this.isAlive = true;
    };
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The socket is not read now, so it cannot show that it lives. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  send(frame: string): void {
    if (!this.#isOpen) return;
    if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) {
      this.#context.metrics.dropped("slow");
      this.#context.logger.warn("a client does not read what it is sent", this.#describe());
      // A closing frame would wait behind the megabyte that the client does not read.
      this.#socket.terminate();
      return;
    }
    this.#socket.send(frame);
  }

  ping(): void {
    this.#socket.ping();
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** The socket is gone. */
  closed(): void {
    this.#isOpen = false;
    this.#waiting = [];
    this.#context.service.disconnected(this);
  }

  #receive(text: string, bytes: number): void {
    this.isAlive = true;
    if (!this.#mayTalk()) {
      this.#context.metrics.rateLimited("messages");
      return this.#refuseFrame(refusal("rateLimited"), undefined, true);
    }
    if (bytes > MAX_FRAME_BYTES) return this.#refuseFrame(refusal("tooLarge"));
    const request = readRequest(text);
    if (!request.ok) return this.#refuseFrame(request.refusal, request.messageId);
    const messageId = request.message.message_id;
    // Spares the check of a signature that cannot matter.
    if (!this.#isOwnKey(request)) return this.#refuseFrame(refusal("keyChanged"), messageId);
    const waiting: Waiting = { request, messageId, refusal: undefined, verdict: undefined };
    this.#enqueue(waiting);
    this.#signatures.check(request, (verdict) => {
      waiting.verdict = verdict;
      this.#drain();
    });
  }

  #refuseFrame(why: Refusal, messageId?: string, isOffending = isOffence(why.code)): void {
    if (isOffending && !this.#forgive()) return;
    this.#enqueue({ request: undefined, messageId, refusal: why, verdict: undefined });
    this.#drain();
  }

  #enqueue(waiting: Waiting): void {
    if (!this.#isOpen) return;
    this.#waiting.push(waiting);
    if (this.#waiting.length >= PAUSE_AT_WAITING_FRAMES && !this.#isPaused) {
      this.#isPaused = true;
      this.#socket.pause();
    }
  }

  #drain(): void {
    while (!this.#isBusy) {
      const head = this.#waiting[0];
      if (!head || (head.request && !head.verdict)) break;
      this.#waiting.shift();
      this.#carryOut(head);
    }
    if (this.#isPaused && this.#waiting.length <= RESUME_AT_WAITING_FRAMES && !this.#isBusy) {
      this.#isPaused = false;
      this.isAlive = true;
      if (this.#isOpen) this.#socket.resume();
    }
  }

  #carryOut({ request, messageId, refusal: why, verdict }: Waiting): void {
    if (!this.#isOpen) return;
    if (why || !request) return this.#answer(why && { refusal: why }, messageId);
    const wrong = this.#authenticate(request, verdict);
    if (wrong) {
      if (isOffence(wrong.code) && !this.#forgive()) return;
      return this.#answer({ refusal: wrong }, messageId);
    }
    this.#context.metrics.message(request.message.type);
    try {
      const outcome = this.#context.service.handle(this, request.message);
      if (outcome instanceof Promise) this.#await(outcome, messageId);
      else this.#conclude(outcome, messageId);
    } catch (error) {
      this.#fail(error, messageId);
    }
  }

  #authenticate(request: Request, verdict: SignatureVerdict | undefined): Refusal | undefined {
    if (!verdict?.ok) return refusal("invalidSignature");
    if (!this.#isOwnKey(request)) return refusal("keyChanged");
    const { type, public_key: key, message_id: messageId } = request.message;
    const isSignal = type === "Offer" || type === "Answer" || type === "Candidate";
    const guard = isSignal ? this.#context.signals : this.#context.changes;
    if (guard.isReplay(verdict.tag, typeof messageId === "string", this.id, this.#context.now())) {
      return refusal("replayed");
    }
    this.#key = key;
    return undefined;
  }

  #isOwnKey(request: Request): boolean {
    return this.#key === undefined || this.#key === request.message.public_key;
  }

  #await(outcome: Promise<Outcome>, messageId: string | undefined): void {
    this.#isBusy = true;
    outcome
      .then(
        (value) => this.#conclude(value, messageId),
        (error: unknown) => this.#fail(error, messageId),
      )
      .finally(() => {
        this.#isBusy = false;
        this.#drain();
      });
  }

  #conclude(outcome: Outcome, messageId: string | undefined): void {
    if (outcome && "refusal" in outcome && isOffence(outcome.refusal.code) && !this.#forgive()) return;
    this.#answer(outcome, messageId);
  }

  #fail(error: unknown, messageId: string | undefined): void {
    this.#context.logger.error("a message could not be carried out", { ...this.#describe(), error: messageOf(error) });
    this.#answer({ refusal: refusal("internal") }, messageId);
  }

  #answer(outcome: Outcome, messageId: string | undefined): void {
    if (!outcome) return;
    const echo = typeof messageId === "string" ? { message_id: messageId } : undefined;
    if ("reply" in outcome) return this.send(JSON.stringify({ ...outcome.reply, ...echo }));
    const { code, text } = outcome.refusal;
    this.#context.metrics.error(code);
    this.#context.logger.debug("refused", { ...this.#describe(), code });
    this.send(JSON.stringify({ type: "Error", data: text, ...echo }));
  }

  #mayTalk(): boolean {
    const { limits, now } = this.#context;
    const at = now();
    this.#messages ??= new TokenBucket(
      limits.messageBurst,
      (limits.messageBurst / limits.messagesPerSecond) * 1000,
      at,
    );
    return this.#messages.take(at);
  }

  /** Counts an offence. @returns false when it was one too many: the socket is closing then. */
  #forgive(): boolean {
    const at = this.#context.now();
    this.#offences ??= new TokenBucket(MAX_OFFENCES, OFFENCE_WINDOW_MS, at);
    if (this.#offences.take(at)) return true;
    if (this.#isOpen) {
      this.#context.metrics.dropped("offences");
      this.#context.logger.warn("a client was disconnected for too many errors", this.#describe());
      this.#isOpen = false;
      this.#waiting = [];
      this.#socket.close(POLICY_VIOLATION, "too many errors");
    }
    return false;
  }

  #describe(): Record<string, unknown> {
    return {
      connection: this.id,
      address: this.address.group,
      ...(this.#key !== undefined && { key: shortKey(this.#key) }),
    };
  }
}
