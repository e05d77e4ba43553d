import { u8 } from "./words.ts";

/**
 * The header in front of every packet of a Linux TUN device opened with IFF_VNET_HDR: `struct virtio_net_hdr`
 * (linux/virtio_net.h; Virtual I/O Device 1.2, section 5.1.6), ten bytes:
 *   0 flags   1 gso_type   2 hdr_len   4 gso_size   6 csum_start   8 csum_offset
 * The 16-bit fields are little endian, which is the native order a TUN device uses wherever this program runs (on a
 * big-endian machine the adapter would ask for it with TUNSETVNETLE). csum_start and csum_offset count from the
 * packet's first byte.
 */
export const VIRTIO_HEADER_BYTES = 10;

/** The checksum field at csum_start + csum_offset holds the pseudo-header's sum only; the rest is still to be added. */
export const VIRTIO_NEEDS_CHECKSUM = 0x01;

/** gso_type: how a packet longer than the link's packets is to be cut. */
export const VIRTIO_GSO = {
  none: 0,
  tcpIpv4: 1,
  tcpIpv6: 4,
  /** Equal datagrams behind one UDP header (USO), of either IP version; Linux 6.2 and later. */
  udp: 5,
  /** A flag beside the type: the first segment carries TCP's CWR (RFC 3168), the others must not. */
  ecn: 0x80,
} as const;

/** One header's fields, made once and filled again for every packet. */
export interface VirtioHeader {
  /** VIRTIO_NEEDS_CHECKSUM or 0; other bits are kept as they are. */
  flags: number;
  gsoType: number;
  /** A hint for how much the kernel should keep in one piece. It writes larger values than the headers have bytes. */
  headerBytes: number;
  /** Payload bytes of every segment but the last. */
  gsoSize: number;
  checksumStart: number;
  checksumOffset: number;
}

/** A header that asks for nothing: one packet, complete. */
export function plainVirtioHeader(): VirtioHeader {
  return { flags: 0, gsoType: VIRTIO_GSO.none, headerBytes: 0, gsoSize: 0, checksumStart: 0, checksumOffset: 0 };
}

/** Fills `header` from the ten bytes at `at`. False, with `header` left alone, when there are fewer. */
export function readVirtioHeader(bytes: Uint8Array, at: number, header: VirtioHeader): boolean {
  if (at < 0 || at + VIRTIO_HEADER_BYTES > bytes.length) return false;
  header.flags = u8(bytes, at);
  header.gsoType = u8(bytes, at + 1);
  header.headerBytes = littleEndian16(bytes, at + 2);
  header.gsoSize = littleEndian16(bytes, at + 4);
  header.checksumStart = littleEndian16(bytes, at + 6);
  header.checksumOffset = littleEndian16(bytes, at + 8);
  return true;
}

/** Writes the ten bytes at `at`; the caller has made room. */
export function writeVirtioHeader(bytes: Uint8Array, at: number, header: VirtioHeader): void {
  bytes[at] = header.flags;
  bytes[at + 1] = header.gsoType;
  setLittleEndian16(bytes, at + 2, header.headerBytes);
  setLittleEndian16(bytes, at + 4, header.gsoSize);
  setLittleEndian16(bytes, at + 6, header.checksumStart);
  setLittleEndian16(bytes, at + 8, header.checksumOffset);
}

function littleEndian16(bytes: Uint8Array, at: number): number {
  return u8(bytes, at) | (u8(bytes, at + 1) << 8);
}

function setLittleEndian16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
}
