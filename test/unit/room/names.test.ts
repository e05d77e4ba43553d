import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PublicKey } from "../../../shared/base/brand.ts";
import { base64 } from "../../../shared/base/bytes.ts";
import { cleanRoomName } from "../../../shared/room/names.ts";
import { cleanUsername } from "../../../shared/room/username.ts";

const key = base64.encode(Uint8Array.of(0xab, 0x12, 0xcd, ...new Array(29).fill(0))) as PublicKey;
const name = (raw: string | undefined) => cleanUsername(raw, key);

describe("a username", () => {
  it.each([
    ["Ann", "Ann"],
    ["  Ann \t\n Lee  ", "Ann Lee"],
    ["Ann\u0000\u001b[31m", "Ann[31m"],
    ["\u202eeveR\u202c", "eveR"],
    ["A\u200bn\u2060n\ufeff", "Ann"],
    ["Zo\u0065\u0308", "Zoë"],
    ["\ud800Ann", "Ann"],
    ["محمد‌علی", "محمد‌علی"],
    ["👩‍💻 Ann ❤️", "👩‍💻 Ann ❤️"],
    ["a".repeat(40), "a".repeat(32)],
    [`${"a".repeat(31)}👍`, "a".repeat(31)],
    [`e${"\u0301".repeat(30)}`, "é\u0301\u0301\u0301\u0301"],
  ])("%j is shown as %j", (raw, shown) => {
    expect(name(raw)).toBe(shown);
  });

  it.each([undefined, "", "   ", "\u200b\u202e", "\u3164\u115f", "\u2800", "\u200d", "\ufe0f"])(
    "of nothing that can be seen (%j) becomes the key's",
    (raw) => {
      expect(name(raw)).toBe("Member ab12cd");
    },
  );

  it("is always one visible line of at most 32 units, and clean when cleaned again", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary", maxLength: 80 }), fc.string({ unit: "grapheme" })), (raw) => {
        const shown = name(raw);
        expect(shown.length).toBeGreaterThan(0);
        expect(shown.length).toBeLessThanOrEqual(32);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        expect(shown).toBe(shown.trim());
        expect(name(shown)).toBe(shown);
      }),
    );
  });

  it("costs nothing to clean when it is enormous", () => {
    expect(name("x\u0301".repeat(5_000_000))).toHaveLength(32);
  });
});

describe("a room's name", () => {
  it("has room for 64 units, and none is no name", () => {
    expect(cleanRoomName("r".repeat(100))).toBe("r".repeat(64));
    expect(cleanRoomName(" \u200b ")).toBeUndefined();
  });
});
