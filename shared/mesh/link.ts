import { type BackoffPolicy, backoffMs } from "../base/backoff.ts";
import type { PublicKey, RoomId } from "../base/brand.ts";
import type { Disposable } from "../base/disposable.ts";
import type { Logger } from "../base/logger.ts";
import type { RandomBytes } from "../base/random.ts";
import { TokenBucket } from "../base/rate.ts";
import { type Failure, messageOf } from "../base/result.ts";
import type { Lane } from "../tunnel/ports.ts";
import { candidateAddress, type IsTunnelAddress, splitCandidates } from "./candidates.ts";
import { Connection, type ConnectionDeps, type SelfDescription } from "./connection.ts";
import type { Hello } from "./control.ts";
import { type Envelope, type NonceMemory, newSession, openSignal, sealSignal } from "./envelope.ts";
import { initialLink, keepsOffer, type LinkEffect, type LinkEvent, type LinkState, stepLink } from "./link-state.ts";
import type { CreateTransport, TransportPath, TransportSignal } from "./ports.ts";

/** How often a link in use is asked for a sign of life. */
export const KEEPALIVE_MS = 4_000;
/** A link silent for this long is dead: three keepalives unanswered, and under the 15 s in which a lost member is gone. */
export const DEAD_AFTER_MS = 12_000;
/** The time for the reply when there is a reason to doubt: the member's signaling dropped, or it joined anew. */
export const PROBE_MS = 2_000;
/** An attempt that is not up by then is given up: ICE's own checks end within it. */
export const ATTEMPT_MS = 15_000;
/** How long a newcomer waits for the offers of those already there. */
export const NEWCOMER_WAIT_MS = 3_000;
/** What a replaced connection has to drain. */
export const RETIRE_MS = 2_000;
const RETRY: BackoffPolicy = { minMs: 500, maxMs: 30_000 };
/** The end that gives way retries this much later, so that both do not offer at once. */
const GIVE_WAY_MS = 1_500;
/** Each offer costs this machine a native connection, so a member gets 20 at once and one a second. */
const OFFER_BURST = 20;
const OFFER_REFILL_MS = 20_000;
/** RFC 6298's weight of a new round-trip sample. */
const RTT_WEIGHT = 1 / 8;

export interface LinkDeps extends ConnectionDeps {
  readonly random: RandomBytes;
  readonly logger: Logger;
  readonly createTransport: CreateTransport;
  readonly isTunnelAddress: IsTunnelAddress;
  readonly seenNonces: NonceMemory;
  readonly describeSelf: () => SelfDescription;
  /** Hands a signal to the room's signaling; false when that is offline. */
  readonly sendSignal: (room: RoomId, to: PublicKey, kind: TransportSignal["kind"], content: string) => boolean;
}

export interface LinkHandlers {
  /** Anything that a person could see has changed. */
  onChange(): void;
  onLane(lane: Lane | undefined): void;
  onHello(hello: Hello): void;
  onBye(room: string | undefined): void;
  /** The member, or somebody in its name, broke a rule. */
  onRefused(failure: Failure): void;
  /** The link in use was lost, or an attempt failed `failures` times in a row. */
  onTrouble(failures: number): void;
}

/** The link to one member: runs the state machine of link-state.ts on real connections. */
export class Link {
  readonly peer: PublicKey;
  readonly #deps: LinkDeps;
  readonly #handlers: LinkHandlers;
  readonly #rooms: () => RoomId | undefined;
  readonly #connections = new Map<string, Connection>();
  readonly #offers: TokenBucket;
  #state: LinkState = initialLink;
  #inUse: Connection | undefined;
  #rttMs: number | undefined;
  #retry: Disposable | undefined;
  #keepalive: Disposable | undefined;
  #probe: Disposable | undefined;
  readonly #timers = new Map<string, Disposable>();
  #outbox: Promise<void> = Promise.resolve();
  #disposed = false;

