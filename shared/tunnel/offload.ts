import { checkSuperPacket } from "../packet/gso.ts";
import type { TransportLayout } from "../packet/layout.ts";
import { describeChecksum, isTransportPartial } from "../packet/partial.ts";
import { TCP, TCP_FLAG } from "../packet/tcp.ts";
import { VIRTIO_GSO, VIRTIO_NEEDS_CHECKSUM, type VirtioHeader } from "../packet/virtio.ts";
import { u8 } from "../packet/words.ts";

/**
 * The least payload of a TCP segment in a super-packet that travels whole: what an MSS of 536, the least a host must
 * take (RFC 9293, section 3.7.1), leaves beside timestamps. A smaller one is cut before it is sent. It bounds what one
 * message from a peer can turn into where the receiver has to cut it, to 128 packets; UDP_MAX_SEGMENTS bounds UDP alike.
 */
export const MIN_TCP_SEGMENT_BYTES = 512;

const UNMERGED_FLAGS = TCP_FLAG.syn | TCP_FLAG.rst;

export function copyOffload(from: VirtioHeader, to: VirtioHeader): void {
  to.flags = from.flags;
  to.gsoType = from.gsoType;
  to.headerBytes = from.headerBytes;
  to.gsoSize = from.gsoSize;
  to.checksumStart = from.checksumStart;
  to.checksumOffset = from.checksumOffset;
}

export function isSuper(offload: VirtioHeader): boolean {
  return offload.gsoType !== VIRTIO_GSO.none;
}

/** Whether some checksum in the packet is partial: any, until it is found to be the packet's own. */
export function isPartial(offload: VirtioHeader): boolean {
  return (offload.flags & VIRTIO_NEEDS_CHECKSUM) !== 0;
}

/** Whether a super-packet may travel whole to a peer, and is to be believed when one comes. `layout` has read it. */
export function isCarriedWhole(offload: VirtioHeader, packet: Uint8Array, layout: TransportLayout): boolean {
  if (checkSuperPacket(offload, layout) !== undefined) return false;
  if (layout.kind === "udp") return true;
  const flags = u8(packet, layout.transport + TCP.flags);
  return offload.gsoSize >= MIN_TCP_SEGMENT_BYTES && (flags & UNMERGED_FLAGS) === 0;
}

/** Whether the offload says no more than "the checksum of the packet's own TCP or UDP header is partial". */
export function isPartialOnly(offload: VirtioHeader, layout: TransportLayout): boolean {
  return offload.gsoType === VIRTIO_GSO.none && isTransportPartial(offload, layout);
}

/** Fills `into` from the packet itself, so that nothing in it is the word of whoever sent it. */
export function describePartial(into: VirtioHeader, layout: TransportLayout): void {
  describeChecksum(into, layout, true);
}

/** The same for a super-packet that `isCarriedWhole`: only the size of its segments is the sender's. */
export function describeSuper(
  into: VirtioHeader,
  packet: Uint8Array,
  layout: TransportLayout,
  segmentBytes: number,
): void {
  const { kind, isIpv4, transport, payload, checksumOffset } = layout;
  into.flags = VIRTIO_NEEDS_CHECKSUM;
  into.gsoType = kind === "udp" ? VIRTIO_GSO.udp : isIpv4 ? VIRTIO_GSO.tcpIpv4 : VIRTIO_GSO.tcpIpv6;
  if (kind === "tcp" && (u8(packet, transport + TCP.flags) & TCP_FLAG.cwr) !== 0) into.gsoType |= VIRTIO_GSO.ecn;
  into.headerBytes = payload;
  into.gsoSize = segmentBytes;
  into.checksumStart = transport;
  into.checksumOffset = checksumOffset;
}

/** How many packets of the wire a packet of `bytes` stands for; its offload as described above. */
export function packetCount(bytes: number, offload: VirtioHeader | undefined): number {
  if (!offload || !isSuper(offload)) return 1;
  return Math.max(1, Math.ceil((bytes - offload.headerBytes) / offload.gsoSize));
}

/** The same of a super-packet from a peer, whose own word for the length of its headers nobody takes. */
export function segmentCount(layout: TransportLayout, segmentBytes: number): number {
  return Math.ceil((layout.end - layout.payload) / segmentBytes);
}

/** How many bytes those packets have, with the headers of each. */
export function wireBytes(bytes: number, offload: VirtioHeader | undefined): number {
  return offload && isSuper(offload) ? bytes + (packetCount(bytes, offload) - 1) * offload.headerBytes : bytes;
}

/** Bytes past the packet's own length are no part of it and go no further. */
export function trim(packet: Uint8Array, bytes: number): Uint8Array {
  return packet.length === bytes ? packet : packet.subarray(0, bytes);
}
