import type { ConnectionId, PublicKey } from "../../shared/base/brand.ts";
import type { Logger } from "../../shared/base/logger.ts";
import type { TokenBucket } from "../../shared/base/rate.ts";
import { messageOf } from "../../shared/base/result.ts";
import { MAX_FRAME_BYTES } from "../../shared/protocols/govpn/limits.ts";
import type { ServerSocket } from "../adapters/sockets/ws-server.ts";
import type { AddressLimits } from "./address-limits.ts";
import type { Backlog } from "./backlog.ts";
import { ConnectionAllowance } from "./connection-allowance.ts";
import type { FairTurns } from "./fair-turns.ts";
import { Inbox } from "./inbox.ts";
import { MAX_BUFFERED_BYTES, type ServerLimits } from "./limits.ts";
import type { ServerMetrics } from "./metrics.ts";
import type { Outcome } from "./outcome.ts";
import type { Buckets } from "./rate-limits.ts";
import { isOffence, type Refusal, refusal } from "./refusal.ts";
import type { ReplayGuard } from "./replay.ts";
import { type Request, readRequest } from "./request.ts";
import type { RoomService } from "./room-service.ts";
import { type ClientAddress, type Peer, turnsOf } from "./rooms.ts";
import { shortKey } from "./short-key.ts";
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
  readonly addresses: AddressLimits;
  /** What each key may send, over however many connections. */
  readonly keys: Buckets<PublicKey>;
  /** At checking signatures. */
  readonly turns: FairTurns;
  readonly backlog: Backlog<Connection>;
}

