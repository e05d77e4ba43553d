import { createHash, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../../shared/base/clock.ts";
import type { RandomBytes } from "../../../shared/base/random.ts";

/**
 * 256 random bits cannot be guessed, so nothing here counts wrong guesses: a counter would only let another user of the
 * machine lock the owner out.
 */
const SECRET_BYTES = 32;
/** Long enough to copy a link out of a terminal into a browser, short enough that one left on a screen is dead. */
export const TOKEN_LIFETIME_MS = 10 * 60_000;
/** Links that wait to be opened. The oldest gives way: whoever asked for a newer one does not use it. */
export const MAX_TOKENS = 8;
/** Browsers of one person. The one that was idle longest gives way. */
export const MAX_SESSIONS = 16;

/** What a browser is given for its token. Both are needed: shared/ipc/browser.ts says why. */
export interface SessionSecrets {
  readonly cookie: string;
  readonly key: string;
}

/**
 * Who may use the headless UI: one-time tokens, and the sessions they were traded for. Only digests are kept, so that
 * nothing here can be used to get in, and so that how long a look-up takes tells nothing about a secret. A session lasts
 * as long as this process.
 */
export class UiAccess {
  readonly #clock: Clock;
  readonly #random: RandomBytes;
  /** When each token, by its digest, goes stale. In order of age. */
  readonly #tokens = new Map<string, number>();
  /** The digest of each session's key, by that of its cookie. In order of last use. */
  readonly #sessions = new Map<string, Buffer>();

  constructor(clock: Clock, random: RandomBytes) {
    this.#clock = clock;
    this.#random = random;
  }

  /** A token that opens one session within TOKEN_LIFETIME_MS. */
  mintToken(): string {
    const token = this.#secret();
    this.#tokens.set(name(token), this.#clock.now() + TOKEN_LIFETIME_MS);
    dropOldest(this.#tokens, MAX_TOKENS);
    return token;
  }

  /** Trades a token for a session. Undefined: it was never minted, was used, or is too old. */
  openSession(token: string): SessionSecrets | undefined {
    const staleAt = this.#tokens.get(name(token));
    this.#tokens.delete(name(token));
    if (staleAt === undefined || staleAt <= this.#clock.now()) return undefined;
    const secrets = { cookie: this.#secret(), key: this.#secret() };
    this.#sessions.set(name(secrets.cookie), digest(secrets.key));
    dropOldest(this.#sessions, MAX_SESSIONS);
    return secrets;
  }

  /** Whether one of the cookies belongs to a session. */
  hasSession(cookies: readonly string[]): boolean {
    return cookies.some((cookie) => this.#sessions.has(name(cookie)));
  }

  /** Whether one of the cookies and the key belong to one session, which thereby counts as used. */
  admits(cookies: readonly string[], key: string | undefined): boolean {
    if (key === undefined) return false;
    const offered = digest(key);
    for (const session of cookies.map(name)) {
      const expected = this.#sessions.get(session);
      if (expected === undefined || !timingSafeEqual(expected, offered)) continue;
      this.#sessions.delete(session);
      this.#sessions.set(session, expected);
      return true;
    }
    return false;
  }

  #secret(): string {
    return Buffer.from(this.#random(SECRET_BYTES)).toString("base64url");
  }
}

function digest(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

function name(secret: string): string {
  return digest(secret).toString("base64url");
}

function dropOldest(entries: Map<string, unknown>, max: number): void {
  for (const oldest of entries.keys()) {
    if (entries.size <= max) return;
    entries.delete(oldest);
  }
}
