import type { PublicKey, RoomId } from "../base/brand.ts";
import { type Failure, messageOf } from "../base/result.ts";
import { candidateAddress, type IsTunnelAddress, slimSdp, splitCandidates } from "./candidates.ts";
import { type SealDeps, sealSignal } from "./envelope.ts";
import type { SendSignal, TransportSignal } from "./ports.ts";

export interface OutboxDeps extends SealDeps {
  readonly isTunnelAddress: IsTunnelAddress;
  readonly sendSignal: SendSignal;
}

/** A candidate of no connection, and for no address: it says who is there, and does nothing else. */
const PRESENCE: TransportSignal = { kind: "candidate", candidate: "", mid: "0" };

/** The connection that a signal belongs to, as far as the outbox cares. */
export interface SignalSource {
  readonly room: RoomId;
  readonly session: string;
  /** False once nobody waits for what the connection has to say. */
  readonly isWanted: () => boolean;
  /** A description could not be sent: the connection need not wait for its time to run out. */
  readonly onUnsent: (failure: Failure) => void;
}

/** What goes to one member through signaling: filtered, signed, and sent in the order in which it was posted. */
export class Outbox {
  readonly #to: PublicKey;
  readonly #deps: OutboxDeps;
  #last: Promise<void> = Promise.resolve();

  constructor(to: PublicKey, deps: OutboxDeps) {
    this.#to = to;
    this.#deps = deps;
  }

  post(source: SignalSource, signal: TransportSignal): void {
    if (signal.kind === "candidate") {
      const address = candidateAddress(signal.candidate);
      if (address === undefined || this.#deps.isTunnelAddress(address)) return;
      return this.#enqueue(source, signal);
    }
    // Every candidate also comes by itself; those already inside the description would go twice.
    this.#enqueue(source, { kind: signal.kind, sdp: slimSdp(splitCandidates(signal.sdp).sdp) });
  }

  /** Has the member hear that this machine is in the room. */
  announce(source: SignalSource): void {
    this.#enqueue(source, PRESENCE);
  }

  /** Signing takes its time, and a candidate must not overtake its offer. */
  #enqueue(source: SignalSource, signal: TransportSignal): void {
    this.#last = this.#last
      .then(() => this.#send(source, signal))
      .catch((error) => this.#unsent(source, signal, `a signal could not be sent: ${messageOf(error)}`));
  }

  async #send(source: SignalSource, signal: TransportSignal): Promise<void> {
    if (!source.isWanted()) return;
    const route = { room: source.room, from: this.#deps.signer.publicKey, to: this.#to };
    const content = await sealSignal(signal, source.session, route, this.#deps);
    if (!source.isWanted()) return;
    const sent = await this.#deps.sendSignal(source.room, this.#to, signal.kind, content);
    if (!sent) this.#unsent(source, signal, "signaling is offline");
  }

  #unsent(source: SignalSource, signal: TransportSignal, message: string): void {
    if (signal.kind !== "candidate") source.onUnsent({ code: "unsent", message });
  }
}
