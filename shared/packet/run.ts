import { checksum, foldSum, pseudoHeaderSum, sumViewWords, sumWords } from "./checksum.ts";
import { MIN_TCP_SEGMENT_BYTES } from "./gso.ts";
import { IPV4, IPV4_MIN_HEADER_BYTES } from "./ipv4.ts";
import { IPV6, IPV6_HEADER_BYTES, MAX_PACKET_BYTES } from "./ipv6.ts";
import { TransportLayout } from "./layout.ts";
import { describeChecksum } from "./partial.ts";
import { TCP, TCP_FLAG, TCP_MIN_HEADER_BYTES } from "./tcp.ts";
import { UDP } from "./udp.ts";
import {
  plainVirtioHeader,
  VIRTIO_GSO,
  VIRTIO_HEADER_BYTES,
  VIRTIO_NEEDS_CHECKSUM,
  writeVirtioHeader,
} from "./virtio.ts";
import { setU16, u8, u16, u32 } from "./words.ts";

/** The longest IPv4 packet. IPv6 could have 40 bytes more, but the kernel makes none longer by itself either (GSO_LEGACY_MAX_SIZE). */
const MAX_SUPER_PACKET_BYTES = 65_535;

/** Linux's UDP_MAX_SEGMENTS before 6.9: a kernel takes no more datagrams at once. */
const MAX_DATAGRAMS = 64;

const DONT_FRAGMENT = 0x4000;
const RUN_FLAGS = TCP_FLAG.ack | TCP_FLAG.ece | TCP_FLAG.cwr;
const LAST_FLAGS = TCP_FLAG.fin | TCP_FLAG.psh;

/** Whether a packet may be merged at all, by itself alone. Everything about its checksum comes later. */
export function isMergeable(packet: Uint8Array, layout: TransportLayout, isPartial: boolean): boolean {
  if (!layout.hasPlainIpHeader || layout.payload === layout.end) return false;
  if (layout.isIpv4) {
    // The reserved bit is no one's to lose. A header with a wrong checksum would be mended by merging.
    if ((u16(packet, IPV4.flagsAndOffset) & ~DONT_FRAGMENT) !== 0) return false;
    if (checksum(packet, 0, IPV4_MIN_HEADER_BYTES) !== 0) return false;
  }
  if (layout.kind === "udp") return isPartial || u16(packet, layout.transport + UDP.checksum) !== 0;
  const flags = u8(packet, layout.transport + TCP.flags);
  return (flags & TCP_FLAG.ack) !== 0 && (flags & ~(RUN_FLAGS | LAST_FLAGS)) === 0;
}

/**
 * Whether nothing may follow this mergeable packet in a super-packet: the receiver is to see its data, or its end, now;
 * or its payload is no segment size.
 */
export function endsRun(packet: Uint8Array, layout: TransportLayout): boolean {
  if (layout.kind === "udp") return false;
  const isTiny = layout.end - layout.payload < MIN_TCP_SEGMENT_BYTES;
  return isTiny || (u8(packet, layout.transport + TCP.flags) & LAST_FLAGS) !== 0;
}

/**
 * A run of packets of one flow that go to the kernel as one: the first packet, copied, with the payloads of its
 * successors behind it. The rules for a successor are those of Linux (tcp_gro_receive, udp_gro_receive_segment and
 * inet_gro_flush), and the urgent pointer must be the same too.
 */
export class Run {
  /** Allocated when first opened: with one flow at a time only the first run of a coalescer ever is. */
  #buffer = new Uint8Array(0);
  /** The first packet in #buffer, and then the super-packet; without the virtio header. */
  #packet = this.#buffer;
  #view = new DataView(this.#buffer.buffer);

  readonly #first = new TransportLayout();
  readonly #header = plainVirtioHeader();
  /** Bytes of the super-packet so far; 0 while no run is open. */
  #bytes = 0;
  #count = 0;
  #segmentBytes = 0;
  #isPartial = false;
  #isFirstVerified = false;
  #hasFixedIdentification = false;
  #isComplete = false;

  get isOpen(): boolean {
    return this.#bytes > 0;
  }

