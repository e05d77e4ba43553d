import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { secureRandom } from "../../../electron/adapters/random.ts";
import { exportIdentity, HISTORY_SECRET, importIdentity } from "../../../electron/main/identity/backup.ts";
import { IDENTITY_SECRET, loadIdentity, storedPublicKey } from "../../../electron/main/identity/identity.ts";
import { FailureError, type Result } from "../../../shared/base/result.ts";
import { keyPairFrom, verifySignature } from "../../../shared/identity/keys.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { FakeSecretStore } from "../../fakes/secrets.ts";

const seed = (first: number) => Uint8Array.from({ length: 32 }, (_, i) => first + i);
const randomFrom = (first: number) => (length: number) => seed(first).subarray(0, length);
const passphrase = "correct horse";
const options = { random: secureRandom, log2N: 10 };
const clock = new FakeClock();

describe("this machine's identity", () => {
  it("is made at the first run and the same at the next", async () => {
    const store = new FakeSecretStore();
    const first = unwrap(await loadIdentity(store, randomFrom(1)));
    const second = unwrap(await loadIdentity(store, randomFrom(2)));
    expect(first.created).toBe(true);
    expect(second.created).toBe(false);
    expect(second.signer.publicKey).toBe(first.signer.publicKey);
    expect(first.signer.publicKey).toBe(keyPairFrom(seed(1)).publicKey);
  });

  it("signs what others can verify", async () => {
    const { signer } = unwrap(await loadIdentity(new FakeSecretStore(), randomFrom(1)));
    const message = new TextEncoder().encode("hello");
    expect(verifySignature(signer.publicKey, message, await signer.sign(message))).toBe(true);
  });

  it("is not made anew when the store cannot be read", async () => {
    const store = new FakeSecretStore();
    await loadIdentity(store, randomFrom(1));
    store.failWith = new FailureError({ code: "keychain_locked", message: "The keychain is locked." });
    expect(await loadIdentity(store, randomFrom(2))).toEqual({
      ok: false,
      error: { code: "keychain_locked", message: "The keychain is locked." },
    });
    store.failWith = undefined;
    expect(unwrap(await storedPublicKey(store))).toBe(keyPairFrom(seed(1)).publicKey);
  });

  it("is not made anew when what is stored is damaged", async () => {
    const store = new FakeSecretStore();
    await store.set(IDENTITY_SECRET, "AAAA");
    expect(await loadIdentity(store, randomFrom(2))).toMatchObject({ error: { code: "identity_corrupt" } });
    expect(await store.get(IDENTITY_SECRET)).toBe("AAAA");
  });

  it("is not made anew when it alone is missing among a profile's secrets", async () => {
    const store = new FakeSecretStore();
    await store.set("room_pin", "1234");
    expect(await loadIdentity(store, randomFrom(2))).toMatchObject({ error: { code: "identity_missing" } });
    expect(await store.names()).toEqual(["room_pin"]);
  });

  it("can be looked up without being made", async () => {
    const store = new FakeSecretStore();
    expect(await storedPublicKey(store)).toEqual({ ok: true, value: undefined });
    expect(await store.names()).toEqual([]);
  });
});

