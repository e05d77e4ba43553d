import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openDocument, sealDocument, VAULT_KEY_BYTES } from "../../../electron/adapters/vault/sealed-document.ts";

const key = new Uint8Array(VAULT_KEY_BYTES).fill(7);
const counting = () => {
  let calls = 0;
  return (length: number) => new Uint8Array(length).fill(++calls);
};

/** What version 1 made of this key, nonce and text; NIST's own vectors are OpenSSL's business. */
const golden = `{
  "v": 1,
  "name": "rooms",
  "cipher": {
    "name": "aes-256-gcm",
    "nonce": "AQEBAQEBAQEBAQEB"
  },
  "ciphertext": "DcP/laqOkSxBvqvJLiUiTFg4fnCeMe4="
}
`;

describe("a sealed document", () => {
  it("is this for this key, nonce and text, and opens in every version to come", () => {
    expect(sealDocument("rooms", '{"v":1}', key, counting())).toBe(golden);
    expect(openDocument("rooms", golden, key)).toBe('{"v":1}');
  });

  it("opens to what was sealed, under its name and key alone", () => {
    const other = key.slice();
    other[31] = 8;
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const sealed = sealDocument("rooms", text, key, counting());
        expect(openDocument("rooms", sealed, key)).toBe(text);
        expect(openDocument("trust", sealed, key)).toBeUndefined();
        expect(openDocument("rooms", sealed, other)).toBeUndefined();
      }),
    );
  });

  it("shows nothing of the text, and is another at each write", () => {
    const random = counting();
    const [one, two] = [sealDocument("rooms", "4821", key, random), sealDocument("rooms", "4821", key, random)];
    expect(one).not.toBe(two);
    expect(one + two).not.toContain("4821");
  });

  it("does not open under another name that was written into it", () => {
    const sealed = sealDocument("rooms", "text", key, counting());
    expect(openDocument("trust", sealed.replace('"rooms"', '"trust"'), key)).toBeUndefined();
  });

  it("does not open when it was cut anywhere", () => {
    const sealed = sealDocument("rooms", "a text of some length", key, counting()).trimEnd();
    for (let length = 0; length < sealed.length; length++) {
      expect(openDocument("rooms", sealed.slice(0, length), key)).toBeUndefined();
    }
  });

  it("does not open to another text when any character of it was changed", () => {
    const text = "a text of some length";
    const sealed = sealDocument("rooms", text, key, counting());
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, character) => {
        const opened = openDocument("rooms", sealed.slice(0, at) + character + sealed.slice(at + 1), key);
        expect([undefined, text]).toContain(opened);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each<[string, object]>([
    ["a shorter tag", { ciphertext: "AAAA" }],
    ["a nonce of another length", { cipher: { name: "aes-256-gcm", nonce: "AAAA" } }],
    ["another cipher", { cipher: { name: "aes-256-cbc", nonce: "AQEBAQEBAQEBAQEB" } }],
    ["another version", { v: 2 }],
    ["more in it", { more: 1 }],
  ])("does not open with %s", (_, change) => {
    expect(openDocument("rooms", JSON.stringify({ ...JSON.parse(golden), ...change }), key)).toBeUndefined();
  });
});
