import { describe, it } from "vitest";
import { RtpPipe } from "../../electron/adapters/webrtc/rtp-pipe.ts";
import { MEDIA_HEADER_BYTES, MEDIA_TYPE, mediaTypeOf, writeMediaHeader } from "../../shared/mesh/media-frame.ts";
import { FLOOR_BYTES, MediaLane } from "../../shared/mesh/media-lane.ts";
import type { DatagramPipe } from "../../shared/mesh/ports.ts";
import { TransportLayout } from "../../shared/packet/layout.ts";
import { setU32, u8, u32 } from "../../shared/packet/words.ts";
import { DEFAULT_TUNNEL_MTU } from "../../shared/tunnel/mtu.ts";
import { isSpeedFrame, readSpeedFrame, SPEED_DATA_BYTES, SPEED_TYPES } from "../../shared/tunnel/speed-frame.ts";
import { digest, digestBytes, fuzzBytes, must } from "./mutation/drive.ts";
import { packets } from "./mutation/samples.ts";
import { SteppedClock } from "./stepped-clock.ts";

// What a member sends on the media lane, from the RTP header inwards: nothing of it may throw, be read beyond its end, or
// be answered with more than a word.

const framed = (type: 0 | 1 | 2, flags: number, body: Uint8Array) => {
  const frame = new Uint8Array(MEDIA_HEADER_BYTES + body.length);
  writeMediaHeader(frame, 0, type, flags);
  frame.set(body, MEDIA_HEADER_BYTES);
  return frame;
};
const frames = packets.flatMap((packet, i) => [framed(MEDIA_TYPE.packet, i & 1, packet)]);
const probeOf = (id: number, bytes: number, type: 1 | 2 = MEDIA_TYPE.probe) => {
  const body = new Uint8Array(bytes);
  setU32(body, 0, id);
  return framed(type, 0, body);
};
const HEADROOM = 12;
const ECHO_BYTES = HEADROOM + MEDIA_HEADER_BYTES + 4;

/** A pipe that keeps what is sent. */
class Pipe implements DatagramPipe {
  readonly headroom = HEADROOM;
  readonly sent: Uint8Array[] = [];
  onFrame: (frame: Uint8Array) => void = () => {};
  send(frame: Uint8Array): void {
    this.sent.push(Uint8Array.from(frame));
  }
}

const lies = (inner: Uint8Array, outer: Uint8Array) =>
  inner.buffer === outer.buffer &&
  inner.byteOffset >= outer.byteOffset &&
  inner.byteOffset + inner.length <= outer.byteOffset + outer.length;

describe("what comes in on the media lane", () => {
  it("as RTP: a payload within the packet, or nothing", () => {
    const rtp = frames.flatMap((frame) => {
      const plain = Buffer.concat([Buffer.from([0x80, 96, 0, 1, 0, 0, 0, 1, 0x67, 0x6f, 0x76, 0x70]), frame]);
      const extended = Buffer.concat([
        Buffer.from([0x92, 0xe0]),
        plain.subarray(2, 12),
        Buffer.alloc(8),
        Buffer.from([0xbe, 0xde, 0, 1, 0, 0, 0, 0]),
        frame,
      ]);
      return [plain, extended];
    });
    let arrive: (packet: Uint8Array) => void = () => {};
    const track = { onMessage: (callback: typeof arrive) => (arrive = callback), sendMessageBinary: () => true };
    const pipe = new RtpPipe(track as never);
    fuzzBytes("rtp-header", rtp, (input) => {
      let sum = 0;
      pipe.onFrame = (frame) => {
        must(frame.length > 0 && lies(frame, input), "a payload lies within its packet");
        must(frame.byteOffset >= input.byteOffset + HEADROOM, "a payload lies behind the header");
        sum = digestBytes(sum, frame);
      };
      arrive(input);
      return sum;
    });
  });

  it("as a frame: the packet in it with a sound offload, an echo of its number, or nothing", () => {
    const pipe = new Pipe();
    const lane = new MediaLane(pipe, new SteppedClock());
    const layout = new TransportLayout();
    fuzzBytes("media-frame", [...frames, probeOf(7, 1420), probeOf(1, 4, 2)], (input) => {
      let sum = 0;
      lane.onPacket = (packet, offload) => {
        must(
          lies(packet, input) && packet.length === input.length - MEDIA_HEADER_BYTES,
          "a packet is all of its frame",
        );
        const field = offload ? offload.checksumStart + offload.checksumOffset : 0;
        const isPartial = offload?.flags === 1;
        must(!isPartial || field + 2 <= packet.length, "a partial checksum lies within its packet");
        must(!isPartial || ["tcp", "udp"].includes(layout.read(packet)), "a partial checksum is one of TCP or UDP");
        sum = digestBytes(digest(sum, field), packet);
      };
      pipe.onFrame(input);
      const isProbe = mediaTypeOf(input) === MEDIA_TYPE.probe;
      must(pipe.sent.length === (isProbe ? 1 : 0), "a probe is answered, and nothing else");
      for (const echo of pipe.sent.splice(0)) {
        must(echo.length === ECHO_BYTES, "an echo is as short as can be");
        must(
          u32(echo, HEADROOM + MEDIA_HEADER_BYTES) === u32(input, MEDIA_HEADER_BYTES),
          "an echo has its probe's number",
        );
        sum = digestBytes(sum, echo);
      }
      return sum;
    });
  });

  it("as echoes nobody asked for: sizes within bounds, and no more probes than time allows", () => {
    const pipe = new Pipe();
    const clock = new SteppedClock();
    const lane = new MediaLane(pipe, clock);
    lane.start();
    let asked = 0;
    const samples = Array.from({ length: 16 }, (_, id) => probeOf(id, 4, 2)).concat(frames.slice(0, 2));
    fuzzBytes("path-probe", samples, (input) => {
      // Every other echo is a true one, or the lane would never get anywhere.
      const ids = pipe.sent.filter((frame) => u8(frame, HEADROOM) === 0x11).map((frame) => u32(frame, HEADROOM + 2));
      must(pipe.sent.length <= 24, "a round is a few probes");
      for (const probe of pipe.sent)
        must(probe.length <= HEADROOM + 2 + DEFAULT_TUNNEL_MTU, "a probe is no larger than a packet");
      pipe.sent.length = 0;
      if (asked++ % 4 < 2) for (const id of ids) pipe.onFrame(probeOf(id, 4, 2));
      pipe.onFrame(input);
      clock.step(u8(input, 3) * 4);
      const { maxPacketBytes } = lane;
      must(maxPacketBytes >= FLOOR_BYTES && maxPacketBytes <= DEFAULT_TUNNEL_MTU, "the size is one that can be");
      must(clock.pending <= 2, "timers do not pile up");
      return 0;
    });
  });

  it("as a frame of a speed test: figures of 32 bits, or nothing", () => {
    fuzzBytes("speed-frame", [], (input) => {
      const frame = readSpeedFrame(input);
      if (!frame) return 0;
      const { type, test, a, b, c, d } = frame;
      must(isSpeedFrame(input), "it is marked as one");
      must(type !== SPEED_TYPES.data || input.length === SPEED_DATA_BYTES, "data comes in frames of one size");
      must(
        [test, a, b, c, d].every((figure) => figure >= 0 && figure < 2 ** 32),
        "a figure has 32 bits",
      );
      return [type, test, a, b, c, d].reduce(digest, 0);
    });
  });
});
