import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checksum, foldSum, sumViewWords, sumWords, updateChecksum } from "../../../shared/packet/checksum.ts";
import { naiveChecksum } from "../../fakes/packets.ts";

const bytes = fc.uint8Array({ maxLength: 200 });
const word = fc.nat({ max: 0xffff });

describe("the internet checksum", () => {
  it("is RFC 1071's for its own example", () => {
    const example = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
    expect(foldSum(sumWords(example, 0, 8))).toBe(0xddf2);
    expect(checksum(example, 0, 8)).toBe(0x220d);
  });

  it("is what the plain reading gives, for any bytes of any length", () => {
    fc.assert(fc.property(bytes, (data) => void expect(checksum(data, 0, data.length)).toBe(naiveChecksum(data))));
  });

  it("holds for the longest packet of the largest words", () => {
    const data = new Uint8Array(65_535).fill(0xff);
    expect(checksum(data, 0, data.length)).toBe(naiveChecksum(data));
  });

  it("can be summed in parts, and reads nothing beyond the bytes", () => {
    fc.assert(
      fc.property(bytes, fc.nat({ max: 100 }), (data, half) => {
        const cut = Math.min(half * 2, data.length - (data.length % 2));
        expect(foldSum(sumWords(data, cut, data.length, sumWords(data, 0, cut)))).toBe(
          foldSum(sumWords(data, 0, data.length + 10)),
        );
      }),
    );
  });

  it("is the same through a view, at any alignment, and can be continued from another sum", () => {
    const cut = fc.record({ data: bytes, start: fc.nat({ max: 20 }), rest: fc.nat({ max: 20 }), sum: fc.nat() });
    fc.assert(
      fc.property(cut, ({ data, start, rest, sum }) => {
        const end = Math.max(0, data.length - rest);
        const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
        const through = (each: number) => foldSum(sumViewWords(view, Math.min(start, end), end, each));
        expect(through(0)).toBe(foldSum(sumWords(data, Math.min(start, end), end)));
        expect(through(sum)).toBe(foldSum(sumWords(data, Math.min(start, end), end, sum)));
      }),
    );
    const longest = new Uint8Array(65_575).fill(0xff);
    expect(foldSum(sumViewWords(new DataView(longest.buffer), 0, longest.length))).toBe(0xff00);
  });

  it("after a word changed is the same by RFC 1624 as computed anew", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2, maxLength: 100 }), fc.nat(), word, (data, place, value) => {
        const at = (place % (data.length - 1)) & ~1;
        // A header always has a word that is not zero; over nothing but zeros the two zeros of one's complement differ.
        fc.pre(data.some((byte, i) => byte !== 0 && i !== at && i !== at + 1));
        const before = checksum(data, 0, data.length);
        const old = (data[at]! << 8) | data[at + 1]!;
        data[at] = value >> 8;
        data[at + 1] = value;
        expect(updateChecksum(before, old, value)).toBe(checksum(data, 0, data.length));
      }),
    );
  });

  it("is RFC 1624's for the example that the older equation got wrong", () => {
    expect(updateChecksum(0xdd2f, 0x5555, 0x3285)).toBe(0x0000);
  });
});
