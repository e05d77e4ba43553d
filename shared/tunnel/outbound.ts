import { IPV4_NETWORK, IPV4_PREFIX_BITS } from "../identity/address.ts";
import { isIpv6At, unroutableIpv4, unroutableIpv6 } from "../packet/address.ts";
import { ipv4Transport, parseIpv4 } from "../packet/ipv4.ts";
import { IPV6, ipv6Transport, parseIpv6 } from "../packet/ipv6.ts";
import { clampMss } from "../packet/mss.ts";
import type { Transport } from "../packet/protocol.ts";
import { isTcpControl } from "../packet/tcp.ts";
import type { VirtioHeader } from "../packet/virtio.ts";
import { u8 } from "../packet/words.ts";
import type { Counting } from "./counters.ts";
import { isPartial, isSuper, trim } from "./offload.ts";
import type { Peer } from "./peer.ts";
import type { Replies } from "./replies.ts";
import type { Addresses, RouteTable } from "./routes.ts";
import type { Sender } from "./sender.ts";

export interface OutboundOptions {
  /** This machine's own addresses, the only sources it may send from, as they are at each packet. */
  readonly self: Readonly<Addresses>;
  readonly peers: RouteTable<Peer>;
  /** Counts what belongs to no peer. */
  readonly totals: Counting;
  readonly replies: Replies;
  readonly sender: Sender;
}

/** From this machine to a peer: finds whose a packet's destination is, and tells its sender when it is nobody's. */
export class Outbound {
  readonly #options: OutboundOptions;

  constructor(options: OutboundOptions) {
    this.#options = options;
  }

  fromDevice(packet: Uint8Array, offload: VirtioHeader | undefined): void {
    switch (u8(packet, 0) >> 4) {
      case 4:
        return this.#ipv4(packet, offload);
      case 6:
        return this.#ipv6(packet, offload);
      default:
        return this.#options.totals.drop("malformed");
    }
  }

  #ipv4(packet: Uint8Array, offload: VirtioHeader | undefined): void {
    const { peers, self, totals } = this.#options;
    const header = parseIpv4(packet);
    if (!header) return totals.drop("malformed");
    const peer = peers.byIpv4(header.destination);
    if (!peer) return this.#unrouted(packet, isUnroutableIpv4(header.destination));
    if (header.source !== self.ipv4) return this.#refuseSource(peer, packet);
    this.#out(peer, trim(packet, header.totalBytes), ipv4Transport(header), offload);
  }

  #ipv6(packet: Uint8Array, offload: VirtioHeader | undefined): void {
    const { peers, self, totals } = this.#options;
    const header = parseIpv6(packet);
    if (!header) return totals.drop("malformed");
    const peer = peers.byIpv6(packet, IPV6.destination);
    if (!peer) return this.#unrouted(packet, unroutableIpv6(packet, IPV6.destination) !== undefined);
    if (!isIpv6At(packet, IPV6.source, self.ipv6)) return this.#refuseSource(peer, packet);
    this.#out(peer, trim(packet, header.totalBytes), ipv6Transport(packet, header), offload);
  }

  #out(peer: Peer, packet: Uint8Array, transport: Transport | undefined, offload: VirtioHeader | undefined): void {
    const { replies, sender } = this.#options;
    if (!peer.isReachable) {
      peer.counting.drop("no_lane");
      return replies.reject(packet, { kind: "host_unreachable" });
    }
    const isControl = transport !== undefined && isTcpControl(packet, transport);
    // A super-packet is never a handshake. A partial checksum does not cover what is changed here.
    if (isControl && !(offload && isSuper(offload))) {
      clampMss(packet, transport, sender.linkMtu(peer), offload !== undefined && isPartial(offload));
    }
    if (isControl || !peer.firewall.isOpen) peer.firewall.sent(packet);
    if (peer.isHolding) peer.hold(packet, offload);
    else sender.send(peer, packet, offload);
  }

  #unrouted(packet: Uint8Array, isUnroutable: boolean): void {
    const { replies, totals } = this.#options;
    // The system's own chatter (mDNS, router solicitations, link-local) is nobody's error.
    if (isUnroutable) return totals.drop("not_unicast");
    totals.drop("no_peer");
    replies.reject(packet, { kind: "host_unreachable" });
  }

  /** The peer would drop it as spoofed; the program that bound to another address learns it here, at once. */
  #refuseSource(peer: Peer, packet: Uint8Array): void {
    peer.counting.drop("foreign_source");
    this.#options.replies.reject(packet, { kind: "prohibited" });
  }
}

/** All members at once: the last address of the network. */
const NETWORK_BROADCAST = (IPV4_NETWORK | (0xffffffff >>> IPV4_PREFIX_BITS)) >>> 0;

function isUnroutableIpv4(address: number): boolean {
  return address === NETWORK_BROADCAST || unroutableIpv4(address) !== undefined;
}
