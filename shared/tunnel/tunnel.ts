import type { PublicKey } from "../base/brand.ts";
import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { Emitter } from "../base/emitter.ts";
import type { Logger } from "../base/logger.ts";
import type { RandomBytes } from "../base/random.ts";
import { type Failure, fail, ok, type Result } from "../base/result.ts";
import type { MemberAddress } from "../identity/address.ts";
import { parseIpv4Address, parseIpv6Address } from "../packet/address.ts";
import { IPV4 } from "../packet/ipv4.ts";
import { IPV6 } from "../packet/ipv6.ts";
import { VIRTIO_HEADER_BYTES } from "../packet/virtio.ts";
import { u8, u32 } from "../packet/words.ts";
import { BufferPool } from "./buffer-pool.ts";
import { Counting, type TunnelCounters } from "./counters.ts";
import { Delivery } from "./delivery.ts";
import { Inbound } from "./inbound.ts";
import type { InboundRule } from "./inbound-rule.ts";
import { Outbound } from "./outbound.ts";
import { Peer } from "./peer.ts";
import type { Lane, TunDevice } from "./ports.ts";
import { Replies } from "./replies.ts";
import { type Addresses, RouteTable } from "./routes.ts";
import { Sender } from "./sender.ts";
import { SpeedTests } from "./speed-test.ts";

export interface TunnelOptions {
  /** This machine's own addresses: the only source it may send from, the only destination it takes packets for. */
  readonly self: MemberAddress;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Largest packet in bytes to and from the device. */
  readonly mtu: number;
  /**
   * Runs a task once what the event loop has at hand is done, before it waits for more: setImmediate in Node. Packets
   * that arrived in between are one batch.
   */
  readonly defer: (task: () => void) => void;
  /** What speed tests with peers need of randomness. */
  readonly random: RandomBytes;
}

/** What a member says of itself: its addresses in text, and the words of its hello. */
export interface PeerDescription {
  readonly ipv4: string;
  readonly ipv6: string;
  /** None when left out. */
  readonly capabilities?: readonly string[];
  /** Of its interface, in bytes; 0 or left out: it sets no limit. */
  readonly mtu?: number | undefined;
}

export interface TunnelEvents {
  /** The device is gone though nobody closed it, e.g. the interface was deleted. It has been detached. */
  readonly device_lost: { readonly name: string };
}

/**
 * Joins one TUN device and many peers: routes what the system sends by its destination, and lets in only what a peer
 * may say: packets from its own address to ours. Counts everything, loses nothing silently but what a full wire would.
 */
export class Tunnel implements Disposable {
  readonly events = new Emitter<TunnelEvents>();
  readonly speedTests: SpeedTests;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #defer: TunnelOptions["defer"];
  readonly #totals = new Counting();
  readonly #pool = new BufferPool();
  readonly #peers = new RouteTable<Peer>();
  /** Told before or after the peer itself. */
  readonly #rules = new Map<PublicKey, InboundRule>();
  readonly #self: Addresses;
  readonly #replies: Replies;
  readonly #sender: Sender;
  readonly #outbound: Outbound;
  readonly #inbound: Inbound;

