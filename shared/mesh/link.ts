import { type BackoffPolicy, backoffMs } from "../base/backoff.ts";
import type { PublicKey, RoomId } from "../base/brand.ts";
import type { Disposable } from "../base/disposable.ts";
import type { Logger } from "../base/logger.ts";
import { type Failure, messageOf } from "../base/result.ts";
import type { Lane } from "../tunnel/ports.ts";
import { candidateAddress, splitCandidates } from "./candidates.ts";
import { Connection, type ConnectionDeps, type SelfDescription } from "./connection.ts";
import type { Hello } from "./control.ts";
import { type Envelope, type NonceMemory, newSession, openSignal } from "./envelope.ts";
import type { LaneQuality } from "./lane-quality.ts";
import { initialLink, keepsOffer, type LinkEffect, type LinkEvent, type LinkState, stepLink } from "./link-state.ts";
import { Liveness } from "./liveness.ts";
import { Outbox, type OutboxDeps } from "./outbox.ts";
import type { CreateTransport, Fingerprints, TransportPath, TransportSignal } from "./ports.ts";
import { SignalAllowance } from "./signal-allowance.ts";

/** An attempt that is not up by then is given up: ICE's own checks end within it. */
export const ATTEMPT_MS = 15_000;
/** How long a newcomer waits for the offers of those already there. */
export const NEWCOMER_WAIT_MS = 3_000;
/** What a replaced connection has to drain. */
export const RETIRE_MS = 2_000;
/** A link that did not last this long counts as one that failed: the next try waits longer. */
export const BRIEF_MS = 10_000;
const RETRY: BackoffPolicy = { minMs: 500, maxMs: 30_000 };
/** The end that gives way retries this much later, so that both do not offer at once. */
export const GIVE_WAY_MS = 1_500;
/** Offers that cross in signaling are this far apart at most; one that comes later is a new one. */
export const GLARE_MS = 3_000;
/** Each candidate costs ICE a round of checks to wherever it points. A machine has a dozen at most. */
export const MAX_REMOTE_CANDIDATES = 64;

export interface LinkDeps extends ConnectionDeps, OutboxDeps {
  readonly logger: Logger;
  readonly createTransport: CreateTransport;
  readonly seenNonces: NonceMemory;
  readonly describeSelf: () => SelfDescription;
}

export interface LinkHandlers {
  /** Anything that a person could see has changed. */
  onChange(): void;
  onLane(lane: Lane | undefined): void;
  onHello(hello: Hello): void;
  onBye(room: string | undefined): void;
  /** A connection came into use, proved for these certificates; what its hello says is known. Undefined: none is any more. */
  onInUse(fingerprints: Fingerprints | undefined): void;
  /** What the member says of trust, by the connection with these certificates: the one in use, or one that drains. */
  onTrust(fingerprints: Fingerprints, body: object): void;
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
  readonly #timers = new Map<string, Disposable>();
  readonly #outbox: Outbox;
  readonly #allowance: SignalAllowance;
  #state: LinkState = initialLink;
  #inUse: { readonly connection: Connection; readonly liveness: Liveness; readonly since: number } | undefined;
  #retry: Disposable | undefined;
  #disposed = false;

