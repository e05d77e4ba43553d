import type { Disposable } from "../../shared/base/disposable.ts";
import { sdpFingerprint } from "../../shared/mesh/candidates.ts";
import type {
  CreateTransport,
  Fingerprints,
  PeerTransport,
  TransportPath,
  TransportSignal,
} from "../../shared/mesh/ports.ts";
import type { Lane } from "../../shared/tunnel/ports.ts";
import type { FakeClock } from "./clock.ts";

/** A network in which every transport finds every other by the candidates it was given, on a fake clock. */
export class FakeNetwork {
  readonly clock: FakeClock;
  /** One way, for what travels on a connection. */
  latencyMs = 5;
  /** Somebody ends both connections in the middle: each end sees a certificate that is not the other's. */
  manInTheMiddle = false;
  readonly #transports = new Map<string, FakeTransport>();
  #count = 0;

  constructor(clock: FakeClock) {
    this.clock = clock;
  }

  /** A machine on this network. */
  host(address = `192.0.2.${++this.#hosts}`): FakeHost {
    return new FakeHost(this, address);
  }
  #hosts = 0;

  /** How many transports have not ended: a leak check. */
  get open(): number {
    return this.#transports.size;
  }

  /** @internal */
  enter(transport: FakeTransport): number {
    const id = ++this.#count;
    this.#transports.set(String(id), transport);
    return id;
  }

  /** @internal */
  leave(id: number): void {
    this.#transports.delete(String(id));
  }

  /** @internal */
  find(id: string | undefined): FakeTransport | undefined {
    return id === undefined ? undefined : this.#transports.get(id);
  }

  /** @internal Something travels; it arrives in the order sent, unless either end is cut off when it leaves. */
  carry(from: FakeTransport, to: FakeTransport, arrive: () => void): void {
    if (from.host.isCutOff || to.host.isCutOff) return;
    this.clock.after(this.latencyMs, arrive);
  }
}

/** One machine: makes transports, moves between networks, falls off the net. */
export class FakeHost {
  readonly network: FakeNetwork;
  readonly made: FakeTransport[] = [];
  address: string;
  /** Nothing travels to or from here, and nobody is told. */
  isCutOff = false;
  /** Connections of this machine never come up. */
  neverConnects = false;
  /** No candidate of this machine is heard of. */
  dropsCandidates = false;
  /** Connections of this machine end so long after they came up. */
  closesAfterMs: number | undefined;
  /** An address that ICE also finds, e.g. the tunnel's own. */
  extraAddresses: string[] = [];
  /** Native connections cannot be made at all. */
  isExhausted = false;

  constructor(network: FakeNetwork, address: string) {
    this.network = network;
    this.address = address;
  }

  readonly createTransport: CreateTransport = ({ initiator }) => {
    if (this.isExhausted) throw new Error("too many open files");
    const transport = new FakeTransport(this, initiator);
    this.made.push(transport);
    return transport;
  };

  /** Those that have not been closed. */
  get open(): readonly FakeTransport[] {
    return this.made.filter((transport) => !transport.isClosed);
  }
}

class FakeLane implements Lane {
  readonly kind = "packets";
  readonly takes = "complete";
  readonly maxPacketBytes = 65_535;
  onPacket: (packet: Uint8Array) => void = () => {};
  onWritable: () => void = () => {};
  readonly #carry: (packet: Uint8Array) => boolean;

  constructor(carry: (packet: Uint8Array) => boolean) {
    this.#carry = carry;
  }

  send(packet: Uint8Array): boolean {
    return packet.length <= this.maxPacketBytes && this.#carry(packet.slice());
  }
}

/**
 * A PeerTransport without WebRTC. Like the real one it does nothing within a call: what it does comes by the clock.
 * It connects when both descriptions are in, at least one end knows a candidate of the other, and each certificate is
 * the one that the other's description names.
 */
export class FakeTransport implements PeerTransport {
  onSignal: (signal: TransportSignal) => void = () => {};
  onOpen: () => void = () => {};
  onControl: (text: string) => void = () => {};
  onClose: (reason: string) => void = () => {};
  readonly host: FakeHost;
  /** What was given to signal(), in order. */
  readonly taken: TransportSignal[] = [];
  readonly isInitiator: boolean;
  readonly #id: number;
  readonly #fingerprint: string;
  readonly #port: number;
  readonly #address: string;
  readonly #timers = new Set<Disposable>();
  #remoteId: string | undefined;
  #remoteFingerprint: string | undefined;
  #knowsTheWay = false;
  #connecting = false;
  #other: FakeTransport | undefined;
  #lane: FakeLane | undefined;
  #closed = false;

