import { describe, expect, it } from "vitest";
import { secureRandom } from "../../electron/adapters/random.ts";
import type { PublicKey } from "../../shared/base/brand.ts";
import { silentLogger } from "../../shared/base/logger.ts";
import { Coalescer } from "../../shared/packet/coalesce.ts";
import { checkSuperPacket } from "../../shared/packet/gso.ts";
import { TransportLayout } from "../../shared/packet/layout.ts";
import { completeChecksum, completeTransportChecksum, isTransportPartial } from "../../shared/packet/partial.ts";
import { type ChecksumMode, Segmenter } from "../../shared/packet/segment.ts";
import { plainVirtioHeader, readVirtioHeader, VIRTIO_HEADER_BYTES } from "../../shared/packet/virtio.ts";
import { u8, u16 } from "../../shared/packet/words.ts";
import { OFFLOAD_FRAME, OFFLOAD_FRAME_HEADER_BYTES, readOffloadFrame } from "../../shared/tunnel/offload-frame.ts";
import { OFFLOAD_CAPABILITY } from "../../shared/tunnel/ports.ts";
import { isSpeedFrame } from "../../shared/tunnel/speed-frame.ts";
import { Tunnel } from "../../shared/tunnel/tunnel.ts";
import { FakeClock } from "../fakes/clock.ts";
import { FakeLane } from "../fakes/lane.ts";
import { FakeTun } from "../fakes/tun.ts";
import { digest, digestBytes, fuzzBytes, must } from "./mutation/drive.ts";
import { ANN, BEN, batches, packets, virtioSuperPackets } from "./mutation/samples.ts";

// Packets that are not finished, from a member or from the kernel: what is cut, merged and completed must stay within
// its bytes, and come to no more than it stands for.

/** A super-packet of MOST_BYTES in the smallest segments that are taken, and some. */
const MOST_SEGMENTS = 2048;
/** A sum over every byte of a long packet, four times an input, would take most of the time. */
const MOST_SUMMED_BYTES = 300;
const FRAME_SAMPLES = virtioSuperPackets.map((each) => Buffer.concat([Buffer.from([OFFLOAD_FRAME]), each]));

describe("what is left to be done to a packet", () => {
  it("the frame on the packets channel: its packet is its rest", () => {
    const offload = plainVirtioHeader();
    fuzzBytes("offload-frame", [...FRAME_SAMPLES, ...packets], (input) => {
      const packet = readOffloadFrame(input, offload);
      if (!packet) return 0;
      must(u8(input, 0) === OFFLOAD_FRAME, "a frame begins as one");
      must(packet.byteOffset === input.byteOffset + OFFLOAD_FRAME_HEADER_BYTES, "a packet follows its header");
      must(packet.length === input.length - OFFLOAD_FRAME_HEADER_BYTES, "a packet is all of the rest");
      return digest(offload.gsoSize, offload.checksumStart);
    });
  });

  it("the virtio header: read whole or left alone, and believed only where the packet bears it out", () => {
    const [header, layout] = [plainVirtioHeader(), new TransportLayout()];
    fuzzBytes("virtio-header", virtioSuperPackets, (input) => {
      header.gsoSize = -1;
      const isRead = readVirtioHeader(input, 0, header);
      must(isRead === input.length >= VIRTIO_HEADER_BYTES && isRead === header.gsoSize >= 0, "all of it or nothing");
      must(!readVirtioHeader(input, input.length - VIRTIO_HEADER_BYTES + 1, header), "nothing beyond the end");
      if (!isRead) return 0;
      const packet = input.subarray(VIRTIO_HEADER_BYTES);
      layout.read(packet);
      if (checkSuperPacket(header, layout) !== undefined) return digest(1, header.gsoType);
      must(isTransportPartial(header, layout), "a super-packet's checksum is its own, and partial");
      must(
        header.gsoSize > 0 && layout.payload < layout.end && layout.end <= packet.length,
        "there is something to cut",
      );
      return digest(layout.end, header.gsoSize);
    });
  });

  it("the partial checksum: completed within its packet, or the packet left alone", () => {
    const short = virtioSuperPackets.filter(({ length }) => length <= MOST_SUMMED_BYTES);
    expect(short.length).toBeGreaterThan(0);
    const [header, layout] = [plainVirtioHeader(), new TransportLayout()];
    fuzzBytes("partial-checksum", short, (input) => {
      if (!readVirtioHeader(input, 0, header)) return 0;
      const packet = input.subarray(VIRTIO_HEADER_BYTES);
      const isDone = completeChecksum(packet, header.checksumStart, header.checksumOffset);
      must(!isDone || header.checksumStart + header.checksumOffset + 2 <= packet.length, "the field is in the packet");
      layout.read(packet);
      const isOurs = completeTransportChecksum(packet, layout);
      must(isOurs === ["tcp", "udp"].includes(layout.kind), "TCP and UDP have one, nothing else has");
      // That nothing but the field changes is offload.test.ts's to see: looking at every byte takes most of the time.
      const field = digest(isDone ? 1 : 0, u16(packet, header.checksumStart + header.checksumOffset));
      return isOurs ? digest(field, u16(packet, layout.transport + layout.checksumOffset)) : field;
    });
  });

  it("the segmenter: packets within the limit, together no more than their super-packet, or a refusal", () => {
    const [header, layout, segmenter] = [plainVirtioHeader(), new TransportLayout(), new Segmenter()];
    const slot = new Uint8Array(4096);
    fuzzBytes("segmenter", virtioSuperPackets, (input) => {
      if (!readVirtioHeader(input, 0, header)) return 0;
      const packet = input.subarray(VIRTIO_HEADER_BYTES);
      // Every choice follows from the input: both times it is the same.
      const limit = 40 + (u8(input, 2) << 2);
      const mode: ChecksumMode = u8(input, 3) % 2 === 0 ? "full" : "partial";
      const refusal = segmenter.begin(packet, header, limit, mode);
      if (refusal) {
        must(segmenter.next(slot, 0) === 0, "what is refused is not cut");
        return digest(2, refusal.length);
      }
      let [sum, count, carried] = [0, 0, 0];
      for (let bytes = segmenter.next(slot, 8); bytes > 0; bytes = segmenter.next(slot, 8)) {
        const segment = slot.subarray(8, 8 + bytes);
        must(bytes <= limit, "a segment keeps to the limit");
        must(layout.read(segment) === "tcp" || layout.kind === "udp", "a segment is a packet");
        must(layout.end === bytes, "a segment is a whole packet");
        carried += bytes - layout.payload;
        sum = digestBytes(sum, segment);
        must(++count <= MOST_SEGMENTS, "it comes to an end");
      }
      layout.read(packet);
      must(carried === layout.end - layout.payload, "the segments carry all of the payload, and no more");
      return sum;
    });
  });

  it("the coalescer: packets and sound super-packets, no more of them and no more bytes than came", () => {
    const [header, layout] = [plainVirtioHeader(), new TransportLayout()];
    let [sum, written, carried] = [0, 0, 0];
    const coalescer = new Coalescer({ checksum: true, tcp: true, udp: true }, (buffer, bytes) => {
      must(readVirtioHeader(buffer, 0, header) && bytes <= buffer.length, "a write has a header");
      const packet = buffer.subarray(VIRTIO_HEADER_BYTES, bytes);
      layout.read(packet);
      if (header.gsoType !== 0) must(checkSuperPacket(header, layout) === undefined, "a super-packet is sound");
      written++;
      carried += packet.length;
      sum = digestBytes(digest(sum, header.gsoSize), packet);
    });
    fuzzBytes("coalescer", batches, (input) => {
      [sum, written, carried] = [0, 0, 0];
      let given = 0;
      let bytesGiven = 0;
      for (let at = 0; at + 2 < input.length; given++) {
        const packet = input.subarray(at + 2, at + 2 + u16(input, at));
        coalescer.add(packet, u8(packet, 1) % 2 === 0);
        bytesGiven += packet.length;
        at += 2 + packet.length;
      }
      coalescer.flush();
      must(written <= given && carried <= bytesGiven, "merging makes nothing more");
      must(given === 0 || written > 0, "nothing vanishes");
      return sum;
    });
  });
});

