import { type BackoffPolicy, backoffMs } from "../../shared/base/backoff.ts";
import type { PublicKey, RoomId } from "../../shared/base/brand.ts";
import type { Disposable } from "../../shared/base/disposable.ts";
import { Emitter } from "../../shared/base/emitter.ts";
import type { Logger } from "../../shared/base/logger.ts";
import { fail, messageOf, ok, type Result } from "../../shared/base/result.ts";
import { deriveAddress, type MemberAddress } from "../../shared/identity/address.ts";
import type { PeerView } from "../../shared/mesh/mesh.ts";
import type { TunnelCounters } from "../../shared/tunnel/counters.ts";
import type { InboundRule } from "../../shared/tunnel/inbound-rule.ts";
import type { SpeedFigures } from "../../shared/tunnel/speed-test.ts";
import type { EngineEvents } from "./engine.ts";
import type { EngineNeeds, EnginePort, Order, Question } from "./engine-port.ts";
import { lostView, regainedView } from "./lost-view.ts";
import {
  type EngineEvent,
  type EngineView,
  type EngineWire,
  type FromEngine,
  maySignForEngine,
  readFromEngine,
  type ToEngine,
  type TransportPlan,
} from "./messages.ts";
import type { TunnelState } from "./network-device.ts";
import { Roster } from "./roster.ts";
import { Tally } from "./tally.ts";

export interface RemoteEngineOptions extends EngineNeeds {
  /** Starts a process with an engine in it. May throw. */
  readonly fork: () => EngineWire;
  /** How connections are made now. */
  readonly transports: () => TransportPlan;
}

const RESTART: BackoffPolicy = { minMs: 250, maxMs: 30_000 };
/** One that ran this long did not die of how it was started. */
const HEALTHY_MS = 60_000;
/** Time for a device on a slow machine. A process that neither answers nor ends is one that hangs. */
const START_WITHIN_MS = 20_000;
/** The device is closed, the goodbyes are out and the process has ended by itself within this, or it is ended. */
const STOP_WITHIN_MS = 5_000;

interface Running {
  readonly wire: EngineWire;
  readonly startedAt: number;
  readonly waiting: Map<number, (value: AnswerValue | "died") => void>;
}
type AnswerValue = Extract<FromEngine, { type: "answer" }>["value"];

/**
 * An engine in a process of its own, seen from main. What is read here is the newest that it said of itself. When its
 * process dies, another is started after a wait, told who is where, and makes the links anew; until then every member
 * shows as reconnecting and the device as failed, which it is.
 */
export class RemoteEngine implements EnginePort {
  readonly events: Emitter<EngineEvents>;
  readonly #options: RemoteEngineOptions;
  readonly #logger: Logger;
  /** What a new process has to be told. */
  readonly #roster = new Roster();
  /** With whom there is a link. */
  readonly #linked = new Set<PublicKey>();
  #username: string;
  #view: EngineView;
  readonly #tally = new Tally();
  #running: Running | undefined;
  #isStarted = false;
  #isStopped = false;
  #failures = 0;
  #restart: Disposable | undefined;
  #lastId = 0;

