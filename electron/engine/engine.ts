import type { PublicKey, RoomId } from "../../shared/base/brand.ts";
import type { Clock } from "../../shared/base/clock.ts";
import { Emitter } from "../../shared/base/emitter.ts";
import type { Logger } from "../../shared/base/logger.ts";
import type { RandomBytes } from "../../shared/base/random.ts";
import { fail, messageOf, type Result } from "../../shared/base/result.ts";
import { deriveAddress, IPV6_PREFIX, type MemberAddress } from "../../shared/identity/address.ts";
import type { Signer, VerifySignature } from "../../shared/identity/keys.ts";
import { Mesh, type MeshEvents, type PeerView } from "../../shared/mesh/mesh.ts";
import type { CreateTransport, SendSignal, TransportSignal } from "../../shared/mesh/ports.ts";
import type { TunnelCounters } from "../../shared/tunnel/counters.ts";
import type { InboundRule } from "../../shared/tunnel/inbound-rule.ts";
import { OFFLOAD_CAPABILITY } from "../../shared/tunnel/ports.ts";
import { SPEED_CAPABILITY } from "../../shared/tunnel/speed-frame.ts";
import type { SpeedFigures } from "../../shared/tunnel/speed-test.ts";
import { type PeerDescription, Tunnel } from "../../shared/tunnel/tunnel.ts";
import { Admission } from "./admission.ts";
import { NetworkDevice, type OpenTun, type TunMode, type TunnelState } from "./network-device.ts";

export type { TunMode, TunnelState };

export interface EngineOptions {
  readonly signer: Signer;
  readonly verify: VerifySignature;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
  readonly username: string;
  readonly mtu: number;
  readonly tun: TunMode;
  readonly openTun: OpenTun;
  readonly createTransport: CreateTransport;
  /** The addresses of tunnel devices on this machine, ours and other profiles'. */
  readonly localTunnelAddresses: () => ReadonlySet<string>;
  readonly sendSignal: SendSignal;
}

export interface EngineEvents extends Pick<MeshEvents, "peer" | "gone" | "refused" | "linked" | "said" | "unlinked"> {
  tunnel: TunnelState;
  /** This machine has another IPv4 address, because a member with a smaller key has the one it had. */
  address: MemberAddress;
}

/**
 * The data plane of one machine: the mesh of links, the tunnel over them, and the device it ends in. It knows no room's
 * keys and no owner's word: who may use the tunnel it is told, and until then nobody may.
 */
