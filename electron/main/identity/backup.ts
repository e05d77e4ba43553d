import * as v from "valibot";
import type { PublicKey } from "../../../shared/base/brand.ts";
import { base64, base64Bytes } from "../../../shared/base/bytes.ts";
import type { Clock } from "../../../shared/base/clock.ts";
import type { RandomBytes } from "../../../shared/base/random.ts";
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import { generateKeyPair, type KeyPair, keyPairFrom, SECRET_KEY_BYTES } from "../../../shared/identity/keys.ts";
import type { SecretStore } from "../../../shared/identity/ports.ts";
import {
  checkNewPassphrase,
  newSealingKey,
  openEnvelope,
  parseEnvelope,
  seal,
} from "../../adapters/secrets/envelope.ts";
import { IDENTITY_SECRET, readIdentity, storeFailure } from "./identity.ts";

/**
 * An identity on its way to another machine or into a drawer: text, so that it survives mail and paper.
 *
 *   -----BEGIN GOVPN IDENTITY-----
 *   Version: 1
 *   Public-Key: 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
 *
 *   (base64 of an envelope sealed under a passphrase, in lines of 64)
 *   -----END GOVPN IDENTITY-----
 *
 * The public key outside tells people which identity it is. It is checked against the sealed key at import.
 */
const BEGIN = "-----BEGIN GOVPN IDENTITY-----";
const END = "-----END GOVPN IDENTITY-----";
const VERSION = "1";
const LINE_LENGTH = 64;
/** Ten times what an export takes; more is not one. */
const MAX_EXPORT_CHARACTERS = 16_384;

/** Identities that were replaced, newest first, so that a hasty import can be undone. */
export const HISTORY_SECRET = "identity_history";
const MAX_HISTORY = 16;
const historySchema = v.array(v.object({ secret_key: v.string(), replaced_at: v.string() }));

const exportSchema = v.object({ secret_key: v.string() });

export interface ExportOptions {
  readonly random: RandomBytes;
  /** scrypt's cost as a power of two. Tests choose a small one. */
  readonly log2N?: number;
}

/** Fails with "no_identity", "passphrase_too_short", or as the store does. */
export async function exportIdentity(
  store: SecretStore,
  passphrase: string,
  { random, log2N }: ExportOptions,
): Promise<Result<string>> {
  const checked = checkNewPassphrase(passphrase);
  if (!checked.ok) return checked;
  try {
    const stored = await readIdentity(store);
    if (!stored.ok) return stored;
    if (!stored.value) return fail("no_identity", "This profile has no identity yet.");
    const sealing = await newSealingKey(passphrase, random, log2N);
    const content = JSON.stringify({ secret_key: base64.encode(stored.value.secretKey) });
    const sealed = seal(content, "identity-export", sealing, random);
    stored.value.secretKey.fill(0);
    sealing.key.fill(0);
    return ok(armour(JSON.stringify(sealed), stored.value.publicKey));
  } catch (error) {
    return { ok: false, error: storeFailure(error) };
  }
}

export interface ImportedIdentity {
  readonly publicKey: PublicKey;
  /** False when the store had this very identity already. */
  readonly changed: boolean;
  /** The identity that it took the place of; its key is kept in the store's history. */
  readonly replaced?: PublicKey;
}

export interface ImportOptions {
  /** Without it, an identity that is there is left alone: "identity_exists". */
  readonly replace?: boolean;
  readonly clock: Pick<Clock, "wallTime">;
}

/** Fails with "not_an_export", "wrong_passphrase", "envelope_damaged", "identity_exists", or as the store does. */
export async function importIdentity(
  store: SecretStore,
  text: string,
  passphrase: string,
  { replace = false, clock }: ImportOptions,
): Promise<Result<ImportedIdentity>> {
  const opened = await openExport(text, passphrase);
  if (!opened.ok) return opened;
  const imported = opened.value;
  try {
    const old = await store.get(IDENTITY_SECRET);
    const secret = base64.encode(imported.secretKey);
    imported.secretKey.fill(0);
    if (old === secret) return ok({ publicKey: imported.publicKey, changed: false });
    if (old !== undefined && !replace) {
      return fail("identity_exists", "This profile has another identity already, and was not told to replace it.");
    }
    if (old !== undefined) await keepInHistory(store, old, clock.wallTime());
    await store.set(IDENTITY_SECRET, secret);
    const replaced = old === undefined ? undefined : publicKeyOf(old);
    return ok({ publicKey: imported.publicKey, changed: true, ...(replaced ? { replaced } : {}) });
  } catch (error) {
    return { ok: false, error: storeFailure(error) };
  }
}