  /** @param room gives a room shared with the member whose signaling may carry a new offer. */
  constructor(peer: PublicKey, room: () => RoomId | undefined, deps: LinkDeps, handlers: LinkHandlers) {
    this.peer = peer;
    this.#rooms = room;
    this.#deps = deps;
    this.#handlers = handlers;
    this.#offers = new TokenBucket(OFFER_BURST, OFFER_REFILL_MS, deps.clock.now());
  }

  get state(): LinkState["kind"] {
    return this.#state.kind;
  }

  /** True once a round trip on the connection in use has come back. */
  get isConnected(): boolean {
    return this.#inUse !== undefined && this.#rttMs !== undefined;
  }

  get rttMs(): number | undefined {
    return this.#rttMs;
  }

  get path(): TransportPath | undefined {
    return this.#inUse?.transport.path;
  }

  get lane(): Lane | undefined {
    return this.#inUse?.transport.lane;
  }

  get hello(): Hello | undefined {
    return this.#inUse?.hello;
  }

  get verified(): boolean {
    return this.#inUse?.verified ?? false;
  }

  /** The member is in the room (again). A link that is up is only asked whether it still is. */
  seen(weOffer: boolean): void {
    if (this.#inUse) this.probe();
    else this.#dispatch({ kind: "seen", weOffer, session: this.#newSession() });
  }

  /** Tries now instead of after the wait: signaling is back, or the machine woke up. */
  retryNow(): void {
    if (this.#state.kind === "waiting" && this.#retry) {
      this.#dispatch({ kind: "retryDue", session: this.#newSession() });
    }
  }

  pathChanged(): void {
    if (this.#inUse) this.probe();
    this.#dispatch({ kind: "pathChanged", session: this.#newSession() });
  }

  /** One round trip to the member: milliseconds, or undefined when there is no link or no answer within `withinMs`. */
  roundTrip(withinMs: number): Promise<number | undefined> {
    return new Promise((resolve) => {
      if (!this.#inUse) return resolve(undefined);
      const timer = this.#deps.clock.after(withinMs, () => resolve(undefined));
      this.#inUse.ping((rttMs) => {
        timer.dispose();
        resolve(rttMs);
      });
    });
  }

  /** Gives the link in use a short time to answer before it counts as lost. */
  probe(): void {
    const connection = this.#inUse;
    if (!connection || this.#probe) return;
    const askedAt = this.#deps.clock.now();
    connection.ping();
    const patience = Math.max(PROBE_MS, 4 * (this.#rttMs ?? 0));
    this.#probe = this.#deps.clock.after(patience, () => {
      this.#probe = undefined;
      const heard = this.#deps.clock.now() - connection.silentMs >= askedAt;
      if (!heard) this.#dispatch({ kind: "linkLost", session: connection.session });
    });
  }

  /** A signal that a server says is from the member. */
  deliver(room: RoomId, kind: TransportSignal["kind"], content: string): void {
    const { signer, verify, clock, seenNonces } = this.#deps;
    const route = { room, from: this.peer, to: signer.publicKey };
    const opened = openSignal(kind, content, route, { verify, clock, seen: seenNonces });
    if (!opened.ok) return this.#handlers.onRefused(opened.error);
    if (kind === "offer") this.#onOffer(room, opened.value);
    else this.#onFollowUp(opened.value);
  }

  /** Says hello again: this machine's name, address or MTU changed. */
  refreshHello(): void {
    for (const connection of this.#connections.values()) if (connection.hello) void connection.greet();
  }

  /** Tells the member that this machine left a room, or altogether. */
  bye(room?: RoomId): void {
    this.#inUse?.bye(room);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#retry?.dispose();
    this.#keepalive?.dispose();
    this.#probe?.dispose();
    for (const timer of this.#timers.values()) timer.dispose();
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
    if (this.#inUse) this.#handlers.onLane(undefined);
    this.#inUse = undefined;
  }

  #onOffer(room: RoomId, envelope: Envelope): void {
    if (!this.#offers.take(this.#deps.clock.now())) {
      return this.#handlers.onRefused({ code: "flood", message: "the member sent too many offers" });
    }
    const session = envelope.session ?? this.#newSession();
    const before = this.#connections.get(session);
    this.#dispatch({ kind: "offerArrived", session }, room);
    const connection = this.#connections.get(session);
    if (connection && connection !== before) this.#apply(connection, envelope);
  }

  #onFollowUp(envelope: Envelope): void {
    const session = envelope.session ?? ("attempt" in this.#state ? this.#state.attempt.session : undefined);
    const connection = session === undefined ? undefined : this.#connections.get(session);
    if (connection) this.#apply(connection, envelope);
  }

  #apply(connection: Connection, { signal, verified }: Envelope): void {
    connection.verified &&= verified;
    if (signal.kind === "candidate") return this.#applyCandidate(connection, signal.candidate, signal.mid);
    const { sdp, candidates } = splitCandidates(signal.sdp);
    connection.transport.signal({ kind: signal.kind, sdp });
    for (const { candidate, mid } of candidates) this.#applyCandidate(connection, candidate, mid);
  }

  #applyCandidate(connection: Connection, candidate: string, mid: string): void {
    const address = candidateAddress(candidate);
    if (address === undefined || this.#deps.isTunnelAddress(address)) return;
    connection.transport.signal({ kind: "candidate", candidate, mid });
  }

  #dispatch(event: LinkEvent, room = this.#rooms()): void {
    if (this.#disposed) return;
    const { state, effects } = stepLink(this.#state, event, keepsOffer(this.#deps.signer.publicKey, this.peer));
    this.#state = state;
    for (const effect of effects) {
      this.#run(effect, room);
      // Whoever heard of it may have let the member go.
      if (this.#disposed) return;
    }
    this.#handlers.onChange();
  }

  #run(effect: LinkEffect, room: RoomId | undefined): void {
    switch (effect.kind) {
      case "startOffer":
        return this.#start(effect.session, true, room);
      case "startAnswer":
        return this.#start(effect.session, false, room);
      case "abandon":
        return this.#end(effect.session);
      case "retire":
        return this.#after(effect.session, RETIRE_MS, () => this.#end(effect.session));
      case "use":
        return this.#use(effect.session);
      case "lost":
        return this.#lose();
      case "retryLater":
        return this.#retryLater(effect.failures, effect.patience === "newcomer");
    }
  }

  #start(session: string, initiator: boolean, room: RoomId | undefined): void {
    this.#retry?.dispose();
    this.#retry = undefined;
    const failed = () => this.#dispatch({ kind: "attemptFailed", session });
    // No room left to send it through: fail on the next turn, as any attempt would.
    if (room === undefined) return this.#after(session, 0, failed);
    let transport: ReturnType<CreateTransport>;
    try {
      transport = this.#deps.createTransport({ initiator });
    } catch (error) {
      this.#deps.logger.warn("no connection could be made", { error: messageOf(error) });
      return this.#after(session, 0, failed);
    }
    const connection: Connection = new Connection(
      { session, room, peer: this.peer },
      transport,
      this.#deps.describeSelf,
      this.#deps,
      {
        onHello: (hello) => this.#onHello(connection, hello),
        onRoundTrip: (rttMs) => this.#onRoundTrip(connection, rttMs),
        onBye: (left) => connection === this.#inUse && this.#handlers.onBye(left),
        onEnd: (failure) => this.#onEnd(connection, failure),
      },
    );
    transport.onSignal = (signal) => this.#sendSignal(connection, signal);
    this.#connections.set(session, connection);
    this.#after(session, ATTEMPT_MS, failed);
  }

  #onHello(connection: Connection, hello: Hello): void {
    if (connection !== this.#inUse) this.#dispatch({ kind: "attemptUp", session: connection.session });
    if (connection === this.#inUse) {
      this.#handlers.onHello(hello);
      this.#handlers.onChange();
    }
  }

  #onRoundTrip(connection: Connection, rttMs: number): void {
    if (connection !== this.#inUse) return;
    this.#rttMs = this.#rttMs === undefined ? rttMs : this.#rttMs + RTT_WEIGHT * (rttMs - this.#rttMs);
    this.#handlers.onChange();
  }

  #onEnd(connection: Connection, failure: Failure): void {
    this.#deps.logger.debug("a connection ended", { peer: this.peer.slice(0, 8), reason: failure.message });
    if (failure.code !== "closed") this.#handlers.onRefused(failure);
    const kind = connection === this.#inUse ? "linkLost" : "attemptFailed";
    if (this.#connections.get(connection.session) !== connection) return;
    this.#dispatch({ kind, session: connection.session });
  }

  #use(session: string): void {
    const connection = this.#connections.get(session);
    if (!connection) return;
    this.#cancel(session);
    this.#inUse = connection;
    this.#rttMs = undefined;
    this.#probe?.dispose();
    this.#probe = undefined;
    this.#handlers.onLane(connection.transport.lane);
    this.#keepalive?.dispose();
    this.#keepalive = this.#deps.clock.every(KEEPALIVE_MS, () => this.#keepAlive(connection));
    connection.ping();
  }

  #keepAlive(connection: Connection): void {
    if (connection.silentMs >= DEAD_AFTER_MS) this.#dispatch({ kind: "linkLost", session: connection.session });
    else connection.ping();
  }

  #lose(): void {
    this.#inUse = undefined;
    this.#rttMs = undefined;
    this.#keepalive?.dispose();
    this.#keepalive = undefined;
    this.#handlers.onLane(undefined);
    this.#handlers.onTrouble(0);
  }

