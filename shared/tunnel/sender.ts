import { fragmentIpv4 } from "../packet/fragment.ts";
import { parseIpv4 } from "../packet/ipv4.ts";
import { IPV6_MIN_MTU, MAX_PACKET_BYTES } from "../packet/ipv6.ts";
import { TransportLayout } from "../packet/layout.ts";
import { completeChecksum } from "../packet/partial.ts";
import { Segmenter } from "../packet/segment.ts";
import { plainVirtioHeader, type VirtioHeader } from "../packet/virtio.ts";
import { u8 } from "../packet/words.ts";
import { describePartial, describeSuper, isCarriedWhole, isPartial, isPartialOnly, isSuper } from "./offload.ts";
import type { Peer } from "./peer.ts";
import type { Replies } from "./replies.ts";

/** Brings a packet into a form that a peer's lane takes: whole, cut, with its checksum completed; and hands it over. */
export class Sender {
  readonly #mtu: number;
  readonly #replies: Replies;
  readonly #layout = new TransportLayout();
  readonly #segmenter = new Segmenter();
  readonly #scratch = new Uint8Array(MAX_PACKET_BYTES);
  /** The front of #scratch that the last segment took: nearly always that of the next one too. */
  #segment = this.#scratch;
  readonly #offload = plainVirtioHeader();

  /** @param mtu of the device, in bytes. */
  constructor(mtu: number, replies: Replies) {
    this.#mtu = mtu;
    this.#replies = replies;
  }

  /** The largest packet, headers included, that may be sent to the peer in one piece now; not what a super-packet is. */
  linkMtu(peer: Peer): number {
    return Math.min(this.#mtu, peer.mtu, peer.maxPacketBytes ?? this.#mtu);
  }

  send(peer: Peer, packet: Uint8Array, offload: VirtioHeader | undefined): void {
    if (!offload) return this.#sendComplete(peer, packet);
    this.#layout.read(packet);
    if (isSuper(offload)) this.#sendSuper(peer, packet, offload);
    else this.#sendPartial(peer, packet, offload);
  }

  #sendComplete(peer: Peer, packet: Uint8Array): void {
    if (packet.length <= this.#pieceMtu(peer, packet)) return peer.send(packet);
    for (const piece of this.#pieces(peer, packet)) peer.send(piece);
  }

  #sendPartial(peer: Peer, packet: Uint8Array, offload: VirtioHeader): void {
    const isFit = packet.length <= this.#pieceMtu(peer, packet);
    if (peer.takes !== "complete" && isFit && isPartialOnly(offload, this.#layout)) {
      describePartial(this.#offload, this.#layout);
      return peer.send(packet, this.#offload);
    }
    const isComplete = !isPartial(offload) || completeChecksum(packet, offload.checksumStart, offload.checksumOffset);
    if (isComplete) this.#sendComplete(peer, packet);
    else peer.counting.drop("malformed");
  }

  #sendSuper(peer: Peer, packet: Uint8Array, offload: VirtioHeader): void {
    const layout = this.#layout;
    const mtu = this.linkMtu(peer);
    const isOver = layout.payload + offload.gsoSize > mtu;
    if (peer.takes === "super" && !isOver && fits(peer, packet) && isCarriedWhole(offload, packet, layout)) {
      describeSuper(this.#offload, packet, layout, offload.gsoSize);
      return peer.send(packet, this.#offload);
    }
    // TCP can be cut finer than its system meant to, and nothing is lost; the system is told, and does better next time.
    const isTold = layout.payload + offload.gsoSize > this.#pieceMtu(peer, packet);
    if (isTold && layout.kind === "tcp") this.#replies.reject(packet, { kind: "too_big", mtu });
    // Datagrams cannot: each is fragmented, or refused, as if it had come by itself.
    const isWhole = isOver && layout.kind === "udp";
    this.#cut(peer, packet, offload, isWhole ? MAX_PACKET_BYTES : mtu, peer.takes !== "complete" && !isWhole);
  }

  /** The same for one packet: IPv6 may not be told of less than 1280 bytes, and a lane takes those whatever its size. */
  #pieceMtu(peer: Peer, packet: Uint8Array): number {
    const mtu = this.linkMtu(peer);
    return mtu < IPV6_MIN_MTU && u8(packet, 0) >> 4 === 6 ? IPV6_MIN_MTU : mtu;
  }

  #cut(peer: Peer, packet: Uint8Array, offload: VirtioHeader, maxBytes: number, leavePartial: boolean): void {
    const segmenter = this.#segmenter;
    const refusal = segmenter.begin(packet, offload, maxBytes, leavePartial ? "partial" : "full");
    if (refusal) return peer.counting.drop(refusal === "too_big" ? "too_big" : "malformed");
    describePartial(this.#offload, this.#layout);
    for (let bytes = segmenter.next(this.#scratch, 0); bytes > 0; bytes = segmenter.next(this.#scratch, 0)) {
      if (this.#segment.length !== bytes) this.#segment = this.#scratch.subarray(0, bytes);
      if (leavePartial) peer.send(this.#segment, this.#offload);
      else this.#sendComplete(peer, this.#segment);
    }
  }

  /** What to send for a packet over the lane's size: its fragments if it may be cut, else nothing, and its sender is told. */
  #pieces(peer: Peer, packet: Uint8Array): readonly Uint8Array[] {
    const mtu = this.linkMtu(peer);
    const header = parseIpv4(packet);
    const fragments = header && !header.dontFragment ? fragmentIpv4(packet, header, mtu) : undefined;
    if (fragments) return fragments;
    peer.counting.drop("too_big");
    this.#replies.reject(packet, { kind: "too_big", mtu });
    return [];
  }
}

function fits(peer: Peer, packet: Uint8Array): boolean {
  return packet.length <= (peer.maxPacketBytes ?? packet.length);
}
