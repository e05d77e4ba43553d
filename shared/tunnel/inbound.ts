import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { TokenBucket } from "../base/rate.ts";
import { isIpv6At } from "../packet/address.ts";
import { ipv4Transport, parseIpv4 } from "../packet/ipv4.ts";
import { IPV6, ipv6Transport, parseIpv6 } from "../packet/ipv6.ts";
import { TransportLayout } from "../packet/layout.ts";
import { clampMss } from "../packet/mss.ts";
import type { Transport } from "../packet/protocol.ts";
import { summarizePacket } from "../packet/summary.ts";
import { isTcpControl } from "../packet/tcp.ts";
import type { VirtioHeader } from "../packet/virtio.ts";
import { u8 } from "../packet/words.ts";
import type { Delivery } from "./delivery.ts";
import { isCarriedWhole, isPartial, isPartialOnly, isSuper, segmentCount, trim } from "./offload.ts";
import type { Peer } from "./peer.ts";
import type { Addresses, RouteTable } from "./routes.ts";
import { isSpeedFrame } from "./speed-frame.ts";

/** A foreign source says that a peer lies or is misconfigured; worth one line a minute, not one a packet. */
const SPOOF_WARNING_MS = 60_000;

export interface InboundOptions {
  /** This machine's own addresses, the only destinations let in, as they are at each packet. */
  readonly self: Readonly<Addresses>;
  readonly peers: RouteTable<Peer>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly linkMtu: (peer: Peer) => number;
  /** A frame of a speed test came in the place of a packet. */
  readonly onSpeedFrame: (peer: Peer, frame: Uint8Array) => void;
}

/**
 * From a peer to this machine: lets in only what a peer may say, packets from its own address to ours, and of what it
 * says about offloads only what the packet itself bears out. A virtio header that lies never reaches the kernel.
 */
export class Inbound {
  /** Where packets go; undefined while there is no device. */
  delivery: Delivery | undefined;
  readonly #options: InboundOptions;
  readonly #layout = new TransportLayout();
  readonly #spoofWarnings: TokenBucket;

  constructor(options: InboundOptions) {
    this.#options = options;
    this.#spoofWarnings = new TokenBucket(1, SPOOF_WARNING_MS, options.clock.now());
  }

  fromPeer(peer: Peer, packet: Uint8Array, offload: VirtioHeader | undefined): void {
    switch (u8(packet, 0) >> 4) {
      case 4:
        return this.#ipv4(peer, packet, offload);
      case 6:
        return this.#ipv6(peer, packet, offload);
      default:
        if (isSpeedFrame(packet)) return this.#options.onSpeedFrame(peer, packet);
        return peer.counting.drop("malformed");
    }
  }

  #ipv4(peer: Peer, packet: Uint8Array, offload: VirtioHeader | undefined): void {
    const { peers, self } = this.#options;
    const header = parseIpv4(packet);
    if (!header) return peer.counting.drop("malformed");
    // By the table, not by the peer's own claim: while two claim an address, only its holder may speak from it.
    const isOwn = peers.byIpv4(header.source) === peer && header.source !== self.ipv4;
    if (!isOwn) return this.#spoofed(peer, packet);
    if (header.destination !== self.ipv4) return peer.counting.drop("wrong_destination");
    this.#in(peer, trim(packet, header.totalBytes), ipv4Transport(header), offload);
  }

  #ipv6(peer: Peer, packet: Uint8Array, offload: VirtioHeader | undefined): void {
    const { self } = this.#options;
    const header = parseIpv6(packet);
    if (!header) return peer.counting.drop("malformed");
    const isOwn = isIpv6At(packet, IPV6.source, peer.ipv6) && !isIpv6At(packet, IPV6.source, self.ipv6);
    if (!isOwn) return this.#spoofed(peer, packet);
    if (!isIpv6At(packet, IPV6.destination, self.ipv6)) return peer.counting.drop("wrong_destination");
    this.#in(peer, trim(packet, header.totalBytes), ipv6Transport(packet, header), offload);
  }

  #in(peer: Peer, packet: Uint8Array, transport: Transport | undefined, offload: VirtioHeader | undefined): void {
    const { delivery } = this;
    if (!delivery) return peer.counting.drop("no_device");
    const isControl = transport !== undefined && isTcpControl(packet, transport);
    if (offload && isSuper(offload)) {
      this.#layout.read(packet);
      if (!isCarriedWhole(offload, packet, this.#layout)) return peer.counting.drop("malformed");
      if (!isAdmitted(peer, packet, isControl)) {
        return peer.counting.drop("refused", segmentCount(this.#layout, offload.gsoSize));
      }
      return delivery.addSuper(packet, this.#layout, offload.gsoSize);
    }
    const hasPartial = offload !== undefined && isPartial(offload);
    if (hasPartial) {
      this.#layout.read(packet);
      if (!isPartialOnly(offload, this.#layout)) return peer.counting.drop("malformed");
    }
    if (!isAdmitted(peer, packet, isControl)) return peer.counting.drop("refused");
    if (isControl) clampMss(packet, transport, this.#options.linkMtu(peer), hasPartial);
    delivery.add(packet, hasPartial);
  }

  #spoofed(peer: Peer, packet: Uint8Array): void {
    peer.counting.drop("spoofed");
    if (!this.#spoofWarnings.take(this.#options.clock.now())) return;
    this.#options.logger.warn("dropped a packet whose source is not the peer's own address", {
      peer: peer.publicKey,
      packet: summarizePacket(packet),
    });
  }
}

/** By the peer's rule. Under "all" it is one question, but for the few segments that say how far a connection is. */
function isAdmitted({ firewall }: Peer, packet: Uint8Array, isControl: boolean): boolean {
  return (firewall.isOpen && !isControl) || firewall.admits(packet);
}
