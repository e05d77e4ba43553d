import { ICMP_HEADER_BYTES } from "./icmp.ts";
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
import { TCP_MIN_HEADER_BYTES } from "./tcp.ts";
import { UDP_HEADER_BYTES } from "./udp.ts";
import { u8, u16, u32 } from "./words.ts";

/**
 * What a packet is to a firewall:
 * - `whole`: not a fragment.
 * - `first`: the fragment that has the transport header, or as much of it as its sender chose to put there.
 * - `later`: any other fragment.
 * - `unclear`: of a layout that could tell its receiver something else than it tells us, or no packet at all.
 */
export type DissectionKind = "whole" | "first" | "later" | "unclear";

const MORE_FRAGMENTS = 0x2000;
const OFFSET_MASK = 0x1fff;
const FRAGMENT_HEADER_BYTES = 8;
/** No datagram is longer (RFC 791), so no fragment of one ends later: the "ping of death". */
const MAX_DATAGRAM_BYTES = 0xffff;

/**
 * Where the transport header of a packet is and which datagram a fragment belongs to, read as strictly as a firewall
 * must: whatever a lenient receiver might understand in two ways is `unclear`. One object is filled again for every
 * packet and allocates nothing. Offsets are in bytes from the start of the array.
 */
export class Dissection {
  kind: DissectionKind = "unclear";
  isIpv4 = false;
  /** The transport's. Unknown in a later fragment of IPv6, whose field is not to be relied on (RFC 8200, section 4.5). */
  protocol = 0;
  /** Where the IP header is: 0 but in a quoted packet. */
  start = 0;
  /** The transport header's place, of a whole packet or a first fragment. */
  transport = 0;
  /** Just past the packet's last byte by its own IP header; of a quoted one, just past what is there of it. */
  end = 0;
  /** Of a fragment: the datagram's number, 16 bits in IPv4 and 32 in IPv6. */
  identification = 0;
  /** Of a fragment: which bytes of its datagram's payload it has. */
  fragmentStart = 0;
  fragmentEnd = 0;

  /** Whether it is TCP with its header at hand; without the options, which no rule looks at. */
  get isTcp(): boolean {
    return this.protocol === PROTOCOL.tcp && this.transport + TCP_MIN_HEADER_BYTES <= this.end;
  }

  get isUdp(): boolean {
    return this.protocol === PROTOCOL.udp && this.transport + UDP_HEADER_BYTES <= this.end;
  }

  /** ICMP in IPv4 or ICMPv6 in IPv6: the other way around nobody would read it. */
  get isIcmp(): boolean {
    const protocol = this.isIpv4 ? PROTOCOL.icmp : PROTOCOL.icmpv6;
    return this.protocol === protocol && this.transport + ICMP_HEADER_BYTES <= this.end;
  }

  read(packet: Uint8Array): DissectionKind {
    this.kind = this.#read(packet, 0, packet.length, false);
    return this.kind;
  }

  /** The same for the packet that an ICMP error quotes from `at` to `end`, which may be cut short. */
  readQuoted(packet: Uint8Array, at: number, end: number): DissectionKind {
    this.kind = this.#read(packet, at, end, true);
    return this.kind;
  }

  #read(packet: Uint8Array, at: number, limit: number, isQuoted: boolean): DissectionKind {
    this.start = at;
    if (at + IPV4_MIN_HEADER_BYTES > limit) return "unclear";
    switch (u8(packet, at) >> 4) {
      case 4:
        this.isIpv4 = true;
        return this.#readIpv4(packet, at, limit, isQuoted);
      case 6:
        this.isIpv4 = false;
        return at + IPV6_HEADER_BYTES > limit ? "unclear" : this.#readIpv6(packet, at, limit, isQuoted);
      default:
        return "unclear";
    }
  }

  #readIpv4(packet: Uint8Array, at: number, limit: number, isQuoted: boolean): DissectionKind {
    // Options may name another destination than the header does (source routing), and no program of today sends any.
    if (u8(packet, at) !== 0x45) return "unclear";
    const end = at + u16(packet, at + IPV4.totalLength);
    if (end > limit && !isQuoted) return "unclear";
    this.end = Math.min(end, limit);
    this.protocol = u8(packet, at + IPV4.protocol);
    this.identification = u16(packet, at + IPV4.identification);
    this.transport = at + IPV4_MIN_HEADER_BYTES;
    if (this.transport > this.end) return "unclear";
    const field = u16(packet, at + IPV4.flagsAndOffset);
    return this.#fragment((field & OFFSET_MASK) * 8, (field & MORE_FRAGMENTS) !== 0, this.transport, isQuoted);
  }

  #readIpv6(packet: Uint8Array, at: number, limit: number, isQuoted: boolean): DissectionKind {
    const end = at + IPV6_HEADER_BYTES + u16(packet, at + IPV6.payloadLength);
    if (end > limit && !isQuoted) return "unclear";
    this.end = Math.min(end, limit);
    this.transport = at + IPV6_HEADER_BYTES;
    this.protocol = u8(packet, at + IPV6.nextHeader);
    let kind: DissectionKind = "whole";
    let hasFragmentHeader = false;
    for (let walked = 0; walked <= MAX_EXTENSION_HEADERS; walked++) {
      if (isOpaqueHeader(this.protocol)) return "unclear";
      if (isOptionsHeader(this.protocol)) {
        // Behind a fragment header they are part of what is put together, and were to be read again then.
        if (hasFragmentHeader) return "unclear";
        if (!this.#skip(packet, optionsBytes(packet, this.transport))) return "unclear";
      } else if (this.protocol === PROTOCOL.fragment) {
        if (hasFragmentHeader || this.transport + FRAGMENT_HEADER_BYTES > this.end) return "unclear";
        hasFragmentHeader = true;
        kind = this.#readFragmentHeader(packet, isQuoted);
        if (kind === "unclear" || kind === "later") return kind;
      } else {
        return kind;
      }
    }
    return "unclear";
  }

  #readFragmentHeader(packet: Uint8Array, isQuoted: boolean): DissectionKind {
    const at = this.transport;
    this.identification = u32(packet, at + 4);
    const field = u16(packet, at + 2);
    this.#skip(packet, FRAGMENT_HEADER_BYTES);
    // With neither an offset nor more to come it is a whole packet all the same (RFC 6946).
    return this.#fragment(field & 0xfff8, (field & 1) !== 0, at + FRAGMENT_HEADER_BYTES, isQuoted);
  }

  /** Past a header of IPv6 to the next. False when it does not lie within the packet. */
  #skip(packet: Uint8Array, bytes: number): boolean {
    if (this.transport + bytes > this.end) return false;
    this.protocol = u8(packet, this.transport);
    this.transport += bytes;
    return true;
  }

  #fragment(offset: number, hasMore: boolean, data: number, isQuoted: boolean): DissectionKind {
    if (offset === 0 && !hasMore) return "whole";
    const bytes = this.end - data;
    this.fragmentStart = offset;
    this.fragmentEnd = offset + bytes;
    if (isQuoted) return offset === 0 ? "first" : "later";
    // Every fragment but the last ends on a multiple of 8 (RFC 791, section 3.2; RFC 8200, section 4.5).
    if (bytes === 0 || this.fragmentEnd > MAX_DATAGRAM_BYTES || (hasMore && bytes % 8 !== 0)) return "unclear";
    return offset === 0 ? "first" : "later";
  }
}
