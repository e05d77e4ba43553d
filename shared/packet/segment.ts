import { foldSum, pseudoHeaderSum, sumViewWords, sumWords } from "./checksum.ts";
import { checkSuperPacket, type GsoRefusal } from "./gso.ts";
import { IPV4 } from "./ipv4.ts";
import { IPV6, IPV6_HEADER_BYTES } from "./ipv6.ts";
import { TransportLayout } from "./layout.ts";
import { TCP, TCP_FLAG } from "./tcp.ts";
import { UDP } from "./udp.ts";
import type { VirtioHeader } from "./virtio.ts";
import { setU16, setU32, u8, u16, u32 } from "./words.ts";

/**
 * What a segment's transport checksum is to be: `partial`, the pseudo-header's sum, for a peer whose kernel completes
 * it or need not; `full`, complete, for everyone else, at about a tenth of a microsecond a kilobyte.
 */
export type ChecksumMode = "partial" | "full";

/** IPv4 and TCP with all options make 120; IPv6 may have extension headers, and past this we would not copy them. */
const MAX_HEADER_BYTES = 256;

/** Flags of one segment only: the first (CWR, RFC 3168, section 6.1.2), or the last. All others are in every one. */
const FIRST_ONLY = TCP_FLAG.cwr;
const LAST_ONLY = TCP_FLAG.fin | TCP_FLAG.psh;

/**
 * Cuts a super-packet into the packets that a network card would make of it, one at a time, in order:
 *
 *   const refusal = segmenter.begin(packet, header, lane.maxPacketBytes, "partial");
 *   for (let bytes = segmenter.next(slot, room); bytes > 0; bytes = segmenter.next(slot, room)) send(slot, room, bytes);
 *
 * IP lengths, the IPv4 identification (counting up) and checksum, TCP's sequence number and flags, UDP's length and the
 * transport's checksum are set; the rest of the headers, TCP options included, is the super-packet's.
 */
export class Segmenter {
  readonly #layout = new TransportLayout();
  readonly #headers = new Uint8Array(MAX_HEADER_BYTES);
  /** The part of #headers in use: the headers of all segments, with zeros where they differ. */
  #template: Uint8Array = this.#headers;
  #packet: Uint8Array = this.#headers;
  #view = new DataView<ArrayBufferLike>(this.#headers.buffer);
  #isFull = false;

  #segmentBytes = 0;
  /** Where the next segment's payload starts in #packet, and where the payload ends. */
  #at = 0;
  #end = 0;

  #identification = 0;
  #sequence = 0;
  #flags = 0;
  /** Unfolded sums over the template: the IPv4 header, and what the transport's checksum covers. */
  #ipSum = 0;
  #transportSum = 0;

