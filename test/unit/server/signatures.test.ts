import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadSodiumVerify } from "../../../electron/adapters/crypto/sodium-ed25519.ts";
import { readRequest } from "../../../electron/server/request.ts";
import {
  ConnectionSignatures,
  type PrepareKey,
  preparedFor,
  prepareForPool,
  type SignatureVerdict,
} from "../../../electron/server/signatures.ts";
import type { PublicKey } from "../../../shared/base/brand.ts";
import { base64, hex } from "../../../shared/base/bytes.ts";
import { keyPairFrom, signerOf, verifySignature } from "../../../shared/identity/keys.ts";

/** RFC 8032, section 7.1: tests 1, 2, 3 and SHA(abc). */
const vectors = [
  {
    key: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    message: "",
    signature:
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  },
  {
    key: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    message: "72",
    signature:
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  },
  {
    key: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    message: "af82",
    signature:
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  },
  {
    key: "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
    message:
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    signature:
      "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
  },
].map(({ key, message, signature }) => ({
  key: base64.encode(hex.decode(key)) as PublicKey,
  message: hex.decode(message),
  signature: hex.decode(signature),
}));

/** The order of the group, L of RFC 8032: S and S + L verify alike where S is not checked to be below it. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

const sodium = await loadSodiumVerify();
const implementations: [string, PrepareKey][] = [["OpenSSL on the thread pool", prepareForPool]];
if (sodium) implementations.push(["libsodium", preparedFor(sodium)]);

describe.each(implementations)("Ed25519 by %s", (_, prepare) => {
  const verify = (key: PublicKey, message: Uint8Array, signature: Uint8Array): Promise<boolean> =>
    new Promise((resolve) => {
      const check = prepare(key);
      if (check) check(message, signature, resolve);
      else resolve(false);
    });

  it("accepts the vectors of RFC 8032", async () => {
    for (const { key, message, signature } of vectors) expect(await verify(key, message, signature)).toBe(true);
  });

  it("refuses them with any bit of the signature turned", async () => {
    for (const { key, message, signature } of vectors) {
      for (let bit = 0; bit < 512; bit += 7) {
        const turned = Uint8Array.from(signature);
        turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(await verify(key, message, turned)).toBe(false);
      }
    }
  });

  it("refuses the second form of a signature, with S not reduced (RFC 8032, section 5.1.7)", async () => {
    for (const { key, message, signature } of vectors) {
      const s = signature.slice(32).reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n) + L;
      const second = Uint8Array.from(signature);
      for (let i = 0; i < 32; i++) second[32 + i] = Number((s >> BigInt(8 * i)) & 0xffn);
      expect(await verify(key, message, second)).toBe(false);
    }
  });

  it("agrees with the client's own implementation on honest and on altered signatures", async () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    await fc.assert(
      fc.asyncProperty(bytes(32), fc.uint8Array({ maxLength: 64 }), fc.nat(600), async (seed, message, bit) => {
        const pair = keyPairFrom(seed);
        const signature = await signerOf(pair).sign(message);
        if (bit < 512) signature[bit >> 3] = (signature[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const verdict = await verify(pair.publicKey, message, signature);
        expect(verdict).toBe(verifySignature(pair.publicKey, message, signature));
        expect(verdict).toBe(bit >= 512);
      }),
      { numRuns: 40 },
    );
  });
});

describe.each(implementations)("a connection's signatures, by %s", (_, prepare) => {
  const pair = keyPairFrom(new Uint8Array(32).fill(7));

  async function frame(fields: object, signedAs = (text: string) => text): Promise<string> {
    const bare = { type: "LeaveRoom", public_key: pair.publicKey, ...fields, signature: "" };
    const signature = await signerOf(pair).sign(new TextEncoder().encode(signedAs(JSON.stringify(bare))));
    return JSON.stringify({ ...bare, signature: base64.encode(signature) });
  }

  function check(checker: ConnectionSignatures, text: string): Promise<SignatureVerdict> {
    const request = readRequest(text);
    if (!request.ok) throw new Error(request.refusal.text);
    return new Promise((resolve) => checker.check(request, resolve));
  }

  it("accepts every form that an honest client signs", async () => {
    const checker = new ConnectionSignatures(prepare);
    expect(await check(checker, await frame({ message_id: "a" }))).toMatchObject({ ok: true });
    const bare = (text: string) => text.replace(',"signature":""', "");
    expect(await check(checker, await frame({ message_id: "a" }, bare))).toMatchObject({ ok: true });
    const go = () => `{"type":"LeaveRoom","public_key":"${pair.publicKey}","message_id":"a"}`;
    expect(await check(checker, await frame({ message_id: "a" }, go))).toMatchObject({ ok: true });
  });

  it("refuses what was not signed, and what is no signature", async () => {
    const checker = new ConnectionSignatures(prepare);
    const text = await frame({ message_id: "a" });
    // Every form that an honest client may have signed was tried.
    expect(await check(checker, text.replace('"a"', '"b"'))).toEqual({ ok: false, cost: 4 });
    for (const signature of ["short", "A".repeat(88), `${"A".repeat(85)}=A=`, `${"-_".repeat(43)}==`]) {
      expect(await check(checker, text.replace(/"signature":"[^"]+"/, `"signature":"${signature}"`))).toEqual({
        ok: false,
        cost: 0,
      });
    }
  });

  it("tells two signatures apart by their tags, and knows one again", async () => {
    const checker = new ConnectionSignatures(prepare);
    const [one, two] = [await frame({ message_id: "1" }), await frame({ message_id: "2" })];
    const tags = [await check(checker, one), await check(checker, two), await check(checker, one)];
    expect(tags[0]).toEqual(tags[2]);
    expect(tags[0]).not.toEqual(tags[1]);
  });

  it("follows when the key changes from one message to the next", async () => {
    const checker = new ConnectionSignatures(prepare);
    const other = keyPairFrom(new Uint8Array(32).fill(8));
    expect(await check(checker, await frame({}))).toMatchObject({ ok: true });
    expect(await check(checker, await frame({ public_key: other.publicKey }))).toMatchObject({ ok: false });
    expect(await check(checker, await frame({}))).toMatchObject({ ok: true });
  });
});
