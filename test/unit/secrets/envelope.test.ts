import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { secureRandom } from "../../../electron/adapters/random.ts";
import {
  checkNewPassphrase,
  DEFAULT_SCRYPT_LOG2_N,
  type Envelope,
  newSealingKey,
  openEnvelope,
  parseEnvelope,
  seal,
} from "../../../electron/adapters/secrets/envelope.ts";

const passphrase = "correct horse";
const sealing = await newSealingKey(passphrase, secureRandom, 10);
const sealed = seal("the secret", "secrets", sealing, secureRandom);

/** As the first version sealed it. */
const first = {
  v: 1,
  purpose: "secrets",
  kdf: { name: "scrypt", log2_n: 10, r: 8, p: 1, salt: "AwMDAwMDAwMDAwMDAwMDAw==" },
  cipher: { name: "chacha20-poly1305", nonce: "BQUFBQUFBQUFBQUF" },
  ciphertext: "cteGe3uTru3egVpPc2Vo3PYl6ygalGAkGbo=",
} as const;

async function openedText(envelope: Envelope, words = passphrase): Promise<string> {
  const opened = await openEnvelope(envelope, "secrets", { passphrase: words });
  return opened.ok ? opened.value.text : opened.error.code;
}

describe("a sealed envelope", () => {
  it("gives back any text under its own passphrase", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), async (text) => {
        const envelope = seal(text, "secrets", sealing, secureRandom);
        const parsed = parseEnvelope(JSON.stringify(envelope));
        expect(parsed.ok && (await openedText(parsed.value))).toBe(text);
      }),
      { numRuns: 30 },
    );
  });

  it("is sealed with a cipher that Electron's Node has too", () => {
    expect(sealed.cipher.name).toBe("aes-256-gcm");
  });

  it("of the first version still opens, where the runtime has its cipher, and says so where not", async () => {
    expect(await openedText(first)).toBe("the secret");
    expect(await openedText(first, "Correct horse")).toBe("wrong_passphrase");
    // As BoringSSL lists them, shortened.
    const inElectron = await openEnvelope(first, "secrets", { passphrase }, ["aes-128-gcm", "aes-256-gcm"]);
    expect(inElectron).toMatchObject({ ok: false, error: { code: "cipher_unsupported" } });
  });

  it("cannot be passed off as sealed with another cipher", async () => {
    const other: Envelope = { ...sealed, cipher: { ...sealed.cipher, name: "chacha20-poly1305" } };
    expect(await openedText(other)).toBe("wrong_passphrase");
  });

  it("tells a wrong passphrase", async () => {
    expect(await openedText(sealed, "Correct horse")).toBe("wrong_passphrase");
    expect(await openedText(sealed, "")).toBe("wrong_passphrase");
  });

  it("takes a passphrase the same however the keyboard composes its accents", async () => {
    const key = await newSealingKey("caf\u00e9 creme", secureRandom, 10);
    const envelope = seal("x", "secrets", key, secureRandom);
    expect(await openedText(envelope, "cafe\u0301 creme")).toBe("x");
  });

  it("does not open when a single bit of its ciphertext is changed", async () => {
    const bytes = Buffer.from(sealed.ciphertext, "base64");
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed[i] = (changed[i] ?? 0) ^ 1;
      expect(await openedText({ ...sealed, ciphertext: changed.toString("base64") })).toBe("wrong_passphrase");
    }
    expect(await openedText({ ...sealed, ciphertext: bytes.subarray(0, 8).toString("base64") })).toBe(
      "wrong_passphrase",
    );
  });

  it("cannot be passed off as sealed for another purpose", async () => {
    const asExport: Envelope = { ...sealed, purpose: "identity-export" };
    expect(await openEnvelope(asExport, "identity-export", { passphrase })).toMatchObject({
      ok: false,
      error: { code: "wrong_passphrase" },
    });
    expect(await openEnvelope(sealed, "identity-export", { passphrase })).toMatchObject({
      ok: false,
      error: { code: "envelope_damaged" },
    });
  });

  it("is sealed at a cost of 128 MiB unless told otherwise", async () => {
    const { kdf } = await newSealingKey(passphrase, secureRandom);
    expect(DEFAULT_SCRYPT_LOG2_N).toBe(17);
    expect(kdf).toMatchObject({ name: "scrypt", log2_n: 17, r: 8, p: 1 });
  });

  it.each([
    ["asks for 2^23 rounds", { log2_n: 23 }, "envelope_damaged"],
    ["asks for no rounds", { log2_n: 0 }, "envelope_damaged"],
    ["asks for a fraction", { log2_n: 10.5 }, "envelope_damaged"],
    ["asks for 4 GiB", { log2_n: 20, r: 32 }, "envelope_too_costly"],
    ["asks for a thousand passes", { p: 1000 }, "envelope_damaged"],
    ["names another function", { name: "pbkdf2" }, "envelope_damaged"],
    ["has a salt of another length", { salt: "AAAA" }, "envelope_damaged"],
    ["carries what we do not know", { pepper: 1 }, "envelope_damaged"],
  ])("is refused before any work is done when it %s", (_how, kdf, code) => {
    const text = JSON.stringify({ ...sealed, kdf: { ...sealed.kdf, ...kdf } });
    expect(parseEnvelope(text)).toMatchObject({ ok: false, error: { code } });
  });

  it("never throws on what is not one", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(parseEnvelope(text)).toMatchObject({ ok: false, error: { code: "envelope_damaged" } });
      }),
    );
  });
});

describe("a new passphrase", () => {
  it("has at least eight characters, as people count them", () => {
    expect(checkNewPassphrase("seven77")).toMatchObject({ ok: false, error: { code: "passphrase_too_short" } });
    expect(checkNewPassphrase("👍👍👍👍")).toMatchObject({ ok: false });
    expect(checkNewPassphrase("eight888").ok).toBe(true);
  });
});
