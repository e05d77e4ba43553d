import type { PublicKey } from "../base/brand.ts";
import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { Emitter } from "../base/emitter.ts";
import type { Logger } from "../base/logger.ts";
import { TokenBucket } from "../base/rate.ts";
import { type Failure, fail, ok, type Result } from "../base/result.ts";
import { IPV4_NETWORK, IPV4_PREFIX_BITS, type MemberAddress } from "../identity/address.ts";
import { isIpv6At, parseIpv4Address, parseIpv6Address, unroutableIpv4, unroutableIpv6 } from "../packet/address.ts";
import { fragmentIpv4 } from "../packet/fragment.ts";
import { ipv4Transport, parseIpv4 } from "../packet/ipv4.ts";
import { IPV6, ipv6Transport, parseIpv6 } from "../packet/ipv6.ts";
import { clampMss } from "../packet/mss.ts";
import type { Transport } from "../packet/protocol.ts";
import { summarizePacket } from "../packet/summary.ts";
import { u8 } from "../packet/words.ts";
import { Counting, type TunnelCounters } from "./counters.ts";
import { Peer } from "./peer.ts";
import type { Lane, TunDevice } from "./ports.ts";
import { BufferPool } from "./queue.ts";
import { Replies } from "./replies.ts";
import { RouteTable } from "./routes.ts";

export interface TunnelOptions {
  /** This machine's own addresses: the only source it may send from, the only destination it takes packets for. */
  readonly self: MemberAddress;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Largest packet in bytes to and from the device. */
  readonly mtu: number;
}

export interface TunnelEvents {
  /** The device is gone though nobody closed it, e.g. the interface was deleted. It has been detached. */
  readonly device_lost: { readonly name: string };
}

/** A foreign source says that a peer lies or is misconfigured; worth one line a minute, not one a packet. */
const SPOOF_WARNING_MS = 60_000;

/**
 * Joins one TUN device and many peers: routes what the system sends by its destination, and lets in only what a peer
 * may say: packets from its own address to ours. Counts everything, loses nothing silently but what a full wire would.
 */
export class Tunnel implements Disposable {
  readonly events = new Emitter<TunnelEvents>();
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #mtu: number;
  readonly #totals = new Counting();
  readonly #pool = new BufferPool();
  readonly #peers = new RouteTable<Peer>();
  readonly #replies: Replies;
  readonly #spoofWarnings: TokenBucket;
  #selfIpv4: number;
  #selfIpv6: Uint8Array;
  #device: TunDevice | undefined;

  /** @throws RangeError when `self` is not a pair of addresses, which `deriveAddress` cannot give. */
  constructor(options: TunnelOptions) {
    this.#clock = options.clock;
    this.#logger = options.logger.child("tunnel");
    this.#mtu = options.mtu;
    const self = parseAddresses(options.self);
    if (!self) throw new RangeError("not a member's addresses");
    this.#selfIpv4 = self.ipv4;
    this.#selfIpv6 = self.ipv6;
    this.#spoofWarnings = new TokenBucket(1, SPOOF_WARNING_MS, options.clock.now());
    this.#replies = new Replies(options.clock, (packet) => void this.#device?.write(packet));
  }

