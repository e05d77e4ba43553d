import type { Track } from "node-datachannel";
import type { DatagramPipe } from "../../../shared/mesh/ports.ts";
import { setU16, setU32, u8, u16 } from "../../../shared/packet/words.ts";

/** RFC 3550, section 5.1: the fixed header. No contributing sources, no extension. */
const RTP_HEADER_BYTES = 12;
const RTP_VERSION = 2;
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
  onFrame: (frame: Uint8Array) => void = () => {};
  readonly #track: Track;
  #sequence = 0;
  #sent = 0;

  constructor(track: Track) {
    this.#track = track;
    track.onMessage((packet) => {
      const start = payloadStart(packet);
      if (start > 0 && start < packet.length) this.onFrame(packet.subarray(start));
    });
  }

  send(frame: Uint8Array): void {
    frame[0] = RTP_VERSION << 6;
    frame[1] = PAYLOAD_TYPE;
    setU16(frame, 2, this.#sequence);
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
  if (packet.length <= RTP_HEADER_BYTES || u8(packet, 0) >> 6 !== RTP_VERSION) return 0;
  if ((u8(packet, 1) & 0x7f) !== PAYLOAD_TYPE) return 0;
  const sources = RTP_HEADER_BYTES + 4 * (u8(packet, 0) & 0x0f);
  const hasExtension = (u8(packet, 0) & 0x10) !== 0;
  return hasExtension ? sources + 4 + 4 * u16(packet, sources + 2) : sources;
}
