import { createCipheriv, createDecipheriv, getCiphers, scrypt } from "node:crypto";
import * as v from "valibot";
import { base64, base64Bytes, utf8 } from "../../../shared/base/bytes.ts";
import type { RandomBytes } from "../../../shared/base/random.ts";
import { type Failure, fail, messageOf, ok, type Result } from "../../../shared/base/result.ts";
import { openText, sealText, TAG_BYTES } from "../aead.ts";

/**
 * Text sealed under a passphrase: scrypt (RFC 7914) makes the key, AES-256-GCM (NIST SP 800-38D) encrypts, and the
 * whole header is authenticated, so that neither parameters nor purpose can be changed without it showing.
 *
 *   {"v":1,"purpose":"secrets","kdf":{"name":"scrypt","log2_n":17,"r":8,"p":1,"salt":B64},
 *    "cipher":{"name":"aes-256-gcm","nonce":B64},"ciphertext":B64}
 *
 * The first version sealed with ChaCha20-Poly1305 (RFC 8439), which still opens wherever the runtime has it. Electron's
 * Node, built on BoringSSL, has not: what Node sealed on the command line could not be opened in the app.
 */
export type EnvelopePurpose = "secrets" | "identity-export";

/** 2^17 and r = 8 take 128 MiB and about a third of a second: what OWASP's password storage advice asks of scrypt. */
export const DEFAULT_SCRYPT_LOG2_N = 17;
const SCRYPT_R = 8;
const SCRYPT_P = 1;
/** Where 128 MiB cannot be had (a small container), 16 MiB is the least we settle for: scrypt's interactive setting of 2009. */
const LEAST_SCRYPT_LOG2_N = 14;

/** A file chooses what we spend on it, so what it may ask for has an end: 1 GiB, and eight passes. */
const MAX_SCRYPT_BYTES = 1024 ** 3;
const MAX_SCRYPT_P = 8;
const MAX_SCRYPT_R = 32;
const MAX_SCRYPT_LOG2_N = 22;

const SALT_BYTES = 16;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const CIPHER = "aes-256-gcm";
const FIRST_CIPHER = "chacha20-poly1305";

/** NIST SP 800-63B's floor for a secret that people choose. */
const MIN_PASSPHRASE_CHARACTERS = 8;

/** For a new seal; what is already sealed opens under whatever it was sealed with. */
export function checkNewPassphrase(passphrase: string): Result<void, Failure<"passphrase_too_short">> {
  // Code points, not UTF-16 units: "👍👍👍👍" is four characters.
  if ([...passphrase].length >= MIN_PASSPHRASE_CHARACTERS) return ok(undefined);
  return fail("passphrase_too_short", `A passphrase has at least ${MIN_PASSPHRASE_CHARACTERS} characters.`);
}

const base64Of = (bytes: number) =>
  v.pipe(
    v.string(),
    v.check((text) => base64Bytes(text)?.length === bytes),
  );
const wholeUpTo = (max: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(max));
const kdfSchema = v.strictObject({
  name: v.literal("scrypt"),
  log2_n: wholeUpTo(MAX_SCRYPT_LOG2_N),
  r: wholeUpTo(MAX_SCRYPT_R),
  p: wholeUpTo(MAX_SCRYPT_P),
  salt: base64Of(SALT_BYTES),
});
const envelopeSchema = v.strictObject({
  v: v.literal(1),
  purpose: v.picklist(["secrets", "identity-export"]),
  kdf: kdfSchema,
  cipher: v.strictObject({ name: v.picklist([CIPHER, FIRST_CIPHER]), nonce: base64Of(NONCE_BYTES) }),
  ciphertext: v.string(),
});
export type Envelope = v.InferOutput<typeof envelopeSchema>;
export type KdfParameters = Envelope["kdf"];

export type EnvelopeFailureCode =
  | "wrong_passphrase"
  | "envelope_damaged"
  | "envelope_too_costly"
  | "cipher_unsupported";
export type EnvelopeFailure = Failure<EnvelopeFailureCode>;

/** A key and the parameters that made it from a passphrase: kept so that the next seal or open need not wait for scrypt. */
export interface SealingKey {
  readonly kdf: KdfParameters;
  readonly key: Uint8Array;
}

/** Derives a fresh key, spending less memory (down to 16 MiB) where the machine does not have it. */
export async function newSealingKey(
  passphrase: string,
  random: RandomBytes,
  log2N: number = DEFAULT_SCRYPT_LOG2_N,
): Promise<SealingKey> {
  for (let cost = log2N; ; cost--) {
    const salt = base64.encode(random(SALT_BYTES));
    const kdf: KdfParameters = { name: "scrypt", log2_n: cost, r: SCRYPT_R, p: SCRYPT_P, salt };
    try {
      return { kdf, key: await deriveKey(passphrase, kdf) };
    } catch (error) {
      if (cost <= LEAST_SCRYPT_LOG2_N) throw error;
    }
  }
}

