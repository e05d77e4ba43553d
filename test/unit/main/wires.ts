import type {
  CreateTransport,
  Fingerprints,
  PeerTransport,
  TransportPath,
  TransportSignal,
} from "../../../shared/mesh/ports.ts";
import { type LoopLane, lanePair } from "../../fakes/lane.ts";

/** As in SDP: 32 bytes, upper case. Each connection has a certificate of its own. */
function fingerprintOf(id: number): string {
  return Array.from({ length: 32 }, (_, i) => (i < 4 ? (id >>> (8 * i)) & 0xff : i).toString(16).padStart(2, "0"))
    .join(":")
    .toUpperCase();
}

/**
 * WebRTC without a network: whoever answers an offer is joined to whoever made it, on a later turn of the loop. A test
 * can count the connections and cut them.
 */
export class Wires {
  /** Connections ever begun. */
  made = 0;
  readonly #ends = new Map<number, WireEnd>();

  readonly create: CreateTransport = ({ initiator }) => {
    const end = new WireEnd(this, ++this.made, initiator);
    this.#ends.set(end.id, end);
    return end;
  };

  /** Ends every connection, as a dead network would. */
  cutAll(): void {
    for (const end of [...this.#ends.values()]) end.lose("cut");
  }

  find(id: number): WireEnd | undefined {
    return this.#ends.get(id);
  }

  forget(id: number): void {
    this.#ends.delete(id);
  }
}

class WireEnd implements PeerTransport {
  readonly id: number;
  lane: LoopLane | undefined;
  fingerprints: Fingerprints | undefined;
  path: TransportPath | undefined;
  onSignal: (signal: TransportSignal) => void = () => {};
  onOpen: () => void = () => {};
  onControl: (text: string) => void = () => {};
  onClose: (reason: string) => void = () => {};
  readonly #wires: Wires;
  #other: WireEnd | undefined;
  #isClosed = false;

  constructor(wires: Wires, id: number, initiator: boolean) {
    this.#wires = wires;
    this.id = id;
    if (initiator) setImmediate(() => !this.#isClosed && this.onSignal({ kind: "offer", sdp: this.#describe() }));
  }

  signal(signal: TransportSignal): void {
    if (this.#isClosed || signal.kind === "candidate") return;
    const other = this.#wires.find(Number(/^s=(\d+)/m.exec(signal.sdp)?.[1]));
    if (!other) return;
    if (signal.kind === "offer") this.onSignal({ kind: "answer", sdp: this.#describe() });
    else join(this, other);
  }

  sendControl(text: string): boolean {
    const other = this.#other;
    if (!other || this.#isClosed) return false;
    setImmediate(() => !other.#isClosed && other.onControl(text));
    return true;
  }

  close(): void {
    const other = this.#other;
    this.#end();
    if (other) setImmediate(() => other.lose("closed by the other end"));
  }

  lose(reason: string): void {
    if (this.#isClosed) return;
    this.#end();
    this.onClose(reason);
  }

  attach(other: WireEnd, lane: LoopLane): void {
    this.#other = other;
    this.lane = lane;
    this.fingerprints = { local: fingerprintOf(this.id), remote: fingerprintOf(other.id) };
    this.path = { kind: "direct", local: `192.0.2.1:${this.id}`, remote: `192.0.2.1:${other.id}` };
    setImmediate(() => !this.#isClosed && this.onOpen());
  }

  #describe(): string {
    return `v=0\r\ns=${this.id}\r\na=fingerprint:sha-256 ${fingerprintOf(this.id)}\r\n`;
  }

  #end(): void {
    this.#isClosed = true;
    this.lane?.close();
    this.#wires.forget(this.id);
  }
}

function join(a: WireEnd, b: WireEnd): void {
  const [laneOfA, laneOfB] = lanePair();
  a.attach(b, laneOfA);
  b.attach(a, laneOfB);
}
