import { PROTOCOL, type Transport } from "./protocol.ts";
import { u8, u16 } from "./words.ts";

export const IPV6_HEADER_BYTES = 40;
/** The smallest MTU of any link that carries IPv6 (RFC 8200, section 5). */
export const IPV6_MIN_MTU = 1280;
/** The longest packet of either version: IPv6's length field does not count its fixed header. */
export const MAX_PACKET_BYTES = IPV6_HEADER_BYTES + 0xffff;

/** Byte offsets of fields (RFC 8200, section 3). */
export const IPV6 = { payloadLength: 4, nextHeader: 6, hopLimit: 7, source: 8, destination: 24 } as const;

const FRAGMENT_HEADER_BYTES = 8;
/** More extension headers than any real packet has; a longer chain is an attack on whoever walks it. */
export const MAX_EXTENSION_HEADERS = 8;

/** An IPv6 fixed header whose length has been checked. Addresses are read in place, at IPV6.source and .destination. */
export interface Ipv6Header {
  /** The packet's length by its header: at most the bytes at hand. */
  readonly totalBytes: number;
  readonly nextHeader: number;
}

/** Undefined unless `packet` starts with a whole IPv6 packet. Jumbograms (RFC 2675) cannot occur: no link here is that wide. */
export function parseIpv6(packet: Uint8Array): Ipv6Header | undefined {
  if (packet.length < IPV6_HEADER_BYTES || u8(packet, 0) >> 4 !== 6) return undefined;
  const totalBytes = IPV6_HEADER_BYTES + u16(packet, IPV6.payloadLength);
  if (totalBytes > packet.length) return undefined;
  return { totalBytes, nextHeader: u8(packet, IPV6.nextHeader) };
}

/**
 * Walks the extension headers to the transport header. Undefined when there is none to be found: a fragment other than
 * the first, a header cut short, or a chain longer than MAX_EXTENSION_HEADERS.
 */
export function ipv6Transport(packet: Uint8Array, header: Ipv6Header): Transport | undefined {
  const end = header.totalBytes;
  let protocol = header.nextHeader;
  let offset = IPV6_HEADER_BYTES;
  for (let walked = 0; walked <= MAX_EXTENSION_HEADERS; walked++) {
    if (!isExtension(protocol)) return { protocol, offset, end };
    if (offset + FRAGMENT_HEADER_BYTES > end) return undefined;
    if (protocol === PROTOCOL.fragment && u16(packet, offset + 2) >> 3 !== 0) return undefined;
    const bytes = extensionBytes(packet, protocol, offset);
    if (offset + bytes > end) return undefined;
    protocol = u8(packet, offset);
    offset += bytes;
  }
  return undefined;
}

/** Options for those on the way or at the end: they change nothing of what follows, and anyone may step over them. */
export function isOptionsHeader(protocol: number): boolean {
  return protocol === PROTOCOL.hopByHop || protocol === PROTOCOL.destinationOptions;
}

/** The length of the options header at `at`, whose second byte counts 8-byte units less one. */
export function optionsBytes(packet: Uint8Array, at: number): number {
  return (u8(packet, at + 1) + 1) * 8;
}

/** An extension header that names another destination (routing), or covers, hides or changes what follows. */
export function isOpaqueHeader(protocol: number): boolean {
  switch (protocol) {
    case PROTOCOL.routing:
    case PROTOCOL.authentication:
    case PROTOCOL.mobility:
    case PROTOCOL.hostIdentity:
    case PROTOCOL.shim6:
      return true;
    default:
      return false;
  }
}

/** The extension headers that have the common layout "next header, length" (RFC 6564), and the two that nearly do. */
function isExtension(protocol: number): boolean {
  return protocol === PROTOCOL.fragment || isOptionsHeader(protocol) || isOpaqueHeader(protocol);
}

function extensionBytes(packet: Uint8Array, protocol: number, offset: number): number {
  if (protocol === PROTOCOL.fragment) return FRAGMENT_HEADER_BYTES;
  // RFC 4302 counts the authentication header in 4-byte units less two; all others are as options headers.
  if (protocol === PROTOCOL.authentication) return (u8(packet, offset + 1) + 2) * 4;
  return optionsBytes(packet, offset);
}