/** The id to send back: Go clients leave an empty one out, others send null. */
function echoOf({ message }: Request): string | undefined {
  return typeof message.message_id === "string" ? message.message_id : undefined;
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
  /** A signature or a PIN is being checked. */
  #isBusy = false;
  #isWorking = false;
  readonly #inbox: Inbox;
  readonly #allowance: ConnectionAllowance;
  /** Of the key, with its other connections. */
  #keyMessages: TokenBucket | undefined;
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
    this.#inbox = new Inbox(socket);
    this.#allowance = new ConnectionAllowance(context.limits, context.addresses.of(address, context.now()));
    socket.onText = (text, bytes) => this.#receive(bytes, text);
    socket.onBinary = (bytes) => this.#receive(bytes, undefined);
    socket.onPing = (payload) => {
      if (this.#mayControl(payload.length)) this.#write(() => socket.pong(payload));
    };
    socket.onPong = (bytes) => void this.#mayControl(bytes);
  }

  get waitingBytes(): number {
    return this.#isOpen ? this.#socket.bufferedAmount : 0;
  }

  get isInRoom(): boolean {
    return this.#context.service.rooms.of(this).size > 0;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The socket is not read now, so it cannot show that it lives. */
  get isPaused(): boolean {
    return this.#inbox.isPaused;
  }

  send(frame: string): void {
    this.#write(() => this.#socket.send(frame));
  }

  #write(write: () => void): void {
    if (!this.#isOpen) return;
    if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) return this.#cutOff();
    write();
    const slowest = this.#context.backlog.note(this);
    if (slowest) slowest.#cutOff();
  }

  /** A closing frame would wait behind all that the client does not read. */
  #cutOff(): void {
    this.#context.metrics.dropped("slow");
    this.#context.logger.warn("a client does not read what it is sent", this.#describe());
    this.#isOpen = false;
    this.#context.backlog.forget(this);
    this.#socket.terminate();
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

  /** The socket is gone, or as good as gone. May be called more than once. */
  closed(): void {
    this.#isOpen = false;
    this.#inbox.clear();
    this.#context.backlog.forget(this);
    this.#context.service.disconnected(this);
  }

  /** @param text undefined for a binary frame. */
  #receive(bytes: number, text: string | undefined): void {
    if (!this.#isOpen) return;
    this.isAlive = true;
    const over = this.#allowance.charge(bytes, this.#context.now());
    if (over) {
      this.#context.metrics.rateLimited("messages");
      return this.#enqueue("", refusal("rateLimited"), over === "own");
    }
    if (text === undefined) return this.#enqueue("", refusal("notText"));
    if (bytes > MAX_FRAME_BYTES) return this.#enqueue("", refusal("tooLarge"));
    this.#enqueue(text);
  }

  /** A ping or a pong: it costs as much as a message, and is passed over in silence where there is nothing left. */
  #mayControl(bytes: number): boolean {
    if (!this.#isOpen) return false;
    this.isAlive = true;
    const over = this.#allowance.charge(bytes, this.#context.now());
    if (!over) return true;
    this.#context.metrics.rateLimited("messages");
    if (over === "own") this.#forgive();
    return false;
  }

  #enqueue(text: string, why?: Refusal, isAlwaysOffence = false): void {
    if (!this.#isOpen) return;
    const isOffending = why !== undefined && (isAlwaysOffence || isOffence(why.code));
    this.#inbox.push({ text, refusal: why, isOffence: isOffending });
    this.#work();
    if (this.#isOpen) this.#inbox.pauseIfBehind();
  }

  /**
   * Carries frames out until one has to wait: for its signature, for a PIN. One signature of a connection is checked
   * at a time, which keeps the order and gives every connection the same share of the thread pool.
   */
  #work(): void {
    // What is done at once comes back here before the loop is through with it.
    if (this.#isWorking) return;
    this.#isWorking = true;
    while (!this.#isBusy) {
      const next = this.#inbox.next();
      if (!next) break;
      try {
        if (next.refusal) this.#refuse(next.refusal, undefined, next.isOffence);
        else this.#carryOut(next.text);
      } catch (error) {
        this.#isBusy = false;
        this.#fail(error, undefined);
      }
    }
    this.#isWorking = false;
    if (this.#isOpen && this.#inbox.resumeIfThrough()) this.isAlive = true;
  }

  #carryOut(text: string): void {
    const request = readRequest(text, this.#key);
    if (!request.ok) return this.#refuse(request.refusal, request.messageId);
    // Spares the check of a signature that cannot matter.
    if (this.#key !== undefined && this.#key !== request.message.public_key) {
      return this.#refuse(refusal("keyChanged"), echoOf(request));
    }
    this.#isBusy = true;
    this.#context.turns.run(turnsOf(this), (done) => {
      if (!this.#isOpen) return done(0);
      try {
        this.#signatures.check(request, (verdict) => {
          // First, so that the next frame of this connection takes its turn behind the others'.
          done(verdict.cost);
          this.#isBusy = false;
          if (this.#isOpen) this.#handle(request, verdict);
          this.#work();
        });
      } catch (error) {
        // Turns are nobody's call: what is thrown there would end the server.
        done(1);
        this.#isBusy = false;
        this.#fail(error, echoOf(request));
        this.#work();
      }
    });
  }

  #handle(request: Request, verdict: SignatureVerdict): void {
    const { message } = request;
    const echo = echoOf(request);
    const wrong = this.#authenticate(request, verdict);
    if (wrong) return this.#refuse(wrong, echo);
    if (!this.#mayKeyTalk(message.public_key)) {
      this.#context.metrics.rateLimited("messages");
      return this.#refuse(refusal("rateLimited"), echo, true);
    }
    this.#context.metrics.message(message.type);
    try {
      const outcome = this.#context.service.handle(this, message);
      if (outcome instanceof Promise) this.#await(outcome, echo);
      else this.#answer(outcome, echo);
    } catch (error) {
      this.#fail(error, echo);
    }
  }

  #authenticate(request: Request, verdict: SignatureVerdict): Refusal | undefined {
    if (!verdict.ok) return refusal("invalidSignature");
    const { type, public_key: key } = request.message;
    const isSignal = type === "Offer" || type === "Answer" || type === "Candidate";
    const guard = isSignal ? this.#context.signals : this.#context.changes;
    if (guard.isReplay(verdict.tag, echoOf(request) !== undefined, this.id, this.#context.now())) {
      return refusal("replayed");
    }
    this.#key = key;
    return undefined;
  }

  #await(outcome: Promise<Outcome>, messageId: string | undefined): void {
    this.#isBusy = true;
    outcome
      .then(
        (value) => this.#answer(value, messageId),
        (error: unknown) => this.#fail(error, messageId),
      )
      .finally(() => {
        this.#isBusy = false;
        this.#work();
      });
  }

  #fail(error: unknown, messageId: string | undefined): void {
    this.#context.logger.error("a message could not be carried out", { ...this.#describe(), error: messageOf(error) });
    this.#refuse(refusal("internal"), messageId);
  }

  #answer(outcome: Outcome, messageId: string | undefined): void {
    if (!outcome) return;
    if ("refusal" in outcome) return this.#refuse(outcome.refusal, messageId);
    this.send(JSON.stringify(messageId === undefined ? outcome.reply : { ...outcome.reply, message_id: messageId }));
  }

  #refuse({ code, text }: Refusal, messageId: string | undefined, isOffending = isOffence(code)): void {
    this.#context.metrics.error(code);
    this.#context.logger.debug("refused", { ...this.#describe(), code });
    if (isOffending && !this.#forgive()) return;
    this.send(JSON.stringify({ type: "Error", data: text, ...(messageId !== undefined && { message_id: messageId }) }));
  }

  #mayKeyTalk(key: PublicKey): boolean {
    const now = this.#context.now();
    this.#keyMessages ??= this.#context.keys.of(key, now);
    return this.#keyMessages.take(now);
  }

  /** Counts an offence. @returns false when it was one too many: the socket is closing then. */
  #forgive(): boolean {
    if (this.#allowance.offend(this.#context.now())) return true;
    if (this.#isOpen) {
      this.#context.metrics.dropped("offences");
      this.#context.logger.warn("a client was disconnected for too many errors", this.#describe());
      // Out of its rooms at once, however long it takes to answer the closing frame.
      this.closed();
      this.#socket.close(POLICY_VIOLATION, "too many errors");
      // Nothing more is read from it, not even its closing frame: it is cut soon after.
      this.#socket.pause();
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
