import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PublicKey } from "../../../shared/base/brand.ts";
import { base64 } from "../../../shared/base/bytes.ts";
import { SAFETY_WORDS, safetyWords } from "../../../shared/identity/safety-words.ts";

const anyKey = fc.uint8Array({ minLength: 32, maxLength: 32 });
const keyOf = (bytes: Uint8Array) => base64.encode(bytes) as PublicKey;

describe("a key's safety words", () => {
  // The keys of RFC 8032, section 7.1, tests 1 and 2, and 32 zero bytes. SHA-512 begins as the first column says.
  it.each([
    [
      "ed7c955c4d48b27d4e73ab",
      "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
      "uniform tool finish once menu dirt degree install",
    ],
    [
      "189b089cb46020e375091c",
      "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=",
      "blush success cheese hand acoustic immune stage castle",
    ],
    [
      "b901048958d41c33c94a99",
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
      "ribbon amused car random dove boring cement farm",
    ],
  ])("are these for %s, today and in every version to come", (digest, key, words) => {
    const hash = createHash("sha512")
      .update("GoVPN safety words v1\0")
      .update(Buffer.from(key, "base64"))
      .digest("hex");
    expect(hash.slice(0, digest.length)).toBe(digest);
    expect(safetyWords(key as PublicKey)).toBe(words);
  });

  it("are eight words for every key, and the same each time", () => {
    fc.assert(
      fc.property(anyKey, (bytes) => {
        const words = safetyWords(keyOf(bytes));
        expect(words).toMatch(/^[a-z]{3,8}( [a-z]{3,8}){7}$/);
        expect(words.split(" ")).toHaveLength(SAFETY_WORDS);
        expect(safetyWords(keyOf(bytes))).toBe(words);
      }),
    );
  });

  it("are others when a single bit of the key is", () => {
    fc.assert(
      fc.property(anyKey, fc.integer({ min: 0, max: 255 }), (bytes, bit) => {
        const other = bytes.map((byte, i) => (i === bit >>> 3 ? byte ^ (1 << (bit & 7)) : byte));
        expect(safetyWords(keyOf(other))).not.toBe(safetyWords(keyOf(bytes)));
      }),
    );
  });
});
