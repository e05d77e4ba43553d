import type { TransportLayout } from "./layout.ts";
import { isTransportPartial } from "./partial.ts";
import { VIRTIO_GSO, type VirtioHeader } from "./virtio.ts";

/**
 * Why a packet cannot be cut:
 * - `not_gso`: it is one packet already.
 * - `malformed`: the virtio header and the packet contradict each other, or the sizes make no sense.
 * - `unsupported`: fragments, headers that change with every segment or cover each other, UDP fragmentation offload.
 * - `too_big`: its datagrams, or its headers alone, are over the limit. A datagram cannot be cut anywhere but at its end.
 */
export type GsoRefusal = "not_gso" | "malformed" | "unsupported" | "too_big";

/** Linux's TCP_MIN_GSO_SIZE: what the least MSS leaves beside the most options. Bounds what one packet can turn into. */
export const MIN_TCP_SEGMENT_BYTES = 8;

/** Linux's UDP_MAX_SEGMENTS since 6.9; it was 64 before, which is what we make ourselves (coalesce.ts). */
const MAX_UDP_SEGMENTS = 128;

/**
 * Checks a super-packet, from our kernel or from a peer, before anyone acts on its virtio header. `layout` has read it.
 * Linux always leaves the checksum of a super-packet partial, as the Virtio specification asks (1.2, section 5.1.6.4.1).
 */
export function checkSuperPacket(header: VirtioHeader, layout: TransportLayout): GsoRefusal | undefined {
  const type = header.gsoType & ~VIRTIO_GSO.ecn;
  if (type === VIRTIO_GSO.none) return "not_gso";
  if (layout.kind === "unclear") return "unsupported";
  if (layout.kind === "other") return "malformed";
  if (type === VIRTIO_GSO.udp) {
    if (layout.kind !== "udp") return "malformed";
  } else if (type === VIRTIO_GSO.tcpIpv4 || type === VIRTIO_GSO.tcpIpv6) {
    if (layout.kind !== "tcp" || layout.isIpv4 !== (type === VIRTIO_GSO.tcpIpv4)) return "malformed";
  } else {
    return "unsupported";
  }
  if (!isTransportPartial(header, layout)) return "malformed";
  const bytes = layout.end - layout.payload;
  const isSized = layout.kind === "tcp" ? header.gsoSize >= MIN_TCP_SEGMENT_BYTES : header.gsoSize > 0;
  if (bytes === 0 || !isSized) return "malformed";
  return layout.kind === "udp" && bytes > header.gsoSize * MAX_UDP_SEGMENTS ? "malformed" : undefined;
}
