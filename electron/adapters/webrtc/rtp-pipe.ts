import type { Track } from "node-datachannel";
import type { DatagramPipe } from "../../../shared/mesh/ports.ts";
import { setU16, setU32, u16 } from "../../../shared/packet/words.ts";

/** RFC 3550, section 5.1: the fixed header. No contributing sources, no extension. */
const RTP_HEADER_BYTES = 12;
const RTP_VERSION = 2;
const SEQUENCE_AT = 2;
/** The first dynamic payload type (RFC 3551); 64 to 95 would be taken for RTCP (RFC 5761). */
export const PAYLOAD_TYPE = 96;
/** Names the stream in both directions. Each direction has keys of its own, so the same number does no harm. */
export const SSRC = 0x676f7670;

/**
 * Frames as RTP packets on an SRTP track of the connection. The payload type and source only serve to look like RTP;
 * the sequence number is what SRTP's replay protection counts.
 */
export class RtpPipe implements DatagramPipe {
  readonly headroom = RTP_HEADER_BYTES;
  onFrame: DatagramPipe["onFrame"] = () => {};
  readonly #track: Track;
  #sequence = 0;
  #sent = 0;

  constructor(track: Track) {
    this.#track = track;
    track.onMessage((packet) => {
      const start = payloadStart(packet);
      // No Buffer: the packet path is compiled for one class of byte arrays, and would be slower for two.
      if (start > 0 && start < packet.length) {
        const frame = new Uint8Array(packet.buffer, packet.byteOffset + start, packet.length - start);
        this.onFrame(frame, u16(packet, SEQUENCE_AT));
      }
    });
  }

  send(frame: Uint8Array): void {
    frame[0] = RTP_VERSION << 6;
    frame[1] = PAYLOAD_TYPE;
    setU16(frame, SEQUENCE_AT, this.#sequence);
    setU32(frame, 4, this.#sent);
    setU32(frame, 8, SSRC);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#sent = (this.#sent + 1) >>> 0;
    try {
      this.#track.sendMessageBinary(frame as Buffer);
    } catch {
      // Closed, or over the path's MTU: a wire would have lost it too.
    }
  }
}

/** Where the payload begins; 0 when it is no RTP packet of ours. The other end may send anything at all. */
function payloadStart(packet: Uint8Array): number {
  const [first = 0, second = 0] = [packet[0], packet[1]];
  if (packet.length <= RTP_HEADER_BYTES || first >> 6 !== RTP_VERSION || (second & 0x7f) !== PAYLOAD_TYPE) return 0;
  const sources = RTP_HEADER_BYTES + 4 * (first & 0x0f);
  const hasExtension = (first & 0x10) !== 0;
  if (!hasExtension) return sources;
  return sources + 4 <= packet.length ? sources + 4 + 4 * u16(packet, sources + 2) : 0;
}
