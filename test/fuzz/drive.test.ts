import { describe, expect, it } from "vitest";
import { digest, fuzzBytes, fuzzTexts, must } from "./mutation/drive.ts";
import { packets } from "./mutation/samples.ts";
import { SEED } from "./runs.ts";

// The loop that feeds the parsers would be worth nothing if it did not notice these.
describe("the loop that feeds parsers", () => {
  const whole = (input: Uint8Array) => new Uint8Array(input.buffer);

  it("notices a read beyond the input", () => {
    const readsOn = (input: Uint8Array) => whole(input)[input.byteOffset + input.length] ?? 0;
    expect(() => fuzzBytes("reads on", packets, readsOn)).toThrow(`input 0 of seed ${SEED}`);
  });

  it("notices a write beyond the input, before it or behind", () => {
    for (const [side, at] of [
      ["before", (input: Uint8Array) => input.byteOffset - 1],
      ["behind", (input: Uint8Array) => input.byteOffset + input.length],
    ] as const) {
      const writes = (input: Uint8Array) => {
        whole(input)[at(input)] = 7;
        return 0;
      };
      expect(() => fuzzBytes(side, packets, writes)).toThrow(`input 0 of seed ${SEED}`);
    }
  });

  it("notices a throw and a broken promise, and says with which input", () => {
    const trips = (input: Uint8Array) => {
      if (input[9] === 6 && input.length < 30) throw new RangeError("too short");
      return digest(0, input.length);
    };
    expect(() => fuzzBytes("trips", packets, trips)).toThrow(/input \d+ of seed \d+: [0-9a-f]+/);
    const isShort = (text: string) => must(text.length < 40, "texts are short");
    expect(() => fuzzTexts("is short", ["x".repeat(39)], isShort)).toThrow(/input \d+ of seed \d+: "/);
  });
});
