import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Coalescer } from "../../shared/packet/coalesce.ts";
import { checkSuperPacket } from "../../shared/packet/gso.ts";
import { TransportLayout } from "../../shared/packet/layout.ts";
import { completeChecksum, completeTransportChecksum } from "../../shared/packet/partial.ts";
import { type ChecksumMode, Segmenter } from "../../shared/packet/segment.ts";
import { plainVirtioHeader, readVirtioHeader, type VirtioHeader } from "../../shared/packet/virtio.ts";
import { u8 } from "../../shared/packet/words.ts";
import { superPackets } from "../fakes/arbitrary-packets.ts";
import { hasValidChecksums } from "../fakes/packets.ts";
import { packetBytes, referenceSegments, virtioFields } from "../fakes/reference-packets.ts";
import { PROPERTY_RUNS } from "./runs.ts";

const noise = fc.uint8Array({ maxLength: 150 });
const changes = fc.array(fc.tuple(fc.nat({ max: 120 }), fc.nat({ max: 255 })), { maxLength: 4 });

function changed(bytes: Uint8Array, by: readonly (readonly [number, number])[], cut: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (const [at, value] of by) copy[at % copy.length] = value;
  return copy.subarray(0, Math.max(0, copy.length - cut));
}

/** A few real super-packets and the packets they are cut into; drawn once, since making them is the slow part. */
const samples = fc.sample(superPackets(), { numRuns: 60, seed: 1 }).map(({ fields, size }) => {
  const kept = { ...fields, payload: fields.payload.subarray(0, 4 * size + 1) };
  const completeness = size % 2 ? "partial" : "full";
  return {
    packet: packetBytes(kept, "partial"),
    header: virtioFields(kept, size),
    isPartial: size % 2 === 1,
    segments: referenceSegments(kept, size).map((each) => packetBytes(each, completeness)),
  };
});
const sample = fc.constantFrom(...samples);
const cutOff = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat({ max: 100 }));

const anyHeader: fc.Arbitrary<VirtioHeader> = fc.record({
  flags: fc.constantFrom(0, 1, 2, 255),
  gsoType: fc.oneof(fc.constantFrom(1, 4, 5, 0x81, 0x84), fc.nat({ max: 255 })),
  headerBytes: fc.nat({ max: 0xffff }),
  gsoSize: fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 0xffff })),
  checksumStart: fc.oneof(fc.constantFrom(20, 40), fc.nat({ max: 0xffff })),
  checksumOffset: fc.oneof(fc.constantFrom(6, 16), fc.nat({ max: 0xffff })),
});

/** A super-packet with bytes of it or of its virtio header changed, or noise. */
const anySuperPacket = fc.oneof(
  fc.record({ packet: noise, header: anyHeader }),
  fc
    .tuple(
      sample,
      changes,
      cutOff,
      fc.option(anyHeader),
      fc.constantFrom("gsoSize", "gsoType", "checksumStart", "flags"),
    )
    .map(([each, by, cut, other, field]) => ({
      packet: changed(each.packet, by, cut),
      header: { ...each.header, ...(other && { [field]: other[field as "gsoSize"] }) },
    })),
);

/** The same packet amid other bytes: whatever reads beyond it gives itself away. */
function amid(packet: Uint8Array, filler: number): Uint8Array {
  const around = new Uint8Array(packet.length + 256).fill(filler);
  around.set(packet, 128);
  return around.subarray(128, 128 + packet.length);
}