describe("the whole tunnel", () => {
  const key = "ben" as PublicKey;
  const offloads = { checksum: true, tcp: true, udp: true };
  const defer = (task: () => void) => task();

  function tunnelOf(lane: FakeLane): { tun: FakeTun; dropped: () => number } {
    const tunnel = new Tunnel({
      self: { ...ANN, ipv4Salt: 0 },
      clock: new FakeClock(),
      logger: silentLogger,
      mtu: 1280,
      random: secureRandom,
      defer,
    });
    const tun = new FakeTun(1280, "fake0", offloads);
    tunnel.attach(tun);
    tunnel.setPeer(key, { ...BEN, capabilities: [OFFLOAD_CAPABILITY] });
    tunnel.setLane(key, lane);
    return { tun, dropped: () => Object.values(tunnel.totals().dropped).reduce((sum, count) => sum + count, 0) };
  }

  const samples = [
    ...packets.map((packet) => Buffer.concat([Buffer.alloc(VIRTIO_HEADER_BYTES), packet])),
    ...virtioSuperPackets,
  ];

  it("takes anything from a member: what is written to the system is from that member, and for this machine", () => {
    const lane = new FakeLane({ takes: "super", maxPacketBytes: 65_535 });
    const { tun, dropped } = tunnelOf(lane);
    const header = plainVirtioHeader();
    const layout = new TransportLayout();
    fuzzBytes("tunnel-from-member", samples, (input) => {
      if (!readVirtioHeader(input, 0, header)) return 0;
      const before = dropped();
      const isPlain = header.flags === 0 && header.gsoType === 0;
      const received = input.subarray(VIRTIO_HEADER_BYTES);
      lane.deliver(received, isPlain ? undefined : header);
      const written = tun.take();
      must(isSpeedFrame(received) || written.length + dropped() - before > 0, "each packet is written or counted");
      let sum = 0;
      for (const packet of written) {
        must(isFrom(packet), "a packet is from the member and for this machine");
        must(layout.read(packet) !== "other" || packet.length <= input.length, "nothing grows");
        sum = digestBytes(sum, packet);
      }
      lane.take();
      return sum;
    });
  });
});

const BEN_4 = Buffer.from([100, 64, 0, 2]);
const ANN_4 = Buffer.from([100, 64, 0, 1]);
const BEN_6 = Buffer.from("fd676f76706e00000000000000000002", "hex");
const ANN_6 = Buffer.from("fd676f76706e00000000000000000001", "hex");

function isFrom(packet: Buffer): boolean {
  const [source, destination] = (packet[0] ?? 0) >> 4 === 4 ? [BEN_4, ANN_4] : [BEN_6, ANN_6];
  const at = source.length === 4 ? 12 : 8;
  return (
    source.equals(packet.subarray(at, at + source.length)) &&
    destination.equals(packet.subarray(at + source.length, at + 2 * source.length))
  );
}
