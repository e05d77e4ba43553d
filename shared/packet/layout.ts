import { IPV4, IPV4_MIN_HEADER_BYTES } from "./ipv4.ts";
import {
  IPV6,
  IPV6_HEADER_BYTES,
  isOpaqueHeader,
  isOptionsHeader,
  MAX_EXTENSION_HEADERS,
  optionsBytes,
} from "./ipv6.ts";
import { PROTOCOL } from "./protocol.ts";
import { TCP, TCP_MIN_HEADER_BYTES } from "./tcp.ts";
import { UDP, UDP_HEADER_BYTES } from "./udp.ts";
import { u8, u16 } from "./words.ts";

/**
 * What a packet is to the offloads:
 * - `tcp`, `udp`: whole, with its transport header and the end of it at hand.
 * - `unclear`: TCP or UDP perhaps, but cut short, a fragment, or behind a header that changes what the checksum covers.
 * - `other`: neither TCP nor UDP, or no whole IP packet at all.
 */
export type LayoutKind = "tcp" | "udp" | "unclear" | "other";

const MORE_FRAGMENTS_OR_OFFSET = 0x3fff;

/**
 * Where the parts of a TCP or UDP packet lie. One object is filled again for every packet: unlike the parsers of
 * ipv4.ts, ipv6.ts and tcp.ts it allocates nothing, which is what counts at 100,000 packets a second.
 * The offsets are in bytes from the packet's start and hold only after `read` gave "tcp" or "udp".
 */
export class TransportLayout {
  kind: LayoutKind = "other";
  isIpv4 = false;
  /** The transport header's place. */
  transport = 0;
  /** The first byte behind the transport header and its options. */
  payload = 0;
  /** Just past the packet's last byte by its own IP header; bytes after that are no part of it. */
  end = 0;

  /** Reads nothing beyond the bytes, whatever they are. The IPv4 header's checksum is not looked at. */
  read(packet: Uint8Array): LayoutKind {
    this.kind = this.#readIp(packet);
    return this.kind;
  }

  /** Whether the IP header is the fixed one alone: no IPv4 options, no IPv6 extension headers. */
  get hasPlainIpHeader(): boolean {
    return this.transport === (this.isIpv4 ? IPV4_MIN_HEADER_BYTES : IPV6_HEADER_BYTES);
  }

  get protocol(): number {
    return this.kind === "tcp" ? PROTOCOL.tcp : PROTOCOL.udp;
  }

  /** The checksum field's place from the start of the transport header: csum_offset in a virtio header. */
  get checksumOffset(): number {
    return this.kind === "tcp" ? TCP.checksum : UDP.checksum;
  }

  #readIp(packet: Uint8Array): LayoutKind {
    if (packet.length < IPV4_MIN_HEADER_BYTES) return "other";
    const version = u8(packet, 0) >> 4;
    if (version === 4) return this.#readIpv4(packet);
    if (version === 6 && packet.length >= IPV6_HEADER_BYTES) return this.#readIpv6(packet);
    return "other";
  }

  #readIpv4(packet: Uint8Array): LayoutKind {
    const headerBytes = (u8(packet, 0) & 0x0f) * 4;
    const end = u16(packet, IPV4.totalLength);
    if (headerBytes < IPV4_MIN_HEADER_BYTES || end < headerBytes || end > packet.length) return "other";
    this.isIpv4 = true;
    this.end = end;
    const protocol = u8(packet, IPV4.protocol);
    if ((u16(packet, IPV4.flagsAndOffset) & MORE_FRAGMENTS_OR_OFFSET) === 0) {
      return this.#readTransport(packet, protocol, headerBytes);
    }
    return protocol === PROTOCOL.tcp || protocol === PROTOCOL.udp ? "unclear" : "other";
  }

  #readIpv6(packet: Uint8Array): LayoutKind {
    const end = IPV6_HEADER_BYTES + u16(packet, IPV6.payloadLength);
    if (end > packet.length) return "other";
    this.isIpv4 = false;
    this.end = end;
    let protocol = u8(packet, IPV6.nextHeader);
    let at = IPV6_HEADER_BYTES;
    for (let walked = 0; walked <= MAX_EXTENSION_HEADERS; walked++) {
      // A routing header moves the address that the checksum covers, an authentication header covers every byte.
      if (protocol === PROTOCOL.fragment || isOpaqueHeader(protocol)) return "unclear";
      if (!isOptionsHeader(protocol)) return this.#readTransport(packet, protocol, at);
      if (at + 8 > end) return "unclear";
      protocol = u8(packet, at);
      at += optionsBytes(packet, at);
    }
    return "unclear";
  }

  #readTransport(packet: Uint8Array, protocol: number, at: number): LayoutKind {
    this.transport = at;
    if (protocol === PROTOCOL.tcp) {
      if (at + TCP_MIN_HEADER_BYTES > this.end) return "unclear";
      const headerBytes = (u8(packet, at + TCP.dataOffset) >> 4) * 4;
      this.payload = at + headerBytes;
      return headerBytes < TCP_MIN_HEADER_BYTES || this.payload > this.end ? "unclear" : "tcp";
    }
    if (protocol === PROTOCOL.udp) {
      this.payload = at + UDP_HEADER_BYTES;
      // A datagram that is shorter than its packet has a tail that its checksum does not cover.
      return this.payload <= this.end && u16(packet, at + UDP.length) === this.end - at ? "udp" : "unclear";
    }
    return "other";
  }
}