/** The same packet, which throws when a byte is read that it does not have. */
function guarded(packet: Uint8Array): Uint8Array {
  return new Proxy(packet, {
    get(target, name) {
      if (typeof name === "string" && /^-?\d+$/.test(name) && !(name in target)) {
        throw new RangeError(`byte ${name} of ${target.length} was read`);
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function segmentsOf(packet: Uint8Array, header: VirtioHeader, max: number, mode: ChecksumMode): Buffer[] | string {
  const segmenter = new Segmenter();
  const refusal = segmenter.begin(packet, header, max, mode);
  if (refusal) return refusal;
  const slot = Buffer.alloc(max + 32, 0xaa);
  const segments: Buffer[] = [];
  for (let bytes = segmenter.next(slot, 16); bytes > 0; bytes = segmenter.next(slot, 16)) {
    segments.push(Buffer.from(slot.subarray(16, 16 + bytes)));
    expect(bytes).toBeLessThanOrEqual(max);
    if (segments.length > 100) break;
  }
  return segments;
}

/** What the kernel would be given for a batch. */
function coalesced(batch: readonly Uint8Array[], isPartial: boolean): Buffer[] {
  const written: Buffer[] = [];
  const write = (buffer: Uint8Array, bytes: number) => void written.push(Buffer.from(buffer.subarray(0, bytes)));
  const coalescer = new Coalescer({ checksum: true, tcp: true, udp: true }, write);
  for (const packet of batch) coalescer.add(packet, isPartial);
  coalescer.flush();
  return written;
}

const hex = (packets: readonly Uint8Array[]) => packets.map((packet) => Buffer.from(packet).toString("hex")).join(" ");

describe("the guard of these tests", () => {
  it("throws at a read beyond the packet, and nowhere else", () => {
    const packet = guarded(Uint8Array.of(1, 2, 3));
    expect(u8(packet, 2)).toBe(3);
    expect(() => u8(packet, 3)).toThrow("byte 3 of 3 was read");
    expect([...packet.subarray(1)]).toEqual([2, 3]);
  });
});

describe("any super-packet at all", () => {
  const max = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 200, max: 1600 }));

  it("is cut into packets with right checksums, or refused, without a throw", () => {
    const layout = new TransportLayout();
    fc.assert(
      fc.property(anySuperPacket, max, ({ packet, header }, limit) => {
        const segments = segmentsOf(packet, header, limit, "full");
        if (typeof segments === "string") return;
        expect(segments.length).toBeGreaterThan(0);
        for (const segment of segments) {
          expect(["tcp", "udp"]).toContain(layout.read(segment));
          expect(layout.end).toBe(segment.length);
          if (layout.hasPlainIpHeader) expect(hasValidChecksums(segment)).toBe(true);
        }
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  it("is all that is read, whatever lies around it", () => {
    const mode = fc.constantFrom<ChecksumMode>("partial", "full");
    fc.assert(
      fc.property(anySuperPacket, max, mode, ({ packet, header }, limit, checksums) => {
        const result = segmentsOf(amid(packet, 0x00), header, limit, checksums);
        expect(segmentsOf(amid(packet, 0xff), header, limit, checksums)).toEqual(result);
        expect(segmentsOf(guarded(packet), header, limit, "partial").length).toBe(result.length);
      }),
      { numRuns: PROPERTY_RUNS / 4 },
    );
  });

  it("has its checksum completed from its own bytes, or is left alone", () => {
    const layout = new TransportLayout();
    const complete = (packet: Uint8Array, { checksumStart, checksumOffset }: VirtioHeader) => {
      const isDone = completeChecksum(packet, checksumStart, checksumOffset);
      layout.read(packet);
      return { isDone, isTransportDone: completeTransportChecksum(packet, layout) };
    };
    fc.assert(
      fc.property(anySuperPacket, ({ packet, header }) => {
        const [zeros, ones] = [amid(packet, 0x00), amid(packet, 0xff)];
        const done = complete(zeros, header);
        expect(complete(ones, header)).toEqual(done);
        expect(hex([ones])).toBe(hex([zeros]));
        if (!done.isDone && !done.isTransportDone) expect(hex([ones])).toBe(hex([packet]));
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

describe("any batch of packets at all", () => {
  const batch = fc.oneof(
    fc.record({ packets: fc.array(noise, { maxLength: 6 }), isPartial: fc.boolean() }),
    fc
      .tuple(sample, fc.array(fc.tuple(fc.nat({ max: 5 }), changes, cutOff), { maxLength: 3 }), fc.boolean())
      .map(([{ segments, isPartial }, spoiled, isOtherwise]) => {
        const packets: Uint8Array[] = [...segments];
        for (const [i, by, cut] of spoiled) {
          const at = i % packets.length;
          packets[at] = changed(packets[at] ?? new Uint8Array(), by, cut);
        }
        return { packets, isPartial: isPartial !== isOtherwise };
      }),
  );

  it("is written without a throw, as nothing but packets and sound super-packets", () => {
    const [header, layout] = [plainVirtioHeader(), new TransportLayout()];
    fc.assert(
      fc.property(batch, ({ packets, isPartial }) => {
        const written = coalesced(packets, isPartial);
        expect(written.length).toBeLessThanOrEqual(packets.length);
        for (const each of written) {
          expect(readVirtioHeader(each, 0, header)).toBe(true);
          layout.read(each.subarray(10));
          if (header.gsoType !== 0) expect(checkSuperPacket(header, layout)).toBeUndefined();
        }
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  it("is all that is read, whatever lies around it", () => {
    fc.assert(
      fc.property(batch, ({ packets, isPartial }) => {
        const zeros = coalesced(
          packets.map((packet) => amid(packet, 0)),
          isPartial,
        );
        const ones = coalesced(
          packets.map((packet) => amid(packet, 0xff)),
          isPartial,
        );
        expect(hex(ones)).toBe(hex(zeros));
        expect(hex(coalesced(packets.map(guarded), isPartial))).toBe(hex(zeros));
      }),
      { numRuns: PROPERTY_RUNS / 4 },
    );
  });
});
