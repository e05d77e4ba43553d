import { foldSum, sumWords } from "./checksum.ts";
import type { TransportLayout } from "./layout.ts";
import { VIRTIO_NEEDS_CHECKSUM, type VirtioHeader } from "./virtio.ts";
import { setU16 } from "./words.ts";

/**
 * Partial checksums: a kernel that was told that its device completes checksums (TUN_F_CSUM) leaves in the field the
 * folded sum of the pseudo-header, and says in the virtio header where the sum starts and where the field is. Between
 * two such kernels nobody need ever compute the rest.
 */

/**
 * Whether the header asks for the checksum of the packet's own TCP or UDP header. Only that can be told to a peer in
 * one bit ("partial"), from which the peer finds the places itself. Anything else, such as the checksum of a packet
 * inside a VXLAN datagram, must be completed here.
 */
export function isTransportPartial(header: VirtioHeader, layout: TransportLayout): boolean {
  return (
    (header.flags & VIRTIO_NEEDS_CHECKSUM) !== 0 &&
    (layout.kind === "tcp" || layout.kind === "udp") &&
    header.checksumStart === layout.transport &&
    header.checksumOffset === layout.checksumOffset
  );
}

/** Fills `header` for one packet with a partial checksum of its own transport, or a complete one. */
export function describeChecksum(header: VirtioHeader, layout: TransportLayout, isPartial: boolean): void {
  const isOurs = isPartial && (layout.kind === "tcp" || layout.kind === "udp");
  header.flags = isOurs ? VIRTIO_NEEDS_CHECKSUM : 0;
  header.gsoType = 0;
  header.gsoSize = 0;
  header.headerBytes = isOurs ? layout.payload : 0;
  header.checksumStart = isOurs ? layout.transport : 0;
  header.checksumOffset = isOurs ? layout.checksumOffset : 0;
}

/**
 * Completes in place the checksum of `packet[start, end)` whose field, `offset` bytes after `start`, holds the part that
 * is known. 0 is written as 0xffff, its other form: in UDP 0 means "none" (RFC 768), and to TCP both are the same.
 * @returns false, with the packet left alone, when the field does not lie within those bytes.
 */
export function completeChecksum(packet: Uint8Array, start: number, offset: number, end = packet.length): boolean {
  const field = start + offset;
  if (start < 0 || offset < 0 || field + 2 > end || end > packet.length) return false;
  setU16(packet, field, ~foldSum(sumWords(packet, start, end)) & 0xffff || 0xffff);
  return true;
}

/** The same for a packet from a peer that says no more than "partial". False when it is neither TCP nor UDP. */
export function completeTransportChecksum(packet: Uint8Array, layout: TransportLayout): boolean {
  if (layout.kind !== "tcp" && layout.kind !== "udp") return false;
  return completeChecksum(packet, layout.transport, layout.checksumOffset, layout.end);
}
