import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { snakeCase } from "../../../electron/cli/output.ts";
import { displayWidth, printable, table } from "../../../electron/cli/text.ts";
import { bytes, duration, inWords } from "../../../electron/cli/words.ts";

describe("the width of a text on a terminal", () => {
  it.each([
    ["", 0],
    ["Ann", 3],
    ["Änne", 4],
    ["A\u0308nne", 4],
    ["日本太郎", 8],
    ["한국어", 6],
    ["ｶﾀｶﾅ", 4],
    ["Ｗｉｄｅ", 8],
    ["👩‍👩‍👧", 2],
    ["🇨🇭", 2],
    ["a\u200bb", 2],
    ["100.64.1.2", 10],
  ])("of %j is %i columns", (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});

describe("a table", () => {
  it("keeps its columns straight whatever the script", () => {
    const lines = table([
      ["Ann", "100.64.0.1", "x"],
      ["日本太郎", "100.64.0.22", "x"],
      ["👩‍👩‍👧", "1", "x"],
    ]);
    expect(new Set(lines.map((line) => displayWidth(line)))).toEqual(new Set([8 + 2 + 11 + 2 + 1]));
    expect(lines[0]).toBe("Ann       100.64.0.1   x");
  });

  it("does not pad the last cell of a row, so that no line ends in spaces", () => {
    expect(table([["a"], ["b", "c"], ["long cell", "d"]])).toEqual(["a", "b          c", "long cell  d"]);
    expect(table([])).toEqual([]);
  });
});

describe("text from elsewhere", () => {
  it("cannot move the cursor, set a colour, start a line or turn the direction", () => {
    expect(printable("a\u001b[2Jb\rc\nd\u0007e\u009bf\u202eg")).toBe("a�[2Jb�c�d�e�f�g");
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
        expect(printable(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });

  it("stays as it is when there is nothing to it", () => {
    expect(printable("Grüße, 日本 👩‍👩‍👧!")).toBe("Grüße, 日本 👩‍👩‍👧!");
  });
});

describe("names in JSON", () => {
  it("are in snake case at every depth, and values stay", () => {
    const event = { roomId: "aB", peers: [{ rttMs: 1, ipv4: "x" }], none: null, at: { publicKey: "kK" } };
    expect(snakeCase(event)).toEqual({
      room_id: "aB",
      peers: [{ rtt_ms: 1, ipv4: "x" }],
      none: null,
      at: { public_key: "kK" },
    });
  });
});

describe("words", () => {
  it.each([
    [0.314, "0.31 ms"],
    [9.996, "10.00 ms"],
    [12.4, "12 ms"],
  ])("for a duration of %f", (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1536, "1.5 KiB"],
    [5 * 1024 ** 5, "5120.0 TiB"],
  ])("for %i bytes", (count, text) => {
    expect(bytes(count)).toBe(text);
  });

  it("of a failure say what to do, in whole sentences", () => {
    expect(inWords({ code: "profile_in_use", message: "This profile is in use by process 5." })).toBe(
      "This profile is in use by process 5. Look at it with govpn status, stop it with govpn down, or take another --profile DIR.",
    );
  });

  it("of a failure without words of its own are its message, whatever its code", () => {
    expect(inWords({ code: "odd", message: "something else" })).toBe("Something else");
    expect(inWords({ code: "constructor", message: "x" })).toBe("X");
    expect(inWords({ code: "odd", message: "" })).toBe("odd");
  });
});