  /**
   * Starts on a super-packet, given without its virtio header. The packet must stay as it is until the last `next`.
   * @param maxBytes of a packet, IP header included. TCP is cut finer than the super-packet asks where that is needed,
   *   never coarser. The datagrams of UDP cannot be.
   * @returns undefined when all is well; else why not, and then `next` gives nothing.
   */
  begin(packet: Uint8Array, header: VirtioHeader, maxBytes: number, checksums: ChecksumMode): GsoRefusal | undefined {
    this.#at = 0;
    this.#end = 0;
    const layout = this.#layout;
    layout.read(packet);
    const refusal = checkSuperPacket(header, layout);
    if (refusal) return refusal;
    if (layout.payload > MAX_HEADER_BYTES) return "unsupported";
    const room = maxBytes - layout.payload;
    if (room < (layout.kind === "tcp" ? 1 : Math.min(header.gsoSize, layout.end - layout.payload))) return "too_big";
    this.#segmentBytes = Math.min(room, header.gsoSize);
    this.#packet = packet;
    this.#at = layout.payload;
    this.#end = layout.end;
    this.#isFull = checksums === "full";
    if (this.#isFull && this.#view.buffer !== packet.buffer) this.#view = new DataView(packet.buffer);
    this.#prepare();
    return undefined;
  }

  /**
   * Writes the next segment into `into` at `at`; there must be room for `maxBytes`. Where `into` is a view over the same
   * buffer as the super-packet (and does not touch it) nothing is allocated; else one small view for the copy.
   * @returns the segment's length; 0 when there are no more.
   */
  next(into: Uint8Array, at: number): number {
    const left = this.#end - this.#at;
    if (left === 0) return 0;
    const length = Math.min(left, this.#segmentBytes);
    const isLast = length === left;
    const headerBytes = this.#template.length;
    const transport = at + this.#layout.transport;
    into.set(this.#template, at);
    this.#copyPayload(into, at + headerBytes, length);

    const total = headerBytes + length;
    if (this.#layout.isIpv4) this.#finishIpv4(into, at, total);
    else setU16(into, at + IPV6.payloadLength, total - IPV6_HEADER_BYTES);
    const sum = this.#isFull ? this.#payloadSum(length) : 0;
    if (this.#layout.kind === "tcp") this.#finishTcp(into, transport, at + total - transport, isLast, sum);
    else this.#finishUdp(into, transport, at + total - transport, sum);
    this.#at += length;
    return total;
  }

  /** The headers that all segments share, and their sums. */
  #prepare(): void {
    const { isIpv4, kind, transport, payload, protocol } = this.#layout;
    if (this.#template.length !== payload) this.#template = this.#headers.subarray(0, payload);
    const template = this.#template;
    template.set(this.#packet.subarray(0, payload));
    if (isIpv4) {
      this.#identification = u16(template, IPV4.identification);
      setU16(template, IPV4.totalLength, 0);
      setU16(template, IPV4.identification, 0);
      setU16(template, IPV4.checksum, 0);
      this.#ipSum = sumWords(template, 0, transport);
    }
    if (kind === "tcp") {
      this.#sequence = u32(template, transport + TCP.sequence);
      this.#flags = u8(template, transport + TCP.flags);
      setU32(template, transport + TCP.sequence, 0);
      template[transport + TCP.flags] = 0;
      setU16(template, transport + TCP.checksum, 0);
    } else {
      setU16(template, transport + UDP.length, 0);
      setU16(template, transport + UDP.checksum, 0);
    }
    const pseudo = pseudoHeaderSum(template, protocol, 0);
    this.#transportSum = this.#isFull ? sumWords(template, transport, payload, pseudo) : pseudo;
  }

  #copyPayload(into: Uint8Array, at: number, length: number): void {
    const packet = this.#packet;
    if (into.buffer === packet.buffer) {
      const from = packet.byteOffset + this.#at - into.byteOffset;
      if (from >= 0 && from + length <= into.length && at + length <= into.length) {
        into.copyWithin(at, from, from + length);
        return;
      }
    }
    into.set(packet.subarray(this.#at, this.#at + length), at);
  }

  #payloadSum(length: number): number {
    const from = this.#packet.byteOffset + this.#at;
    return sumViewWords(this.#view, from, from + length);
  }

  #finishIpv4(into: Uint8Array, at: number, total: number): void {
    const identification = this.#identification;
    setU16(into, at + IPV4.totalLength, total);
    setU16(into, at + IPV4.identification, identification);
    setU16(into, at + IPV4.checksum, ~foldSum(this.#ipSum + total + identification) & 0xffff);
    this.#identification = (identification + 1) & 0xffff;
  }

  #finishTcp(into: Uint8Array, at: number, bytes: number, isLast: boolean, payloadSum: number): void {
    const sequence = this.#sequence;
    const isFirst = this.#at === this.#layout.payload;
    const flags = this.#flags & ~(isFirst ? 0 : FIRST_ONLY) & ~(isLast ? 0 : LAST_ONLY);
    setU32(into, at + TCP.sequence, sequence);
    into[at + TCP.flags] = flags;
    const pseudo = this.#transportSum + bytes;
    const sum = pseudo + (sequence >>> 16) + (sequence & 0xffff) + flags + payloadSum;
    setU16(into, at + TCP.checksum, this.#isFull ? ~foldSum(sum) & 0xffff : foldSum(pseudo));
    this.#sequence = (sequence + this.#segmentBytes) >>> 0;
  }

  #finishUdp(into: Uint8Array, at: number, bytes: number, payloadSum: number): void {
    setU16(into, at + UDP.length, bytes);
    const pseudo = this.#transportSum + bytes;
    // A sum of 0 is sent as 0xffff: 0 means that there is none (RFC 768).
    const full = ~foldSum(pseudo + bytes + payloadSum) & 0xffff || 0xffff;
    setU16(into, at + UDP.checksum, this.#isFull ? full : foldSum(pseudo));
  }
}
