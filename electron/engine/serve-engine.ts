import type { PublicKey } from "../../shared/base/brand.ts";
import type { Clock } from "../../shared/base/clock.ts";
import { createLogger } from "../../shared/base/logger.ts";
import { messageOf } from "../../shared/base/result.ts";
import type { TunnelCounters } from "../../shared/tunnel/counters.ts";
import type { Engine, EngineOptions } from "./engine.ts";
import type {
  EngineEvent,
  EngineSetup,
  EngineView,
  EngineWire,
  FromEngine,
  ToEngine,
  TransportPlan,
} from "./messages.ts";

/** Counters are for people: a figure a second. */
const COUNTS_EVERY_MS = 1_000;

export interface EngineMachine {
  readonly clock: Clock;
  create(options: Pick<EngineOptions, "signer" | "username" | "mtu" | "tun" | "sendSignal" | "logger">): Engine;
  setTransports(transports: TransportPlan): void;
  /** The engine has stopped: the process may end. */
  onStopped(): void;
}

/** Runs one engine for the main at the other end of the wire, until it is told to stop or main is gone. */
export function serveEngine(wire: EngineWire, machine: EngineMachine): void {
  let served: ServedEngine | undefined;
  wire.onMessage = (message) => {
    // Main is this very program; it is believed.
    const order = message as ToEngine;
    if (order.type === "transports") machine.setTransports(order.transports);
    else if (order.type === "setup") served ??= new ServedEngine(wire, machine, order.setup);
    else served?.take(order);
  };
  // Without main there are no rooms. The device must not stay behind.
  wire.onClose = () => void (served?.stop() ?? Promise.resolve()).finally(() => machine.onStopped());
}

class ServedEngine {
  readonly #wire: EngineWire;
  readonly #machine: EngineMachine;
  readonly #engine: Engine;
  readonly #signing = new Map<number, { resolve: (signature: Uint8Array) => void; reject: (error: Error) => void }>();
  readonly #sending = new Map<number, (sent: boolean) => void>();
  readonly #counting: { dispose(): void };
  #lastId = 0;

  constructor(wire: EngineWire, machine: EngineMachine, { publicKey, username, mtu, tun, transports }: EngineSetup) {
    this.#wire = wire;
    this.#machine = machine;
    machine.setTransports(transports);
    const logger = createLogger(
      ({ level, scope, message, fields }) => this.#say({ type: "log", level, record: { scope, message, fields } }),
      "debug",
    );
    this.#engine = machine.create({
      signer: { publicKey, sign: (message) => this.#sign(message) },
      username,
      mtu,
      tun,
      logger,
      sendSignal: (room, to, kind, content) => {
        const id = ++this.#lastId;
        this.#say({ type: "signal", id, room, to, kind, content });
        return new Promise((resolve) => this.#sending.set(id, resolve));
      },
    });
    const { events } = this.#engine;
    for (const name of ["peer", "gone", "refused", "tunnel", "address", "linked", "unlinked"] as const)
      events.on(name, (payload) =>
        this.#say({ type: "event", event: { name, payload } as EngineEvent, view: this.#view() }),
      );
    events.on("said", (said) => this.#say({ type: "said", said }));
    this.#counting = machine.clock.every(COUNTS_EVERY_MS, () => this.#count());
  }

  take(message: Exclude<ToEngine, { type: "setup" | "transports" }>): void {
    switch (message.type) {
      case "order":
        return this.#obey(message);
      case "ask":
        return void this.#answer(message);
      case "signed": {
        const waiting = this.#signing.get(message.id);
        this.#signing.delete(message.id);
        if (message.signature) waiting?.resolve(message.signature);
        else waiting?.reject(new Error("main does not sign that"));
        return;
      }
      case "signalSent":
        this.#sending.get(message.id)?.(message.sent);
        this.#sending.delete(message.id);
        return;
    }
  }

  async stop(): Promise<void> {
    this.#counting.dispose();
    await this.#engine.stop();
  }

  #obey({ order, args }: Extract<ToEngine, { type: "order" }>): void {
    // An order and its arguments belong together by their type; the compiler loses that on the way through the union.
    (this.#engine[order] as (...args: unknown[]) => void)(...args);
  }

  async #answer({ id, question, args }: Extract<ToEngine, { type: "ask" }>): Promise<void> {
    const ask = this.#engine[question] as (
      ...args: unknown[]
    ) => Promise<Extract<FromEngine, { type: "answer" }>["value"]>;
    let value: Extract<FromEngine, { type: "answer" }>["value"];
    try {
      value = await ask.apply(this.#engine, args);
    } catch (error) {
      value = { ok: false, error: { code: "internal", message: messageOf(error) } };
    }
    if (question === "stop") this.#counting.dispose();
    else this.#count();
    this.#say({ type: "answer", id, value });
    if (question === "stop") this.#machine.onStopped();
  }

  #sign(message: Uint8Array): Promise<Uint8Array> {
    const id = ++this.#lastId;
    this.#say({ type: "sign", id, message });
    return new Promise((resolve, reject) => this.#signing.set(id, { resolve, reject }));
  }

  #count(): void {
    const peers = new Map<PublicKey, TunnelCounters>();
    for (const { publicKey } of this.#engine.peers) {
      const counters = this.#engine.counters(publicKey);
      if (counters) peers.set(publicKey, counters);
    }
    this.#say({ type: "counts", counts: { totals: this.#engine.totals(), peers }, view: this.#view() });
  }

  #view(): EngineView {
    const { address, tunnel, peers } = this.#engine;
    return { address, tunnel, peers };
  }

  #say(message: FromEngine): void {
    this.#wire.send(message);
  }
}