  /** Starts carrying the device's packets, in place of any other device's. The device stays the caller's to close. */
  attach(device: TunDevice): void {
    this.#device = device;
    device.start(
      (packet) => {
        if (this.#device === device) this.#fromDevice(packet);
      },
      () => this.#lostDevice(device),
    );
    this.#logger.info("device attached", { name: device.name, mtu: device.mtu });
  }

  /** Lets go of the device; packets from peers are dropped as "no_device" until the next one. */
  detach(): void {
    this.#device = undefined;
  }

  /** After this machine re-salted its IPv4 address; the device with the new address is attached by the caller. */
  setSelf(self: MemberAddress): Result<void, Failure<"bad_address">> {
    const parsed = parseAddresses(self);
    if (!parsed) return fail("bad_address", "not a pair of IPv4 and IPv6 addresses");
    this.#selfIpv4 = parsed.ipv4;
    this.#selfIpv6 = parsed.ipv6;
    return ok(undefined);
  }

  /** Adds a peer, or gives it new addresses; its lane, queue and counters stay. The caller has checked that they are its own. */
  setPeer(publicKey: PublicKey, addresses: { ipv4: string; ipv6: string }): Result<void, Failure<"bad_address">> {
    const parsed = parseAddresses(addresses);
    if (!parsed) return fail("bad_address", "not a pair of IPv4 and IPv6 addresses");
    const known = this.#peers.get(publicKey);
    known?.setAddresses(parsed.ipv4, parsed.ipv6);
    this.#peers.set(known ?? this.#newPeer(publicKey, parsed));
    return ok(undefined);
  }

  /** The peer's way for packets from now on; what waited goes out by it. Does nothing for a peer that was not set. */
  setLane(publicKey: PublicKey, lane: Lane | undefined): void {
    this.#peers.get(publicKey)?.setLane(lane);
  }

  /** Forgets the peer and what waits for it. Its counts stay in the totals. */
  removePeer(publicKey: PublicKey): void {
    this.#peers.get(publicKey)?.dispose();
    this.#peers.delete(publicKey);
  }

  counters(publicKey: PublicKey): TunnelCounters | undefined {
    return this.#peers.get(publicKey)?.counting.snapshot();
  }

  totals(): TunnelCounters {
    return this.#totals.snapshot();
  }

  dispose(): void {
    this.detach();
    for (const peer of [...this.#peers.values()]) this.removePeer(peer.publicKey);
  }

  #newPeer(publicKey: PublicKey, addresses: Addresses): Peer {
    return new Peer(
      { publicKey, ...addresses },
      {
        clock: this.#clock,
        counting: new Counting(this.#totals),
        pool: this.#pool,
        events: {
          onPacket: (peer, packet) => this.#fromPeer(peer, packet),
          onExpired: (packet) => this.#replies.reject(packet, { kind: "host_unreachable" }),
          onOversize: (peer, packet) => this.#pieces(peer, packet),
        },
      },
    );
  }

  // ---- From this machine to a peer ------------------------------------------------------------------------------

  #fromDevice(packet: Uint8Array): void {
    switch (u8(packet, 0) >> 4) {
      case 4:
        return this.#outIpv4(packet);
      case 6:
        return this.#outIpv6(packet);
      default:
        return this.#totals.drop("malformed");
    }
  }

  #outIpv4(packet: Uint8Array): void {
    const header = parseIpv4(packet);
    if (!header) return this.#totals.drop("malformed");
    const peer = this.#peers.byIpv4(header.destination);
    if (!peer) return this.#unrouted(packet, isUnroutableIpv4(header.destination));
    if (header.source !== this.#selfIpv4) return this.#refuseSource(peer, packet);
    this.#out(peer, trim(packet, header.totalBytes), ipv4Transport(header));
  }

  #outIpv6(packet: Uint8Array): void {
    const header = parseIpv6(packet);
    if (!header) return this.#totals.drop("malformed");
    const peer = this.#peers.byIpv6(packet, IPV6.destination);
    if (!peer) return this.#unrouted(packet, unroutableIpv6(packet, IPV6.destination) !== undefined);
    if (!isIpv6At(packet, IPV6.source, this.#selfIpv6)) return this.#refuseSource(peer, packet);
    this.#out(peer, trim(packet, header.totalBytes), ipv6Transport(packet, header));
  }

  #out(peer: Peer, packet: Uint8Array, transport: Transport | undefined): void {
    if (!peer.isReachable) {
      peer.counting.drop("no_lane");
      return this.#replies.reject(packet, { kind: "host_unreachable" });
    }
    if (transport) clampMss(packet, transport, this.#linkMtu(peer));
    const limit = peer.maxPacketBytes;
    if (limit === undefined || packet.length <= limit) return peer.send(packet);
    for (const piece of this.#pieces(peer, packet)) peer.send(piece);
  }

  /** What to send for a packet over the lane's size: its fragments if it may be cut, else nothing, and its sender is told. */
  #pieces(peer: Peer, packet: Uint8Array): readonly Uint8Array[] {
    const mtu = this.#linkMtu(peer);
    const header = parseIpv4(packet);
    const fragments = header && !header.dontFragment ? fragmentIpv4(packet, header, mtu) : undefined;
    if (fragments) return fragments;
    peer.counting.drop("too_big");
    this.#replies.reject(packet, { kind: "too_big", mtu });
    return [];
  }

  #linkMtu(peer: Peer): number {
    return Math.min(this.#mtu, peer.maxPacketBytes ?? this.#mtu);
  }

  #unrouted(packet: Uint8Array, isUnroutable: boolean): void {
    // The system's own chatter (mDNS, router solicitations, link-local) is nobody's error.
    if (isUnroutable) return this.#totals.drop("not_unicast");
    this.#totals.drop("no_peer");
    this.#replies.reject(packet, { kind: "host_unreachable" });
  }

  /** The peer would drop it as spoofed; the program that bound to another address learns it here, at once. */
  #refuseSource(peer: Peer, packet: Uint8Array): void {
    peer.counting.drop("foreign_source");
    this.#replies.reject(packet, { kind: "prohibited" });
  }

  // ---- From a peer to this machine ------------------------------------------------------------------------------

  #fromPeer(peer: Peer, packet: Uint8Array): void {
    switch (u8(packet, 0) >> 4) {
      case 4:
        return this.#inIpv4(peer, packet);
      case 6:
        return this.#inIpv6(peer, packet);
      default:
        return peer.counting.drop("malformed");
    }
  }