describe("an exported identity", () => {
  it("arrives on another machine as the same one", async () => {
    const text = await exported(1);
    const elsewhere = new FakeSecretStore();
    const imported = unwrap(await importIdentity(elsewhere, text, passphrase, { clock }));
    expect(imported).toEqual({ publicKey: keyPairFrom(seed(1)).publicKey, changed: true });
    const { signer, created } = unwrap(await loadIdentity(elsewhere, randomFrom(9)));
    expect(created).toBe(false);
    expect(signer.publicKey).toBe(imported.publicKey);
  });

  it("tells people whose it is, and nobody its key", async () => {
    const text = await exported(1);
    expect(text).toContain(`Public-Key: ${keyPairFrom(seed(1)).publicKey}`);
    expect(text.split("\n").every((line) => line.length <= 64)).toBe(true);
    expectNoSecret(1, text);
    const inner = Buffer.from(text.split("\n").slice(4, -2).join(""), "base64").toString();
    expect(inner).toContain("scrypt");
    expectNoSecret(1, inner);
  });

  it("survives what mail does to text", async () => {
    const text = await exported(1);
    const mailed = `Here it is:\r\n\r\n${text.replaceAll("\n", "  \r\n").replaceAll("-----BEGIN", "  -----BEGIN")}\r\nBye`;
    expect((await importIdentity(new FakeSecretStore(), mailed, passphrase, { clock })).ok).toBe(true);
  });

  it("is not imported under a wrong passphrase", async () => {
    const store = new FakeSecretStore();
    const result = await importIdentity(store, await exported(1), "battery staple", { clock });
    expect(result).toMatchObject({ ok: false, error: { code: "wrong_passphrase" } });
    expect(await store.names()).toEqual([]);
  });

  it("is not imported when it is something else, cut short, or labelled with another's key", async () => {
    const text = await exported(1);
    const relabelled = text.replace(keyPairFrom(seed(1)).publicKey, keyPairFrom(seed(2)).publicKey);
    const cut = text.replace(/\n[^\n]+(\n-----END)/, "$1");
    for (const [bad, code] of [
      ["", "not_an_export"],
      ["x".repeat(20_000), "not_an_export"],
      [text.replace("Version: 1", "Version: 2"), "not_an_export"],
      [text.replace(/-----END[\s\S]*/, ""), "not_an_export"],
      [cut, "envelope_damaged"],
      [relabelled, "envelope_damaged"],
    ] as const) {
      const result = await importIdentity(new FakeSecretStore(), bad, passphrase, { clock });
      expect(result).toMatchObject({ ok: false, error: { code } });
    }
  });

  it("does not replace another identity unless told to, and then keeps the old one", async () => {
    const store = new FakeSecretStore();
    await loadIdentity(store, randomFrom(2));
    const text = await exported(1);
    expect(await importIdentity(store, text, passphrase, { clock })).toMatchObject({
      error: { code: "identity_exists" },
    });
    expect(unwrap(await storedPublicKey(store))).toBe(keyPairFrom(seed(2)).publicKey);

    const replaced = unwrap(await importIdentity(store, text, passphrase, { replace: true, clock }));
    expect(replaced).toEqual({
      publicKey: keyPairFrom(seed(1)).publicKey,
      changed: true,
      replaced: keyPairFrom(seed(2)).publicKey,
    });
    const [kept] = JSON.parse((await store.get(HISTORY_SECRET)) ?? "[]");
    expect(kept).toEqual({
      secret_key: Buffer.from(seed(2)).toString("base64"),
      replaced_at: "2026-01-01T00:00:00.000Z",
    });
  });

  it("changes nothing where it is the identity already", async () => {
    const store = new FakeSecretStore();
    await loadIdentity(store, randomFrom(1));
    const again = unwrap(await importIdentity(store, await exported(1), passphrase, { clock }));
    expect(again.changed).toBe(false);
    expect(await store.names()).toEqual([IDENTITY_SECRET]);
  });

  it("needs a passphrase worth the name, and an identity to export", async () => {
    const store = new FakeSecretStore();
    expect(await exportIdentity(store, passphrase, options)).toMatchObject({ error: { code: "no_identity" } });
    await loadIdentity(store, randomFrom(1));
    expect(await exportIdentity(store, "short", options)).toMatchObject({ error: { code: "passphrase_too_short" } });
  });
});

describe("the secret key", () => {
  it("shows in nothing that any of these functions returns, however it is printed", async () => {
    const store = new FakeSecretStore();
    const loaded = await loadIdentity(store, randomFrom(1));
    const text = await exported(1);
    const wrong = await importIdentity(store, text, "battery staple", { clock });
    await store.set(IDENTITY_SECRET, Buffer.from(seed(1)).toString("base64").slice(0, 40));
    const corrupt = await loadIdentity(store, randomFrom(1));
    const results = [
      loaded,
      text,
      wrong,
      corrupt,
      await exportIdentity(store, passphrase, options),
      await importIdentity(store, text, passphrase, { clock }),
      await importIdentity(store, text, passphrase, { replace: true, clock }),
      await storedPublicKey(store),
    ];
    for (const result of results) {
      expectNoSecret(1, inspect(result, { depth: 20, showHidden: true, maxArrayLength: null, maxStringLength: null }));
      expectNoSecret(1, JSON.stringify(result));
      expectNoSecret(1, String(result));
    }
  });
});

async function exported(first: number): Promise<string> {
  const store = new FakeSecretStore();
  await loadIdentity(store, randomFrom(first));
  return unwrap(await exportIdentity(store, passphrase, options));
}

/** The seed in every form that a leak would have: base64 (also cut short), hex, and lists of numbers. */
function expectNoSecret(first: number, text: string): void {
  const bytes = Buffer.from(seed(first));
  const numbers = [...bytes.subarray(0, 8)];
  for (const form of [
    bytes.toString("base64").slice(0, 16),
    bytes.toString("base64url").slice(0, 16),
    bytes.toString("hex").slice(0, 16),
    numbers.join(","),
    numbers.join(", "),
    numbers.map((byte) => byte.toString(16).padStart(2, "0")).join(" "),
  ]) {
    expect(text.toLowerCase()).not.toContain(form.toLowerCase());
  }
}

function unwrap<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value;
}