  /** @throws RangeError when `self` is not a pair of addresses, which `deriveAddress` cannot give. */
  constructor(options: TunnelOptions) {
    const { clock, mtu } = options;
    const logger = options.logger.child("tunnel");
    const self = parseAddresses(options.self);
    if (!self) throw new RangeError("not a member's addresses");
    this.#clock = clock;
    this.#logger = logger;
    this.#defer = options.defer;
    this.#self = self;
    const [peers, totals] = [this.#peers, this.#totals];
    this.#replies = new Replies(clock, (packet) => this.#inbound.delivery?.reply(packet));
    this.#sender = new Sender(mtu, this.#replies);
    this.#outbound = new Outbound({ self, peers, totals, replies: this.#replies, sender: this.#sender });
    this.#inbound = new Inbound({
      self,
      peers,
      clock,
      logger,
      linkMtu: (peer) => this.#sender.linkMtu(peer),
      onSpeedFrame: (peer, frame) => this.speedTests.receive(peer.publicKey, frame),
    });
    const send = (key: PublicKey, frame: Uint8Array) => peers.get(key)?.sendBare(frame) ?? false;
    this.speedTests = new SpeedTests({ clock, random: options.random, send });
  }

  /** Starts carrying the device's packets, in place of any other device's. The device stays the caller's to close. */
  attach(device: TunDevice): void {
    this.detach();
    const onWritten = this.#written.bind(this);
    const delivery = new Delivery({ device, defer: this.#defer, onWritten });
    this.#inbound.delivery = delivery;
    device.start(
      (packet, offload) => {
        if (this.#inbound.delivery === delivery) this.#outbound.fromDevice(packet, offload);
      },
      () => this.#lostDevice(delivery),
    );
    this.#logger.info("device attached", { name: device.name, mtu: device.mtu });
  }

  /** Lets go of the device; packets from peers are dropped as "no_device" until the next one. */
  detach(): void {
    this.#inbound.delivery?.flush();
    this.#inbound.delivery = undefined;
  }

  /** After this machine re-salted its IPv4 address; the device with the new address is attached by the caller. */
  setSelf(self: MemberAddress): Result<void, Failure<"bad_address">> {
    const parsed = parseAddresses(self);
    if (!parsed) return fail("bad_address", "not a pair of IPv4 and IPv6 addresses");
    if (parsed.ipv4 !== this.#self.ipv4) for (const peer of this.#peers.values()) peer.firewall.forgetIpv4();
    this.#self.ipv4 = parsed.ipv4;
    this.#self.ipv6 = parsed.ipv6;
    return ok(undefined);
  }

  /**
   * Adds a peer, or describes it anew; its lane, queue and counters stay. The caller has checked that the addresses are
   * its own.
   */
  setPeer(publicKey: PublicKey, description: PeerDescription): Result<void, Failure<"bad_address">> {
    const parsed = parseAddresses(description);
    if (!parsed) return fail("bad_address", "not a pair of IPv4 and IPv6 addresses");
    const peer = this.#peers.get(publicKey) ?? this.#newPeer(publicKey, parsed);
    peer.setAddresses(parsed.ipv4, parsed.ipv6);
    peer.setCapabilities(description.capabilities ?? []);
    peer.setMtu(description.mtu ?? 0);
    this.#peers.set(peer);
    return ok(undefined);
  }

  /** The peer's way for packets from now on; what waited goes out by it. Does nothing for a peer that was not set. */
  setLane(publicKey: PublicKey, lane: Lane | undefined): void {
    this.#peers.get(publicKey)?.setLane(lane);
  }

  /**
   * What the peer may begin with this machine from the next packet on: "all" until told. Kept for a peer that is set
   * later, forgotten with `removePeer`. What this machine began goes on under a tighter rule.
   */
  setInbound(publicKey: PublicKey, rule: InboundRule): void {
    this.#rules.set(publicKey, rule);
    this.#peers.get(publicKey)?.firewall.setRule(rule);
  }

  /**
   * Nothing passes to or from the peer from here on, what waits for it is dropped, and its addresses are free for others.
   * Its rule and its counts stay, for when it is set again.
   */
  withdrawPeer(publicKey: PublicKey): void {
    const peer = this.#peers.get(publicKey);
    if (!peer) return;
    // What it sent before is written before, and counted as its own.
    this.#inbound.delivery?.flush();
    peer.close();
    this.#peers.withdraw(publicKey);
    this.speedTests.forget(publicKey);
  }

  /** Forgets the peer, its rule and what waits for it. Its counts stay in the totals. */
  removePeer(publicKey: PublicKey): void {
    this.withdrawPeer(publicKey);
    this.#peers.delete(publicKey);
    this.#rules.delete(publicKey);
  }

  counters(publicKey: PublicKey): TunnelCounters | undefined {
    return this.#peers.get(publicKey)?.counting.snapshot();
  }

  totals(): TunnelCounters {
    return this.#totals.snapshot();
  }

  dispose(): void {
    this.detach();
    this.speedTests.dispose();
    for (const peer of [...this.#peers.values()]) this.removePeer(peer.publicKey);
  }

  #newPeer(publicKey: PublicKey, addresses: Addresses): Peer {
    const peer = new Peer(
      { publicKey, ...addresses },
      {
        clock: this.#clock,
        counting: new Counting(this.#totals),
        pool: this.#pool,
        events: {
          onPacket: (peer, packet, offload) => this.#inbound.fromPeer(peer, packet, offload),
          onSpent: (peer) => this.#defer(() => peer.resume()),
          onExpired: (packet) => this.#replies.reject(packet, { kind: "host_unreachable" }),
          onRefit: (peer, packet, offload) => this.#sender.send(peer, packet, offload),
        },
      },
    );
    const rule = this.#rules.get(publicKey);
    if (rule) peer.firewall.setRule(rule);
    return peer;
  }

  /** Counts a write on the peer whose packet it was: it was let in for its source, so that says whose. */
  #written(frame: Uint8Array, wrote: boolean, packets: number, bytes: number): void {
    const isIpv4 = u8(frame, VIRTIO_HEADER_BYTES) >> 4 === 4;
    const peer = isIpv4
      ? this.#peers.byIpv4(u32(frame, VIRTIO_HEADER_BYTES + IPV4.source))
      : this.#peers.byIpv6(frame, VIRTIO_HEADER_BYTES + IPV6.source);
    const counting = peer?.counting ?? this.#totals;
    if (wrote) counting.received(bytes, packets);
    else counting.drop("device_full", packets);
  }

  #lostDevice(delivery: Delivery): void {
    if (this.#inbound.delivery !== delivery) return;
    this.detach();
    const { name } = delivery.device;
    this.#logger.error("device lost", { name });
    this.events.emit("device_lost", { name });
  }
}

function parseAddresses(text: { ipv4: string; ipv6: string }): Addresses | undefined {
  const ipv4 = parseIpv4Address(text.ipv4);
  const ipv6 = parseIpv6Address(text.ipv6);
  return ipv4 === undefined || !ipv6 ? undefined : { ipv4, ipv6 };
}