/** Takes a new identity in the place of the old one, whose key is kept in the store's history. Fails as the store does. */
export async function replaceIdentity(
  store: SecretStore,
  random: RandomBytes,
  clock: Pick<Clock, "wallTime">,
): Promise<Result<PublicKey>> {
  try {
    const old = await store.get(IDENTITY_SECRET);
    if (old !== undefined) await keepInHistory(store, old, clock.wallTime());
    const pair = generateKeyPair(random);
    await store.set(IDENTITY_SECRET, base64.encode(pair.secretKey));
    pair.secretKey.fill(0);
    return ok(pair.publicKey);
  } catch (error) {
    return { ok: false, error: storeFailure(error) };
  }
}

async function openExport(text: string, passphrase: string): Promise<Result<KeyPair>> {
  const parts = disarmour(text);
  if (!parts) return fail("not_an_export", "The text is not an exported GoVPN identity.");
  const envelope = parseEnvelope(parts.sealed);
  if (!envelope.ok) return envelope;
  const opened = await openEnvelope(envelope.value, "identity-export", { passphrase });
  if (!opened.ok) return opened;
  opened.value.sealing.key.fill(0);
  const pair = pairFrom(opened.value.text);
  if (!pair) return fail("envelope_damaged", "What is sealed in the text is not a key.");
  if (pair.publicKey !== parts.publicKey) {
    return fail("envelope_damaged", "The public key on the text is not that of the key sealed in it.");
  }
  return ok(pair);
}

function pairFrom(json: string): KeyPair | undefined {
  try {
    const secretKey = base64Bytes(v.parse(exportSchema, JSON.parse(json)).secret_key);
    return secretKey?.length === SECRET_KEY_BYTES ? keyPairFrom(secretKey) : undefined;
  } catch {
    return undefined;
  }
}

async function keepInHistory(store: SecretStore, secretKey: string, now: number): Promise<void> {
  const entry = { secret_key: secretKey, replaced_at: new Date(now).toISOString() };
  const history = parseHistory(await store.get(HISTORY_SECRET));
  await store.set(HISTORY_SECRET, JSON.stringify([entry, ...history].slice(0, MAX_HISTORY)));
}

function parseHistory(text: string | undefined): v.InferOutput<typeof historySchema> {
  try {
    return text === undefined ? [] : v.parse(historySchema, JSON.parse(text));
  } catch {
    return [];
  }
}

function publicKeyOf(secret: string): PublicKey | undefined {
  const bytes = base64Bytes(secret);
  const publicKey = bytes?.length === SECRET_KEY_BYTES ? keyPairFrom(bytes).publicKey : undefined;
  bytes?.fill(0);
  return publicKey;
}

function armour(sealed: string, publicKey: PublicKey): string {
  const body = Buffer.from(sealed, "utf8").toString("base64");
  const lines = body.match(new RegExp(`.{1,${LINE_LENGTH}}`, "g")) ?? [];
  return `${[BEGIN, `Version: ${VERSION}`, `Public-Key: ${publicKey}`, "", ...lines, END].join("\n")}\n`;
}

/** Tolerant of what mail does to text: CRLF, indentation, words before and after. */
function disarmour(text: string): { readonly publicKey: string; readonly sealed: string } | undefined {
  if (text.length > MAX_EXPORT_CHARACTERS) return undefined;
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.trim());
  const begin = lines.indexOf(BEGIN);
  const end = lines.indexOf(END, begin);
  const blank = lines.indexOf("", begin);
  if (begin < 0 || end < 0 || blank < 0 || blank > end) return undefined;
  const headers = new Map<string, string>();
  for (const line of lines.slice(begin + 1, blank)) {
    const colon = line.indexOf(":");
    headers.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  if (headers.get("Version") !== VERSION) return undefined;
  const sealed = Buffer.from(lines.slice(blank + 1, end).join(""), "base64").toString("utf8");
  return { publicKey: headers.get("Public-Key") ?? "", sealed };
}