export function seal(text: string, purpose: EnvelopePurpose, sealing: SealingKey, random: RandomBytes): Envelope {
  const nonce = random(NONCE_BYTES);
  const header = {
    v: 1 as const,
    purpose,
    kdf: sealing.kdf,
    cipher: { name: CIPHER, nonce: base64.encode(nonce) } as const,
  };
  const cipher = createCipheriv(CIPHER, sealing.key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(headerBytes(header), { plaintextLength: Buffer.byteLength(text) });
  return { ...header, ciphertext: sealText(cipher, text).toString("base64") };
}

/** The envelope in a text; "envelope_damaged" for anything else, "envelope_too_costly" when it asks for too much memory. */
export function parseEnvelope(text: string): Result<Envelope, EnvelopeFailure> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return fail("envelope_damaged", "The sealed text is not JSON.");
  }
  const parsed = v.safeParse(envelopeSchema, json);
  if (!parsed.success) {
    const where = v.getDotPath(parsed.issues[0]) ?? "the top";
    return fail("envelope_damaged", `The sealed text is not one that this version can read (at ${where}).`);
  }
  if (scryptBytes(parsed.output.kdf) > MAX_SCRYPT_BYTES) {
    return fail("envelope_too_costly", "The sealed text asks for more than 1 GiB of memory to be opened.");
  }
  return ok(parsed.output);
}

/**
 * @param ciphers those that this runtime has
 * @returns the text and the key that opened it; "wrong_passphrase" also covers a ciphertext that was tampered with.
 */
export async function openEnvelope(
  envelope: Envelope,
  purpose: EnvelopePurpose,
  unlock: { readonly passphrase: string } | SealingKey,
  ciphers: readonly string[] = getCiphers(),
): Promise<Result<{ text: string; sealing: SealingKey }, EnvelopeFailure>> {
  if (envelope.purpose !== purpose) return fail("envelope_damaged", `This is sealed as "${envelope.purpose}".`);
  if (!ciphers.includes(envelope.cipher.name)) {
    return fail(
      "cipher_unsupported",
      "It was sealed by an early version with a cipher that is not there in the app. Use the command line: govpn identity.",
    );
  }
  const known = "key" in unlock && sameKdf(unlock.kdf, envelope.kdf) ? unlock.key : undefined;
  if (!known && "key" in unlock) return fail("wrong_passphrase", "The sealed text was sealed anew under another key.");
  let key: Uint8Array;
  try {
    key = known ?? (await deriveKey("passphrase" in unlock ? unlock.passphrase : "", envelope.kdf));
  } catch (error) {
    return fail("envelope_too_costly", `The key cannot be derived on this machine: ${messageOf(error)}.`);
  }
  const text = decrypt(envelope, key);
  if (text === undefined && key !== known) key.fill(0);
  if (text === undefined) return fail("wrong_passphrase", "The passphrase does not open it.");
  return ok({ text, sealing: { kdf: envelope.kdf, key } });
}

function decrypt({ ciphertext, ...header }: Envelope, key: Uint8Array): string | undefined {
  const sealed = base64Bytes(ciphertext);
  const nonce = base64Bytes(header.cipher.nonce);
  if (!sealed || !nonce || sealed.length < TAG_BYTES) return undefined;
  try {
    const options = { authTagLength: TAG_BYTES };
    const decipher =
      header.cipher.name === CIPHER
        ? createDecipheriv(CIPHER, key, nonce, options)
        : createDecipheriv(FIRST_CIPHER, key, nonce, options);
    decipher.setAAD(headerBytes(header), { plaintextLength: sealed.length - TAG_BYTES });
    return openText(decipher, sealed);
  } catch {
    return undefined;
  }
}

/** The header in one fixed order, so that a reader that re-orders JSON members still authenticates the same bytes. */
function headerBytes({ v: version, purpose, kdf, cipher }: Omit<Envelope, "ciphertext">): Uint8Array {
  return utf8.encode(
    JSON.stringify([version, purpose, kdf.name, kdf.log2_n, kdf.r, kdf.p, kdf.salt, cipher.name, cipher.nonce]),
  );
}

function deriveKey(passphrase: string, kdf: KdfParameters): Promise<Uint8Array> {
  const options = { N: 2 ** kdf.log2_n, r: kdf.r, p: kdf.p, maxmem: 2 * scryptBytes(kdf) };
  return new Promise((resolve, reject) => {
    // NFC: one keyboard types "é" as a character, another as a letter and an accent (RFC 8265, OpaqueString).
    scrypt(passphrase.normalize("NFC"), base64.decode(kdf.salt), KEY_BYTES, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

/** RFC 7914: the big vector takes 128 * N * r bytes. */
function scryptBytes(kdf: KdfParameters): number {
  return 128 * 2 ** kdf.log2_n * kdf.r;
}

function sameKdf(a: KdfParameters, b: KdfParameters): boolean {
  return a.salt === b.salt && a.log2_n === b.log2_n && a.r === b.r && a.p === b.p;
}
