import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldName } from "../../../shared/trust/name-folding.ts";

describe("two names", () => {
  it.each([
    ["Alice", "alice", "letters of another case"],
    ["Straße", "STRASSE", "one letter that is two in capitals"],
    ["ΣΟΦΟΣ", "σοφος", "a letter with another form at a word's end"],
    ["Alice", "  Alice ", "spaces around it"],
    ["Alice B", "Alice\u2003B", "a space of another width"],
    ["Alice B", "Alice\u00a0 B", "more spaces than one"],
    ["Alice", "Al\u200dice", "a joiner that draws nothing"],
    ["Alice", "Alice\ufe0f", "a variation selector"],
    ["Alice", "Ａｌｉｃｅ", "full-width letters"],
    ["fine", "ﬁne", "a ligature"],
    ["José", "Jose\u0301", "an accent written apart"],
    ["Alice", "Аliсе", "Cyrillic letters among the Latin ones"],
    ["Bob", "Βοb", "Greek letters among the Latin ones"],
    ["Bob", "Bօb", "an Armenian letter among the Latin ones"],
    ["Anna", "ᴀnnɑ", "letters of phonetic alphabets"],
    ["Alice", "AIice", "a capital I for an l"],
    ["Alice", "A1ice", "a digit for a letter"],
    ["Olof", "0lof", "a zero for an O"],
  ])("%j and %j pass for each other: %s", (one, other) => {
    expect(foldName(one)).toBe(foldName(other));
  });

  it.each([
    ["Alice", "Alicia"],
    ["Jose", "José"],
    ["Bob", "Rob"],
    ["Иван", "Ивана"],
    ["小林", "小森"],
    ["👩‍🔬", "👨‍🔬"],
  ])("%j and %j do not", (one, other) => {
    expect(foldName(one)).not.toBe(foldName(other));
  });

  it("pass for each other however ASCII letters are cased and spaced", () => {
    const letters = fc.string({ unit: fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz0123456789-_."), minLength: 1 });
    fc.assert(
      fc.property(letters, fc.infiniteStream(fc.boolean()), (name, coin) => {
        const varied = Array.from(name, (letter) => {
          const cased = coin.next().value ? letter.toUpperCase() : letter;
          return coin.next().value ? `${cased}\u2009` : cased;
        });
        expect(foldName(varied.join(""))).toBe(foldName(name));
      }),
    );
  });

  it("of nothing visible fold to nothing", () => {
    expect(foldName(" \u200b\u2800\u3164\ufe0f\u202e")).toBe("");
  });
});