  #inIpv4(peer: Peer, packet: Uint8Array): void {
    const header = parseIpv4(packet);
    if (!header) return peer.counting.drop("malformed");
    // By the table, not by the peer's own claim: while two claim an address, only its holder may speak from it.
    const isOwn = this.#peers.byIpv4(header.source) === peer && header.source !== this.#selfIpv4;
    if (!isOwn) return this.#spoofed(peer, packet);
    if (header.destination !== this.#selfIpv4) return peer.counting.drop("wrong_destination");
    this.#in(peer, trim(packet, header.totalBytes), ipv4Transport(header));
  }

  #inIpv6(peer: Peer, packet: Uint8Array): void {
    const header = parseIpv6(packet);
    if (!header) return peer.counting.drop("malformed");
    const isOwn = isIpv6At(packet, IPV6.source, peer.ipv6) && !isIpv6At(packet, IPV6.source, this.#selfIpv6);
    if (!isOwn) return this.#spoofed(peer, packet);
    if (!isIpv6At(packet, IPV6.destination, this.#selfIpv6)) return peer.counting.drop("wrong_destination");
    this.#in(peer, trim(packet, header.totalBytes), ipv6Transport(packet, header));
  }

  #in(peer: Peer, packet: Uint8Array, transport: Transport | undefined): void {
    if (!this.#device) return peer.counting.drop("no_device");
    if (transport) clampMss(packet, transport, this.#linkMtu(peer));
    if (!this.#device.write(packet)) return peer.counting.drop("device_full");
    peer.counting.received(packet.length);
  }

  #spoofed(peer: Peer, packet: Uint8Array): void {
    peer.counting.drop("spoofed");
    if (!this.#spoofWarnings.take(this.#clock.now())) return;
    this.#logger.warn("dropped a packet whose source is not the peer's own address", {
      peer: peer.publicKey,
      packet: summarizePacket(packet),
    });
  }

  #lostDevice(device: TunDevice): void {
    if (this.#device !== device) return;
    this.detach();
    this.#logger.error("device lost", { name: device.name });
    this.events.emit("device_lost", { name: device.name });
  }
}

interface Addresses {
  readonly ipv4: number;
  readonly ipv6: Uint8Array;
}

function parseAddresses(text: { ipv4: string; ipv6: string }): Addresses | undefined {
  const ipv4 = parseIpv4Address(text.ipv4);
  const ipv6 = parseIpv6Address(text.ipv6);
  return ipv4 === undefined || !ipv6 ? undefined : { ipv4, ipv6 };
}

/** All members at once: the last address of the network. */
const NETWORK_BROADCAST = (IPV4_NETWORK | (0xffffffff >>> IPV4_PREFIX_BITS)) >>> 0;

function isUnroutableIpv4(address: number): boolean {
  return address === NETWORK_BROADCAST || unroutableIpv4(address) !== undefined;
}

/** Bytes past the packet's own length are no part of it and go no further. */
function trim(packet: Uint8Array, bytes: number): Uint8Array {
  return packet.length === bytes ? packet : packet.subarray(0, bytes);
}
