import { AsyncEntry } from "keytar";
import * as v from "valibot";
import { FailureError, messageOf } from "../../../shared/base/result.ts";
import type { SecretStore } from "../../../shared/identity/ports.ts";
import { createSerialQueue } from "./serial.ts";
import { sessionBusAnswers } from "./session-bus.ts";

/** What every item of ours is filed under; people see it in Keychain Access, Seahorse or Credential Manager. */
export const KEYCHAIN_SERVICE = "govpn";

/** A keychain answers in milliseconds, unless it asks the person at the screen for a password first. */
const ANSWER_WITHIN_MS = 60_000;
/** Searching never asks anybody, so a service that takes longer than this for it is stuck. */
const PROBE_WITHIN_MS = 5_000;

/**
 * On Linux an entry is pinned to the Secret Service. Left to itself the package falls back to the kernel's keyring,
 * which forgets everything at a reboot: an identity kept there would be lost, and an identity kept in a Secret Service
 * that is down today would look as if it had never existed, and be replaced.
 */
const PERSISTENT_STORE = { linux: { store: "secret-service" } } as const;

/** Keychains hold names and secrets but list poorly, so the names of a profile are kept in an item of their own. */
const INDEX_NAME = "names";
const indexSchema = v.array(v.string());

export interface KeychainOptions {
  /** Tells one profile's items from another's, and is shown to people: the profile's folder. */
  readonly account: string;
  /** Milliseconds that the probe may take. */
  readonly probeWithinMs?: number;
}

/** Secrets in the OS keychain: macOS Keychain, Windows Credential Manager, or a Secret Service (GNOME Keyring, KWallet). */
export function createKeychainSecretStore({ account }: KeychainOptions): SecretStore {
  const serially = createSerialQueue();
  const accountOf = (name: string) => `${account}#${name}`;
  const read = (name: string) => getPassword(accountOf(name), ANSWER_WITHIN_MS);
  const write = (name: string, secret: string) =>
    call((entry, signal) => entry.setPassword(secret, signal), accountOf(name), ANSWER_WITHIN_MS);
  const remove = (name: string) =>
    call((entry, signal) => entry.deletePassword(signal), accountOf(name), ANSWER_WITHIN_MS);
  const readIndex = async () => parseIndex(await read(INDEX_NAME));

  return {
    kind: "keychain",
    get: (name) => serially(() => read(name)),
    set: (name, secret) =>
      serially(async () => {
        const names = await readIndex();
        // The index first: a name in it without a secret does no harm, a secret that no name leads to would be left behind.
        if (!names.includes(name)) await write(INDEX_NAME, JSON.stringify([...names, name]));
        await write(name, secret);
      }),
    delete: (name) =>
      serially(async () => {
        await remove(name);
        const names = await readIndex();
        if (!names.includes(name)) return;
        const left = names.filter((other) => other !== name);
        if (left.length > 0) await write(INDEX_NAME, JSON.stringify(left));
        else await remove(INDEX_NAME);
      }),
    names: () =>
      serially(async () => {
        const kept = await Promise.all((await readIndex()).map(async (name) => ({ name, secret: await read(name) })));
        return kept.filter(({ secret }) => secret !== undefined).map(({ name }) => name);
      }),
  };
}

/**
 * Whether this machine has a keychain that keeps what it is given: writes a throw-away item, reads it back, deletes it.
 * A locked keychain may ask the person at the screen to unlock it; that is waited for.
 * @throws FailureError "keychain_unavailable" or "keychain_locked"
 */
export async function probeKeychain({ account, probeWithinMs = PROBE_WITHIN_MS }: KeychainOptions): Promise<void> {
  const probe = `${account}#probe`;
  await getPassword(probe, probeWithinMs);
  await call((entry, signal) => entry.setPassword("probe", signal), probe, ANSWER_WITHIN_MS);
  const kept = await getPassword(probe, ANSWER_WITHIN_MS);
  await call((entry, signal) => entry.deletePassword(signal), probe, ANSWER_WITHIN_MS);
  if (kept !== "probe") throw unavailable("it did not keep what it was given");
}

function getPassword(account: string, withinMs: number): Promise<string | undefined> {
  return call(async (entry, signal) => (await entry.getPassword(signal)) ?? undefined, account, withinMs);
}

/** One call to the native package, which may throw at once, reject, or (a D-Bus peer that never answers) do neither. */
async function call<T>(
  action: (entry: AsyncEntry, signal: AbortSignal) => Promise<T>,
  account: string,
  withinMs: number,
): Promise<T> {
  const patience = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(unavailable(`it did not answer within ${withinMs / 1000} s`));
      patience.abort();
    }, withinMs);
  });
  const answer = async () => {
    await sessionBusAnswers(Math.min(withinMs, PROBE_WITHIN_MS));
    return action(new AsyncEntry(KEYCHAIN_SERVICE, account, PERSISTENT_STORE), patience.signal);
  };
  try {
    return await Promise.race([answer(), late]);
  } catch (error) {
    throw error instanceof FailureError ? error : failureOf(error);
  } finally {
    clearTimeout(timer);
  }
}

/** The package has one error class for everything, so one cause is told from another by its words. */
const causes: readonly { readonly words: RegExp; readonly code: string; readonly sentence: string }[] = [
  {
    words: /prompt was dismissed|locked|interaction is not allowed/i,
    code: "keychain_locked",
    sentence: "The keychain is locked, and was not unlocked when asked.",
  },
  {
    words: /autolaunch|Failed to connect to socket/i,
    code: "keychain_unavailable",
    sentence: "The keychain cannot be used: there is no desktop session here (no D-Bus session bus).",
  },
  {
    words: /no result found|not provided by any|ServiceUnknown/i,
    code: "keychain_unavailable",
    sentence: "The keychain cannot be used: no keyring runs in this session (no Secret Service).",
  },
];

function failureOf(error: unknown): FailureError {
  const message = messageOf(error);
  const cause = causes.find(({ words }) => words.test(message));
  return cause ? new FailureError({ code: cause.code, message: cause.sentence }) : unavailable(message);
}

function unavailable(why: string): FailureError {
  return new FailureError({ code: "keychain_unavailable", message: `The keychain cannot be used: ${why}.` });
}

function parseIndex(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  try {
    return v.parse(indexSchema, JSON.parse(text));
  } catch {
    throw new FailureError({ code: "unreadable", message: "The keychain's list of this profile's names is damaged." });
  }
}