  #retryLater(failures: number, asNewcomer: boolean): void {
    this.#retry?.dispose();
    const givesWay = keepsOffer(this.#deps.signer.publicKey, this.peer) ? 0 : GIVE_WAY_MS;
    const wait = asNewcomer
      ? NEWCOMER_WAIT_MS
      : givesWay + (failures === 0 ? 0 : backoffMs(failures, RETRY, this.#deps.random));
    this.#retry = this.#deps.clock.after(wait, () => this.#dispatch({ kind: "retryDue", session: this.#newSession() }));
    if (failures > 0) this.#handlers.onTrouble(failures);
  }

  #end(session: string): void {
    this.#cancel(session);
    const connection = this.#connections.get(session);
    this.#connections.delete(session);
    connection?.close();
  }

  #sendSignal(connection: Connection, signal: TransportSignal): void {
    if (signal.kind === "candidate") return this.#sendCandidate(connection, signal.candidate, signal.mid);
    // Every candidate also comes by itself; those already inside the description would go twice.
    this.#post(connection, { kind: signal.kind, sdp: splitCandidates(signal.sdp).sdp });
  }

  #sendCandidate(connection: Connection, candidate: string, mid: string): void {
    const address = candidateAddress(candidate);
    if (address !== undefined && !this.#deps.isTunnelAddress(address)) {
      this.#post(connection, { kind: "candidate", candidate, mid });
    }
  }

  /** Signs and sends in order: signing takes its time, and a candidate must not overtake its offer. */
  #post(connection: Connection, signal: TransportSignal): void {
    const route = { room: connection.room, from: this.#deps.signer.publicKey, to: this.peer };
    const sealed = sealSignal(signal, connection.session, route, this.#deps);
    this.#outbox = this.#outbox
      .then(async () => {
        const content = await sealed;
        if (this.#connections.get(connection.session) !== connection) return;
        const sent = this.#deps.sendSignal(connection.room, this.peer, signal.kind, content);
        // An offer that went nowhere needs no 15 s to fail.
        if (!sent && signal.kind !== "candidate")
          this.#dispatch({ kind: "attemptFailed", session: connection.session });
      })
      .catch((error) => this.#deps.logger.error("a signal could not be sent", { error: messageOf(error) }));
  }

  #newSession(): string {
    return newSession(this.#deps.random);
  }

  #after(session: string, ms: number, task: () => void): void {
    this.#cancel(session);
    this.#timers.set(
      session,
      this.#deps.clock.after(ms, () => {
        this.#timers.delete(session);
        task();
      }),
    );
  }

  #cancel(session: string): void {
    this.#timers.get(session)?.dispose();
    this.#timers.delete(session);
  }
}
