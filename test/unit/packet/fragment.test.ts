import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fragmentIpv4 } from "../../../shared/packet/fragment.ts";
import { parseIpv4 } from "../../../shared/packet/ipv4.ts";
import { ipv4Packet, naiveChecksum } from "../../fakes/packets.ts";

const addresses = { source: "100.64.0.1", destination: "100.64.0.2" };
const noise = (bytes: number) => Buffer.from(Array.from({ length: bytes }, (_, i) => (i * 31 + (i >> 8)) & 0xff));
const split = (packet: Uint8Array, maxBytes: number) => fragmentIpv4(packet, parseIpv4(packet)!, maxBytes);

/** As a receiver does: by offset, complete when a fragment without "more" says where the end is. */
function reassemble(fragments: readonly Uint8Array[]): { payload: Buffer; isLast: boolean; offset: number } {
  const parts = fragments.map((bytes) => ({ header: parseIpv4(bytes)!, bytes }));
  parts.sort((a, b) => a.header.fragmentOffset - b.header.fragmentOffset);
  const offset = parts[0]!.header.fragmentOffset;
  let next = offset;
  for (const { header } of parts) {
    expect(header.fragmentOffset).toBe(next);
    next += header.totalBytes - header.headerBytes;
  }
  const payload = Buffer.concat(parts.map(({ header, bytes }) => bytes.subarray(header.headerBytes)));
  for (const { header } of parts.slice(0, -1)) expect(header.moreFragments).toBe(true);
  return { payload, isLast: !parts.at(-1)!.header.moreFragments, offset };
}

describe("the fragments of an IPv4 packet", () => {
  it("make the original again, each within the size and with a right header", () => {
    const copied = [0x82, 4, 7, 7];
    const notCopied = [7, 4, 9, 9];
    const anyOptions = fc.array(fc.constantFrom(copied, notCopied, [1, 1, 1, 1]), { maxLength: 4 });
    const size = fc.integer({ min: 1, max: 4000 });
    const start = fc.record({ offset: fc.nat({ max: 4000 }).map((n) => n * 8), moreFragments: fc.boolean() });
    fc.assert(
      fc.property(size, anyOptions, fc.integer({ min: 68, max: 1500 }), start, (bytes, list, max, first) => {
        const length = first.moreFragments ? Math.ceil(bytes / 8) * 8 : bytes;
        const payload = noise(length);
        const options = Buffer.from(list.flat());
        const { offset: fragmentOffset, moreFragments } = first;
        const packet = ipv4Packet({ ...addresses, payload, options, fragmentOffset, moreFragments });
        const before = Buffer.from(packet);
        const fragments = split(packet, max)!;
        expect(packet).toEqual(before);
        for (const bytes of fragments) {
          const header = parseIpv4(bytes)!;
          expect(bytes.length).toBeLessThanOrEqual(max);
          expect(header.totalBytes).toBe(bytes.length);
          expect(naiveChecksum(bytes.subarray(0, header.headerBytes))).toBe(0);
          expect(Buffer.from(bytes).readUInt16BE(4)).toBe(0x1234);
          expect(Buffer.from(bytes.subarray(12, 20))).toEqual(before.subarray(12, 20));
        }
        expect(reassemble(fragments)).toEqual({ payload, isLast: !moreFragments, offset: fragmentOffset });
      }),
    );
  });

  it("carry all options in the first and only the copied ones in the others", () => {
    const options = Buffer.from([7, 4, 9, 9, 0x82, 3, 5, 0]);
    const [first, second] = split(ipv4Packet({ ...addresses, payload: noise(200), options }), 128)!;
    expect(Buffer.from(first!.subarray(20, 28))).toEqual(options);
    expect([...second!.subarray(20, 24)]).toEqual([0x82, 3, 5, 0]);
    expect(parseIpv4(second!)!.headerBytes).toBe(24);
  });

  it("stop copying at a malformed option", () => {
    for (const malformed of [
      [0x82, 0, 1, 1],
      [0x82, 1, 1, 1],
      [0x82, 40, 1, 1],
    ]) {
      const packet = ipv4Packet({ ...addresses, payload: noise(200), options: Buffer.from(malformed) });
      expect(parseIpv4(split(packet, 128)![1]!)!.headerBytes).toBe(20);
    }
  });

  it("cannot be made when there is no room for the header and 8 bytes", () => {
    const packet = ipv4Packet({ ...addresses, payload: noise(100) });
    expect(split(packet, 27)).toBeUndefined();
    expect(split(packet, 28)).toHaveLength(13);
  });
});