  constructor(options: RemoteEngineOptions) {
    this.#options = options;
    this.#logger = options.logger.child("engine");
    this.#username = options.username;
    this.events = new Emitter((error) => this.#logger.error("a listener failed", { error: messageOf(error) }));
    const tunnel: TunnelState = { kind: options.tun === "off" ? "off" : "closed" };
    this.#view = { address: deriveAddress(options.signer.publicKey), tunnel, peers: [] };
  }

  get address(): MemberAddress {
    return this.#view.address;
  }

  get tunnel(): TunnelState {
    return this.#view.tunnel;
  }

  get peers(): readonly PeerView[] {
    return this.#view.peers;
  }

  counters(publicKey: PublicKey): TunnelCounters | undefined {
    return this.#tally.counters(publicKey);
  }

  totals(): TunnelCounters {
    return this.#tally.totals();
  }

  /** Fails only where a device is required; else what could not be had is tried again, and the state says so. */
  async start(): Promise<Result<void>> {
    if (this.#isStopped) return ok(undefined);
    this.#isStarted = true;
    const started = await this.#startProcess();
    return started.ok || this.#options.tun === "required" ? started : ok(undefined);
  }

  async retryDevice(): Promise<void> {
    await this.#ask("retryDevice", []);
  }

  peerSeen(room: RoomId, key: PublicKey, weOffer: boolean): void {
    this.#roster.seen(room, key);
    this.#order("peerSeen", [room, key, weOffer]);
  }

  peerAbsent(key: PublicKey): void {
    this.#order("peerAbsent", [key]);
  }

  peerLeft(room: RoomId, key: PublicKey): void {
    this.#roster.left(room, key);
    if (this.#running) this.#order("peerLeft", [room, key]);
    else this.#tellOfLeft();
  }

  leaveRoom(room: RoomId): void {
    this.#roster.leaveRoom(room);
    if (this.#running) this.#order("leaveRoom", [room]);
    else this.#tellOfLeft();
  }

  deliver(...args: Parameters<EnginePort["deliver"]>): void {
    this.#order("deliver", args);
  }

  say(...args: Parameters<EnginePort["say"]>): void {
    this.#order("say", args);
  }

  setAdmitted(key: PublicKey, admitted: boolean): void {
    this.#roster.setAdmitted(key, admitted);
    this.#order("setAdmitted", [key, admitted]);
  }

  setInbound(key: PublicKey, rule: InboundRule): void {
    this.#roster.setInbound(key, rule);
    this.#order("setInbound", [key, rule]);
  }

  setUsername(username: string): void {
    this.#username = username;
    this.#order("setUsername", [username]);
  }

  /** Nobody waits out a backoff, the process itself included. */
  retryNow(): void {
    if (this.#restart) void this.#startProcess();
    this.#order("retryNow", []);
  }

  pathChanged(addresses: ReadonlySet<string>): void {
    this.#order("pathChanged", [addresses]);
  }

  async roundTrip(key: PublicKey, withinMs: number): Promise<number | undefined> {
    const answer = await this.#ask("roundTrip", [key, withinMs]);
    return typeof answer === "number" ? answer : undefined;
  }

  async speedTest(key: PublicKey, ms: number): Promise<Result<SpeedFigures>> {
    const answer = await this.#ask("speedTest", [key, ms]);
    // The other process is this very program.
    return isResult(answer) ? (answer as Result<SpeedFigures>) : fail("engine_died", "the engine was lost meanwhile");
  }

  /** Connections to members are made like this from now on. */
  setTransports(transports: TransportPlan): void {
    this.#send({ type: "transports", transports });
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#restart?.dispose();
    const running = this.#running;
    if (!running) return;
    await new Promise<void>((resolve) => {
      const late = this.#options.clock.after(STOP_WITHIN_MS, resolve);
      running.wire.onClose = () => {
        late.dispose();
        resolve();
      };
      void this.#ask("stop", []);
    });
    this.#running = undefined;
    for (const settle of running.waiting.values()) settle("died");
    running.wire.close();
  }

  async #startProcess(): Promise<Result<void>> {
    this.#restart?.dispose();
    this.#restart = undefined;
    const { clock, signer, mtu, tun, transports, fork } = this.#options;
    let wire: EngineWire;
    try {
      wire = fork();
    } catch (error) {
      return this.#died(undefined, messageOf(error));
    }
    const running: Running = { wire, startedAt: clock.now(), waiting: new Map() };
    this.#running = running;
    wire.onMessage = (message) => this.#running === running && this.#hear(message);
    wire.onClose = (reason) => void this.#died(running, reason);
    const { publicKey } = signer;
    this.#send({ type: "setup", setup: { publicKey, username: this.#username, mtu, tun, transports: transports() } });
    for (const order of this.#roster.orders()) this.#send(order);
    const late = clock.after(START_WITHIN_MS, () => {
      void this.#died(running, "it did not answer");
      wire.close();
    });
    const answer = await this.#ask("start", []);
    late.dispose();
    return isResult(answer) ? answer : fail("engine_died", "the engine's process ended while it started");
  }

  /** The process is gone, or could not be started. */
  #died(running: Running | undefined, reason: string): Result<void> {
    const failure = fail("engine_died", `the engine's process ended: ${reason}`);
    if (this.#isStopped || this.#running !== running) return failure;
    this.#logger.error("the engine's process ended", { reason });
    this.#running = undefined;
    if (running && this.#options.clock.now() - running.startedAt >= HEALTHY_MS) this.#failures = 0;
    this.#failures += 1;
    const wait = backoffMs(this.#failures, RESTART, this.#options.random);
    this.#restart = this.#options.clock.after(wait, () => void this.#startProcess());
    for (const settle of running?.waiting.values() ?? []) settle("died");
    this.#showLoss(failure.error);
    return failure;
  }

  #showLoss(failure: { readonly code: string; readonly message: string }): void {
    this.#tally.died();
    const tunnel: TunnelState = this.#options.tun === "off" ? { kind: "off" } : { kind: "failed", failure };
    this.#view = lostView(this.#view, tunnel);
    if (tunnel.kind === "failed") this.events.emit("tunnel", tunnel);
    const unlinked = [...this.#linked];
    this.#linked.clear();
    for (const publicKey of unlinked) this.events.emit("unlinked", { publicKey });
    this.#tellOfLeft();
    for (const peer of this.#view.peers) this.events.emit("peer", peer);
  }

  /** Who left while there was no engine to say so: the next one is not told of them, and would say nothing. */
  #tellOfLeft(): void {
    const left = this.#view.peers.filter(({ publicKey }) => !this.#roster.has(publicKey));
    if (left.length === 0) return;
    this.#view = { ...this.#view, peers: this.#view.peers.filter((peer) => !left.includes(peer)) };
    for (const { publicKey, rooms } of left) this.events.emit("gone", { publicKey, rooms, reason: "left" });
  }

  #hear(raw: unknown): void {
    const message = readFromEngine(raw);
    if (!message) return this.#logger.warn("the engine said something that is no message");
    switch (message.type) {
      case "event":
        this.#show(message.view);
        return this.#onEvent(message.event);
      case "counts":
        this.#show(message.view);
        return this.#tally.counted(message.counts);
      case "said":
        return this.events.emit("said", message.said);
      case "answer":
        this.#running?.waiting.get(message.id)?.(message.value);
        return;
      case "sign":
        return void this.#sign(message.id, message.message);
      case "signal":
        return void this.#signal(message);
      case "log": {
        const { scope, message: text, fields } = message.record;
        return this.#logger.child(scope)[message.level](text, fields);
      }
    }
  }

  #show(view: EngineView): void {
    this.#view = this.#failures === 0 ? view : regainedView(this.#view, view);
  }

  #onEvent(event: EngineEvent): void {
    switch (event.name) {
      case "peer": {
        for (const room of event.payload.rooms) this.#roster.seen(room, event.payload.publicKey);
        const shown = this.#view.peers.find(({ publicKey }) => publicKey === event.payload.publicKey);
        return this.events.emit("peer", shown ?? event.payload);
      }
      case "gone":
        this.#roster.gone(event.payload.publicKey);
        return this.events.emit("gone", event.payload);
      case "linked":
        this.#linked.add(event.payload.publicKey);
        return this.events.emit("linked", event.payload);
      case "unlinked":
        this.#linked.delete(event.payload.publicKey);
        return this.events.emit("unlinked", event.payload);
      case "refused":
        return this.events.emit("refused", event.payload);
      case "tunnel":
        return this.events.emit("tunnel", event.payload);
      case "address":
        return this.events.emit("address", event.payload);
    }
  }

  async #sign(id: number, message: Uint8Array): Promise<void> {
    const running = this.#running;
    const may = maySignForEngine(message);
    if (!may) this.#logger.error("the engine asked to have something signed that is not its business");
    const signature = may ? await this.#options.signer.sign(message).catch(() => undefined) : undefined;
    if (this.#running === running) this.#send({ type: "signed", id, signature });
  }

  async #signal({ id, room, to, kind, content }: Extract<FromEngine, { type: "signal" }>): Promise<void> {
    const running = this.#running;
    const sent = await this.#options.sendSignal(room, to, kind, content);
    if (this.#running === running) this.#send({ type: "signalSent", id, sent });
  }

  #order<O extends Order>(order: O, args: Parameters<EnginePort[O]>): void {
    // An order of one kind with its own arguments is one of the union; the compiler does not follow a generic there.
    this.#send({ type: "order", order, args } as ToEngine);
  }

  async #ask<Q extends Question>(question: Q, args: Parameters<EnginePort[Q]>): Promise<AnswerValue | "died"> {
    const running = this.#running;
    if (!running || !this.#isStarted) return "died";
    const id = ++this.#lastId;
    const answer = new Promise<AnswerValue | "died">((resolve) => running.waiting.set(id, resolve));
    this.#send({ type: "ask", id, question, args } as ToEngine);
    return answer.finally(() => running.waiting.delete(id));
  }

  #send(message: ToEngine): void {
    this.#running?.wire.send(message);
  }
}

function isResult(answer: AnswerValue | "died"): answer is Result<void> {
  return typeof answer === "object" && answer !== null && "ok" in answer;
}