  /** @param room gives a room shared with the member whose signaling may carry a new offer. */
  constructor(peer: PublicKey, room: () => RoomId | undefined, deps: LinkDeps, handlers: LinkHandlers) {
    this.peer = peer;
    this.#rooms = room;
    this.#deps = deps;
    this.#handlers = handlers;
    this.#outbox = new Outbox(peer, deps);
    this.#allowance = new SignalAllowance(deps.clock, () =>
      handlers.onRefused({ code: "flood", message: "the member sent too many signals" }),
    );
  }

  get state(): LinkState["kind"] {
    return this.#state.kind;
  }

  /** A proved connection carries packets. */
  get isUp(): boolean {
    return this.#inUse !== undefined;
  }

  /** True once a round trip on the connection in use has come back. */
  get isConnected(): boolean {
    return this.rttMs !== undefined;
  }

  get rttMs(): number | undefined {
    return this.#inUse?.liveness.rttMs;
  }

  get path(): TransportPath | undefined {
    return this.#inUse?.connection.transport.path;
  }

  get lane(): Lane | undefined {
    return this.#inUse?.connection.lane;
  }

  get quality(): LaneQuality | undefined {
    return this.#inUse?.connection.quality;
  }

  get hello(): Hello | undefined {
    return this.#inUse?.connection.hello;
  }

  get verified(): boolean {
    return this.#inUse?.connection.verified ?? false;
  }

  /**
   * The member is in the room (again). A link that is up is only asked whether it still is.
   * @param rejoined it was there before: an offer made to it since may have gone to who it was then.
   */
  seen(weOffer: boolean, rejoined = false): void {
    if (this.#inUse) return this.probe();
    const session = this.#newSession();
    if (rejoined && weOffer && this.#state.kind === "connecting") this.#dispatch({ kind: "offerLost", session });
    else this.#dispatch({ kind: "seen", weOffer, session });
  }

  /** Tries now instead of after the wait: signaling is back, or the machine woke up. */
  retryNow(): void {
    if (this.#state.kind === "waiting") {
      if (this.#retry) this.#dispatch({ kind: "retryDue", session: this.#newSession() });
      return;
    }
    // An offer without an answer may have gone down with the old signaling connection.
    const attempt = "attempt" in this.#state ? this.#connections.get(this.#state.attempt.session) : undefined;
    if (attempt && !attempt.isDescribed) this.#dispatch({ kind: "offerLost", session: this.#newSession() });
  }

  /** The machine's addresses changed, and the link's own is gone. */
  pathChanged(): void {
    this.retryNow();
    this.probe();
    this.#dispatch({ kind: "pathChanged", session: this.#newSession() });
  }

  /** One round trip to the member: milliseconds, or undefined when there is no link or no answer within `withinMs`. */
  async roundTrip(withinMs: number): Promise<number | undefined> {
    return this.#inUse?.liveness.roundTrip(withinMs);
  }

  /** Gives the link in use a short time to answer before it counts as lost. */
  probe(): void {
    this.#inUse?.liveness.probe();
  }

  /** A signal that a server says is from the member. */
  deliver(room: RoomId, kind: TransportSignal["kind"], content: string): void {
    const { signer, verify, clock, seenNonces } = this.#deps;
    if (!this.#allowance.take(kind)) return;
    const route = { room, from: this.peer, to: signer.publicKey };
    const opened = openSignal(kind, content, route, { verify, clock, seen: seenNonces });
    if (!opened.ok) return this.#handlers.onRefused(opened.error);
    if (kind === "offer") this.#onOffer(room, opened.value);
    else this.#onFollowUp(opened.value);
  }

  /** Has the member see, by a room's own signaling, that this machine is in that room too. */
  showUp(room: RoomId): void {
    const source = { room, session: this.#newSession(), isWanted: () => !this.#disposed, onUnsent: () => {} };
    this.#outbox.announce(source);
  }

  /** Says hello again: this machine's name, address or MTU changed. */
  refreshHello(): void {
    for (const connection of this.#connections.values()) if (connection.isOpen) void connection.greet();
  }

  /** Tells the member that this machine left a room, or altogether. */
  bye(room?: RoomId): void {
    this.#inUse?.connection.bye(room);
  }

  /** Tells the member what decides whether this machine belongs there. Lost when there is no link, or no room on it. */
  say(body: object): void {
    if (!this.#inUse || this.#inUse.connection.say(body)) return;
    this.#deps.logger.warn("a message about trust was lost", { peer: this.peer.slice(0, 8) });
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#retry?.dispose();
    for (const timer of this.#timers.values()) timer.dispose();
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
    if (this.#letGo()) this.#tellLoss();
  }

  #onOffer(room: RoomId, envelope: Envelope): void {
    const session = envelope.session ?? this.#newSession();
    // The name of a connection that exists, in use or draining, is taken: the other end chooses, and may mean harm.
    if (this.#connections.has(session)) return;
    this.#dispatch({ kind: "offerArrived", session }, room);
    const connection = this.#connections.get(session);
    if (connection) this.#apply(connection, envelope);
  }

  #onFollowUp(envelope: Envelope): void {
    const session = envelope.session ?? ("attempt" in this.#state ? this.#state.attempt.session : undefined);
    const connection = session === undefined ? undefined : this.#connections.get(session);
    if (connection) this.#apply(connection, envelope);
  }

  #apply(connection: Connection, { signal, verified }: Envelope): void {
    // A server cannot slip a signal of its own in among signed ones.
    if (!verified && connection.isDescribed && connection.verified) return;
    connection.verified &&= verified;
    if (signal.kind === "candidate") return this.#applyCandidate(connection, signal.candidate, signal.mid);
    connection.isDescribed = true;
    const { sdp, candidates } = splitCandidates(signal.sdp);
    connection.transport.signal({ kind: signal.kind, sdp });
    for (const { candidate, mid } of candidates) this.#applyCandidate(connection, candidate, mid);
  }

  #applyCandidate(connection: Connection, candidate: string, mid: string): void {
    const address = candidateAddress(candidate);
    if (address === undefined || this.#deps.isTunnelAddress(address)) return;
    if (++connection.remoteCandidates > MAX_REMOTE_CANDIDATES) return;
    connection.transport.signal({ kind: "candidate", candidate, mid });
  }

  #dispatch(event: LinkEvent, room = this.#rooms()): void {
    if (this.#disposed) return;
    const { state, effects } = stepLink(this.#state, event, this.#keepsOwnOffer());
    this.#state = state;
    for (const effect of effects) {
      this.#run(effect, room);
      // Whoever heard of it may have let the member go.
      if (this.#disposed) return;
    }
    this.#handlers.onChange();
  }

  /** An offer that was answered, or is older than any that could cross, means that ours came to nothing over there. */
  #keepsOwnOffer(): boolean {
    const own = "attempt" in this.#state ? this.#connections.get(this.#state.attempt.session) : undefined;
    if (own && (own.isDescribed || this.#deps.clock.now() - own.since >= GLARE_MS)) return false;
    return keepsOffer(this.#deps.signer.publicKey, this.peer);
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
        return this.#retire(effect.session);
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
        onLaneChange: () => this.#onLaneChange(connection),
        onBye: (left) => this.#isInUse(connection) && this.#handlers.onBye(left),
        onTrust: (body) => this.#onTrust(connection, body),
        onEnd: (failure) => this.#onEnd(connection, failure),
      },
    );
    const source = {
      room,
      session,
      isWanted: () => this.#connections.get(session) === connection,
      onUnsent: (failure: Failure) => {
        this.#deps.logger.debug("no signal", { peer: this.peer.slice(0, 8), reason: failure.message });
        failed();
      },
    };
    transport.onSignal = (signal) => this.#outbox.post(source, signal);
    this.#connections.set(session, connection);
    this.#after(session, ATTEMPT_MS, failed);
  }

  #isInUse(connection: Connection): boolean {
    return this.#inUse?.connection === connection;
  }

  #onHello(connection: Connection, hello: Hello): void {
    const isNew = !this.#isInUse(connection);
    if (isNew) this.#dispatch({ kind: "attemptUp", session: connection.session });
    if (!this.#isInUse(connection)) return;
    this.#handlers.onHello(hello);
    this.#handlers.onChange();
    if (isNew && this.#isInUse(connection)) this.#handlers.onInUse(connection.proven);
  }

  /** What was said by the old connection while the other end moved over counts: the two ends do not move at once. */
  #onTrust(connection: Connection, body: object): void {
    if (this.#inUse && connection.proven) this.#handlers.onTrust(connection.proven, body);
  }

  #onRoundTrip(connection: Connection, rttMs: number): void {
    if (!this.#isInUse(connection)) return;
    this.#inUse?.liveness.sample(rttMs);
    this.#handlers.onChange();
  }

  #onLaneChange(connection: Connection): void {
    if (!this.#isInUse(connection)) return;
    this.#handlers.onLane(connection.lane);
    this.#handlers.onChange();
  }

  #onEnd(connection: Connection, failure: Failure): void {
    const { session } = connection;
    this.#deps.logger.debug("a connection ended", { peer: this.peer.slice(0, 8), reason: failure.message });
    if (failure.code !== "closed") this.#handlers.onRefused(failure);
    if (this.#connections.get(session) !== connection) return;
    if (this.#isInUse(connection)) this.#linkLost(session);
    else this.#dispatch({ kind: "attemptFailed", session });
  }

  #linkLost(session: string): void {
    const since = this.#inUse?.since ?? 0;
    this.#dispatch({ kind: "linkLost", session, brief: this.#deps.clock.now() - since < BRIEF_MS });
  }

  #use(session: string): void {
    const connection = this.#connections.get(session);
    if (!connection) return;
    this.#cancel(session);
    this.#letGo();
    const liveness = new Liveness(connection, this.#deps.clock, () => this.#linkLost(session));
    this.#inUse = { connection, liveness, since: this.#deps.clock.now() };
    this.#handlers.onLane(connection.lane);
  }

  /** The other end may not have moved over yet: what it still sends by the old connection arrives all the same. */
  #retire(session: string): void {
    const lane = this.#connections.get(session)?.lane;
    if (lane) lane.onPacket = (packet, offload) => this.lane?.onPacket(packet, offload);
    this.#after(session, RETIRE_MS, () => this.#end(session));
  }

  #lose(): void {
    this.#letGo();
    this.#tellLoss();
    this.#handlers.onTrouble(0);
  }

  #tellLoss(): void {
    this.#handlers.onLane(undefined);
    this.#handlers.onInUse(undefined);
  }

  #letGo(): boolean {
    const wasUp = this.#inUse !== undefined;
    this.#inUse?.liveness.dispose();
    this.#inUse = undefined;
    return wasUp;
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