export class Engine {
  readonly events: Emitter<EngineEvents>;
  readonly #options: EngineOptions;
  readonly #logger: Logger;
  readonly #mesh: Mesh;
  readonly #tunnel: Tunnel;
  readonly #device: NetworkDevice;
  readonly #admission: Admission;
  #username: string;
  #address: MemberAddress;
  #stopped = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#logger = options.logger.child("engine");
    this.events = new Emitter((error) => this.#logger.error("a listener failed", { error: messageOf(error) }));
    this.#username = options.username;
    this.#address = deriveAddress(options.signer.publicKey);
    const { clock, logger, mtu } = options;
    this.#tunnel = new Tunnel({ self: this.#address, clock, logger, mtu, random: options.random, defer: setImmediate });
    this.#device = new NetworkDevice({
      tun: options.tun,
      openTun: options.openTun,
      mtu,
      clock,
      tunnel: this.#tunnel,
      address: () => this.#address,
      onState: (state) => {
        this.#mesh.setSelf(this.#describe());
        this.events.emit("tunnel", state);
      },
    });
    this.#mesh = new Mesh(this.#describe(), {
      signer: options.signer,
      verify: options.verify,
      clock,
      random: options.random,
      logger: logger.child("mesh"),
      createTransport: options.createTransport,
      isTunnelAddress: (address) => this.#isTunnelAddress(address),
      sendSignal: options.sendSignal,
    });
    this.#mesh.events.on("peer", (peer) => this.#onPeer(peer));
    this.#admission = new Admission(this.#tunnel, (publicKey) => this.#describePeer(publicKey));
    this.#mesh.events.on("lane", ({ publicKey, lane }) => this.#admission.setLane(publicKey, lane));
    this.#mesh.events.on("gone", (gone) => {
      this.#admission.forget(gone.publicKey);
      this.events.emit("gone", gone);
    });
    this.#mesh.events.on("refused", (refused) => this.events.emit("refused", refused));
    this.#mesh.events.on("linked", (linked) => this.events.emit("linked", linked));
    this.#mesh.events.on("said", (said) => this.events.emit("said", said));
    this.#mesh.events.on("unlinked", (unlinked) => this.events.emit("unlinked", unlinked));
  }

  get address(): MemberAddress {
    return this.#address;
  }

  get tunnel(): TunnelState {
    return this.#device.state;
  }

  get peers(): readonly PeerView[] {
    return this.#mesh.peers;
  }

  counters(publicKey: PublicKey): TunnelCounters | undefined {
    return this.#tunnel.counters(publicKey);
  }

  totals(): TunnelCounters {
    return this.#tunnel.totals();
  }

  /** Opens the device. Fails only where one is required; otherwise the state says what is missing. */
  start(): Promise<Result<void>> {
    return this.#device.start();
  }

  /** Tries again to open a device that was refused: the rights for it may have been given meanwhile. */
  retryDevice(): Promise<void> {
    return this.#device.retry();
  }

  peerSeen(room: RoomId, key: PublicKey, weOffer: boolean): void {
    this.#mesh.peerSeen(room, key, weOffer);
  }

  peerAbsent(key: PublicKey): void {
    this.#mesh.peerAbsent(key);
  }

  peerLeft(room: RoomId, key: PublicKey): void {
    this.#mesh.peerLeft(room, key);
  }

  leaveRoom(room: RoomId): void {
    this.#mesh.leaveRoom(room);
  }

  deliver(room: RoomId, from: PublicKey, kind: TransportSignal["kind"], content: string): void {
    this.#mesh.deliver(room, from, kind, content);
  }

  /** A JSON object for a member, about trust, by the connection in use. Lost when there is none. */
  say(key: PublicKey, body: object): void {
    this.#mesh.say(key, body);
  }

  /**
   * Whether the member's packets and this machine's to it pass. Holds for whatever connections it makes, until it is
   * gone; of somebody who is not known it says nothing.
   */
  setAdmitted(key: PublicKey, admitted: boolean): void {
    this.#admission.set(key, admitted);
    const peer = this.#mesh.peer(key);
    if (peer) this.#avoidClash(peer);
  }

  /** What the member may begin with this machine, from the next packet on: anything, until told. Forgotten once it is gone. */
  setInbound(key: PublicKey, rule: InboundRule): void {
    this.#tunnel.setInbound(key, rule);
  }

  setUsername(username: string): void {
    this.#username = username;
    this.#mesh.setSelf(this.#describe());
  }

  /** Whatever waits for its time is tried now, the device included. */
  retryNow(): void {
    this.#device.retryNow();
    this.#mesh.retryNow();
  }

  pathChanged(addresses: ReadonlySet<string>): void {
    this.#mesh.pathChanged(addresses);
  }

  roundTrip(key: PublicKey, withinMs: number): Promise<number | undefined> {
    return this.#mesh.roundTrip(key, withinMs);
  }

  /**
   * Measures the way to a member, so many milliseconds each way, over the lane that its packets take. Fails with
   * "not_connected" (or not admitted), "not_supported" (its version cannot), "busy" or "no_answer".
   */
  async speedTest(key: PublicKey, ms: number): Promise<Result<SpeedFigures>> {
    const peer = this.#mesh.peer(key);
    if (peer?.state !== "connected" || !this.#admission.has(key))
      return fail("not_connected", "there is no connection to the member");
    if (!peer.capabilities.includes(SPEED_CAPABILITY)) {
      return fail("not_supported", "the member's version cannot measure speed");
    }
    return this.#tunnel.speedTests.run(key, ms);
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#mesh.dispose();
    this.#tunnel.dispose();
    await this.#device.close();
  }

  #describe() {
    const { state } = this.#device;
    return {
      username: this.#username,
      ipv4Salt: this.#address.ipv4Salt,
      mtu: state.kind === "up" ? state.mtu : 0,
      capabilities: [OFFLOAD_CAPABILITY, SPEED_CAPABILITY],
    };
  }

  #describePeer(publicKey: PublicKey): PeerDescription | undefined {
    const peer = this.#mesh.peer(publicKey);
    return peer && { ...peer.address, capabilities: peer.capabilities, mtu: peer.mtu };
  }

  #onPeer(peer: PeerView): void {
    this.#admission.refresh(peer.publicKey);
    this.#avoidClash(peer);
    this.events.emit("peer", peer);
  }

  /** Gives way to a member with a smaller key that has this address. One who is not admitted has none here. */
  #avoidClash({ publicKey, address }: PeerView): void {
    if (address.ipv4 !== this.#address.ipv4 || this.#options.signer.publicKey < publicKey) return;
    if (this.#admission.has(publicKey)) void this.#resalt();
  }

  /** Takes the next address that the key gives. */
  async #resalt(): Promise<void> {
    this.#address = deriveAddress(this.#options.signer.publicKey, this.#address.ipv4Salt + 1);
    this.#logger.info("took another IPv4 address", { ipv4: this.#address.ipv4 });
    this.#tunnel.setSelf(this.#address);
    this.events.emit("address", this.#address);
    await this.#device.readdress();
    this.#mesh.setSelf(this.#describe());
  }

  /** Ours, any member's, or one that only this program gives out: never a way to reach anybody. */
  #isTunnelAddress(address: string): boolean {
    const lower = address.toLowerCase();
    if (lower.startsWith(`${IPV6_PREFIX}:`)) return true;
    if (address === this.#address.ipv4 || this.#options.localTunnelAddresses().has(lower)) return true;
    return this.#mesh.hasAddress(address);
  }
}