  constructor(host: FakeHost, initiator: boolean) {
    this.host = host;
    this.isInitiator = initiator;
    this.#id = host.network.enter(this);
    this.#port = 10_000 + this.#id;
    this.#address = host.address;
    this.#fingerprint = fingerprintOf(this.#id);
    if (initiator) this.#later(0, () => this.onSignal({ kind: "offer", sdp: this.#sdp() }));
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  get lane(): Lane | undefined {
    return this.#lane;
  }

  get fingerprints(): Fingerprints | undefined {
    if (this.#closed || !this.#remoteFingerprint) return undefined;
    const remote = this.host.network.manInTheMiddle ? fingerprintOf(0) : this.#remoteFingerprint;
    return { local: this.#fingerprint, remote };
  }

  get path(): TransportPath | undefined {
    const other = this.#other;
    if (!other || this.#closed) return undefined;
    return { kind: "direct", local: this.#endpoint, remote: other.#endpoint };
  }

  signal(signal: TransportSignal): void {
    if (this.#closed) return;
    this.taken.push(signal);
    if (signal.kind === "candidate") {
      const port = Number(signal.candidate.split(" ")[5]);
      const remote = this.host.network.find(this.#remoteId);
      if (remote && port === remote.#port) this.#knowsTheWay = true;
      return this.#tryToConnect();
    }
    this.#remoteId = /a=ice-ufrag:(\d+)/.exec(signal.sdp)?.[1];
    this.#remoteFingerprint = sdpFingerprint(signal.sdp);
    const expected = this.isInitiator ? "answer" : "offer";
    if (signal.kind !== expected || this.#remoteId === undefined || !this.#remoteFingerprint) {
      return this.#later(0, () => this.fail("the description makes no sense"));
    }
    this.#later(0, () => {
      if (!this.isInitiator) this.onSignal({ kind: "answer", sdp: this.#sdp() });
      this.#sendCandidates();
      this.#tryToConnect();
    });
  }

  sendControl(text: string): boolean {
    const other = this.#other;
    if (this.#closed || !this.#lane || !other) return false;
    this.host.network.carry(this, other, () => {
      if (!other.#closed) other.onControl(text);
    });
    return true;
  }

  close(): void {
    if (this.#closed) return;
    this.#end();
    const other = this.#other;
    if (other) this.host.network.carry(this, other, () => other.fail("the other end closed"));
  }

  /** It ends by itself. */
  fail(reason: string): void {
    if (this.#closed) return;
    this.close();
    this.onClose(reason);
  }

  get #endpoint(): string {
    return `${this.#address}:${this.#port}`;
  }

  #sdp(): string {
    return [
      "v=0",
      "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
      "a=mid:0",
      `a=ice-ufrag:${this.#id}`,
      `a=fingerprint:sha-256 ${this.#fingerprint}`,
      "",
    ].join("\r\n");
  }

  #sendCandidates(): void {
    if (this.host.dropsCandidates) return;
    for (const address of [this.#address, ...this.host.extraAddresses]) {
      const candidate = `candidate:1 1 UDP 2122317823 ${address} ${this.#port} typ host`;
      this.onSignal({ kind: "candidate", candidate, mid: "0" });
    }
  }

  #tryToConnect(): void {
    const other = this.host.network.find(this.#remoteId);
    if (this.#connecting || !other || other.#remoteId !== String(this.#id)) return;
    if (!this.#knowsTheWay && !other.#knowsTheWay) return;
    if (this.host.neverConnects || other.host.neverConnects || this.host.isCutOff || other.host.isCutOff) return;
    this.#connecting = other.#connecting = true;
    const honest = this.#remoteFingerprint === other.#fingerprint && other.#remoteFingerprint === this.#fingerprint;
    for (const [end, far] of [
      [this, other],
      [other, this],
    ] as const) {
      end.#later(this.host.network.latencyMs * 2, () => (honest ? end.#open(far) : end.fail("the handshake failed")));
    }
  }

  #open(other: FakeTransport): void {
    this.#other = other;
    const lane = new FakeLane((packet) => {
      if (this.#closed) return false;
      this.host.network.carry(this, other, () => {
        if (!other.isClosed) other.lane?.onPacket(packet);
      });
      return true;
    });
    this.#lane = lane;
    const { closesAfterMs } = this.host;
    if (closesAfterMs !== undefined) this.#later(closesAfterMs, () => this.fail("the network broke it"));
    this.onOpen();
  }

  #later(ms: number, task: () => void): void {
    const timer = this.host.network.clock.after(ms, () => {
      this.#timers.delete(timer);
      if (!this.#closed) task();
    });
    this.#timers.add(timer);
  }

  #end(): void {
    this.#closed = true;
    for (const timer of this.#timers) timer.dispose();
    this.#timers.clear();
    this.host.network.leave(this.#id);
  }
}

/** Looks like a SHA-256 certificate fingerprint in SDP. */
function fingerprintOf(id: number): string {
  const bytes = Array.from({ length: 32 }, (_, i) => ((id >>> ((i % 4) * 8)) + i * 7) & 0xff);
  return bytes.map((byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(":");
}