  /** Whether nothing can follow: a flag said so, or a shorter payload. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Starts with a mergeable packet that does not end a run. */
  open(packet: Uint8Array, layout: TransportLayout, isPartial: boolean): void {
    if (this.#buffer.length === 0) this.#allocate();
    this.#packet.set(layout.end === packet.length ? packet : packet.subarray(0, layout.end));
    this.#first.read(this.#packet);
    this.#bytes = layout.end;
    this.#count = 1;
    this.#segmentBytes = layout.end - layout.payload;
    this.#isPartial = isPartial;
    this.#isFirstVerified = isPartial;
    this.#hasFixedIdentification = false;
    this.#isComplete = false;
  }

  /** Appends a mergeable packet of the same flow. False, with nothing changed, when it does not continue the run. */
  append(packet: Uint8Array, layout: TransportLayout, isPartial: boolean): boolean {
    const length = layout.end - layout.payload;
    if (layout.payload !== this.#first.payload || length > this.#segmentBytes) return false;
    if (this.#bytes + length > MAX_SUPER_PACKET_BYTES) return false;
    if (layout.kind === "tcp" && !this.#continuesTcp(packet, layout)) return false;
    if (!(layout.isIpv4 ? this.#continuesIpv4(packet) : this.#continuesIpv6(packet))) return false;
    // Behind the run's end it disturbs nothing, and is in the one buffer that a fast sum needs no new view for.
    this.#packet.set(packet.subarray(layout.payload, layout.end), this.#bytes);
    if (!this.#verifyFirst()) return false;
    if (!isPartial && !this.#isRight(packet, layout, this.#bytes)) return false;
    this.#accept(packet, layout, length);
    return true;
  }

  /**
   * Ends the run. A single packet is as it came; more are one super-packet.
   * @param write is given the virtio header with the packet behind it, as `bytes` at the front of `buffer`.
   */
  close(write: (buffer: Uint8Array, bytes: number) => void): void {
    const bytes = this.#bytes;
    if (bytes === 0) return;
    if (this.#count === 1) describeChecksum(this.#header, this.#first, this.#isPartial);
    else this.#finish();
    writeVirtioHeader(this.#buffer, 0, this.#header);
    this.#bytes = 0;
    write(this.#buffer, VIRTIO_HEADER_BYTES + bytes);
  }

  #allocate(): void {
    this.#buffer = new Uint8Array(VIRTIO_HEADER_BYTES + MAX_PACKET_BYTES);
    this.#packet = this.#buffer.subarray(VIRTIO_HEADER_BYTES);
    this.#view = new DataView(this.#buffer.buffer);
  }

  /** Type of service with its ECN bits, time to live, "don't fragment"; and the identification counts up or, with DF, stays. */
  #continuesIpv4(packet: Uint8Array): boolean {
    const first = this.#packet;
    const fragment = u16(packet, IPV4.flagsAndOffset);
    if (
      u8(packet, IPV4.typeOfService) !== u8(first, IPV4.typeOfService) ||
      u8(packet, IPV4.timeToLive) !== u8(first, IPV4.timeToLive) ||
      fragment !== u16(first, IPV4.flagsAndOffset)
    ) {
      return false;
    }
    const step = (u16(packet, IPV4.identification) - u16(first, IPV4.identification)) & 0xffff;
    const isFixed = this.#count === 1 ? step === 0 && fragment === DONT_FRAGMENT : this.#hasFixedIdentification;
    return step === (isFixed ? 0 : this.#count);
  }

  /** Traffic class, flow label, hop limit. */
  #continuesIpv6(packet: Uint8Array): boolean {
    return u32(packet, 0) === u32(this.#packet, 0) && u8(packet, IPV6.hopLimit) === u8(this.#packet, IPV6.hopLimit);
  }

  #continuesTcp(packet: Uint8Array, layout: TransportLayout): boolean {
    const first = this.#packet;
    const at = layout.transport;
    const next = u32(first, at + TCP.sequence) + this.#bytes - layout.payload;
    if (u32(packet, at + TCP.sequence) !== next >>> 0) return false;
    const flags = u8(packet, at + TCP.flags);
    if ((flags & TCP_FLAG.cwr) !== 0) return false;
    if (((flags ^ u8(first, at + TCP.flags)) & TCP_FLAG.ece) !== 0) return false;
    if (
      u32(packet, at + TCP.acknowledgment) !== u32(first, at + TCP.acknowledgment) ||
      u8(packet, at + TCP.dataOffset) !== u8(first, at + TCP.dataOffset) ||
      u16(packet, at + TCP.window) !== u16(first, at + TCP.window) ||
      u16(packet, at + TCP.urgent) !== u16(first, at + TCP.urgent)
    ) {
      return false;
    }
    for (let option = at + TCP_MIN_HEADER_BYTES; option < layout.payload; option += 4) {
      if (u32(packet, option) !== u32(first, option)) return false;
    }
    return true;
  }

  /** The first packet's checksum is looked at only when there is a second: alone, the kernel will look at it. */
  #verifyFirst(): boolean {
    this.#isFirstVerified ||= this.#isRight(this.#packet, this.#first, this.#first.payload);
    return this.#isFirstVerified;
  }

  /** Whether the checksum of `packet`, whose payload lies at `payloadAt` in #packet, is complete and right. */
  #isRight(packet: Uint8Array, layout: TransportLayout, payloadAt: number): boolean {
    const { transport, payload, end } = layout;
    const pseudo = pseudoHeaderSum(packet, layout.protocol, end - transport);
    const headers = sumWords(packet, transport, payload, pseudo);
    const from = VIRTIO_HEADER_BYTES + payloadAt;
    return foldSum(sumViewWords(this.#view, from, from + end - payload, headers)) === 0xffff;
  }

  #accept(packet: Uint8Array, layout: TransportLayout, length: number): void {
    if (this.#count === 1) {
      const isSame = u16(packet, IPV4.identification) === u16(this.#packet, IPV4.identification);
      this.#hasFixedIdentification = layout.isIpv4 && isSame;
    }
    this.#count++;
    this.#bytes += length;
    this.#isComplete = length < this.#segmentBytes;
    if (layout.kind === "udp") {
      this.#isComplete ||= this.#count === MAX_DATAGRAMS;
      return;
    }
    const at = layout.transport + TCP.flags;
    const last = u8(packet, at) & LAST_FLAGS;
    if (last === 0) return;
    this.#packet[at] = u8(this.#packet, at) | last;
    this.#isComplete = true;
  }

  /** Makes the first packet's headers those of the super-packet: its length, and a partial checksum over all of it. */
  #finish(): void {
    const packet = this.#packet;
    const { isIpv4, transport, payload, kind, checksumOffset } = this.#first;
    const length = this.#bytes - transport;
    if (isIpv4) {
      setU16(packet, IPV4.totalLength, this.#bytes);
      setU16(packet, IPV4.checksum, 0);
      setU16(packet, IPV4.checksum, checksum(packet, 0, IPV4_MIN_HEADER_BYTES));
    } else {
      setU16(packet, IPV6.payloadLength, this.#bytes - IPV6_HEADER_BYTES);
    }
    if (kind === "udp") setU16(packet, transport + UDP.length, length);
    setU16(packet, transport + checksumOffset, foldSum(pseudoHeaderSum(packet, this.#first.protocol, length)));
    const header = this.#header;
    header.flags = VIRTIO_NEEDS_CHECKSUM;
    header.gsoType = this.#gsoType();
    header.headerBytes = payload;
    header.gsoSize = this.#segmentBytes;
    header.checksumStart = transport;
    header.checksumOffset = checksumOffset;
  }

  #gsoType(): number {
    const { kind, isIpv4, transport } = this.#first;
    if (kind === "udp") return VIRTIO_GSO.udp;
    const hasCwr = (u8(this.#packet, transport + TCP.flags) & TCP_FLAG.cwr) !== 0;
    return (isIpv4 ? VIRTIO_GSO.tcpIpv4 : VIRTIO_GSO.tcpIpv6) | (hasCwr ? VIRTIO_GSO.ecn : 0);
  }
}
