import type { PublicKey } from "../../shared/base/brand.ts";
import { TokenBucket } from "../../shared/base/rate.ts";
import { BoundedMap } from "./bounded-map.ts";
import { DAY_MS, MAX_TRACKED_CLIENTS } from "./limits.ts";

/** People mistype; after this many wrong PINs each further answer is late. */
const FREE_FAILURES = 5;
/** After this many there is no answer for a while. */
const MAX_FAILURES = 10;
/** The first late answer; each further one takes twice as long (1, 2, 4, 8, 16 s). */
const FIRST_DELAY_MS = 1_000;
/** The first silence; each further wrong PIN after it doubles it, up to a day. */
const FIRST_LOCKOUT_MS = 15 * 60_000;
/** Whoever has made no mistake for this long starts afresh. */
const FORGET_AFTER_MS = DAY_MS;
/**
 * Wrong PINs a room bears from strangers, all together: 200 at once, then 200 a day. So a crowd of fresh keys and
 * addresses needs some 50 days for the 10,000 PINs of a room. It is a bucket and not a daily quota so that a
 * newcomer kept out by an attack gets in within minutes of its end (a token comes back every 7.2 minutes, and a
 * right PIN costs none).
 */
const STRANGERS_FAILURES_A_DAY = 200;
const MAX_TRACKED_ROOMS = 10_000;

/** Who tries a PIN on which room. */
export interface PinAttempt {
  readonly roomId: string;
  readonly key: PublicKey;
  readonly address: string;
  /**
   * The key was in this room before. Such a key answers for its own mistakes alone, so that no stranger, not even
   * one behind the same address, can lock out the room's members.
   */
  readonly isKnown: boolean;
}

interface FailureRecord {
  failures: number;
  lastFailureAt: number;
  lockedUntil: number;
}

/** Keeps 10,000 PINs out of reach. Time is passed in. */
export class PinGuard {
  readonly #records = new BoundedMap<string, FailureRecord>(MAX_TRACKED_CLIENTS);
  readonly #strangers = new BoundedMap<string, TokenBucket>(MAX_TRACKED_ROOMS);

  /** @returns how long the answer has to wait, in milliseconds; "locked" when there is none now. */
  admit(attempt: PinAttempt, now: number): number | "locked" {
    if (!attempt.isKnown && (this.#strangers.get(attempt.roomId)?.waitMs(now) ?? 0) > 0) return "locked";
    let delay = 0;
    for (const id of subjects(attempt)) {
      const record = this.#recordOf(id, now);
      if (!record) continue;
      if (now < record.lockedUntil) return "locked";
      if (record.failures >= FREE_FAILURES && record.failures < MAX_FAILURES) {
        delay = Math.max(delay, FIRST_DELAY_MS * 2 ** (record.failures - FREE_FAILURES));
      }
    }
    return delay;
  }

  failed(attempt: PinAttempt, now: number): void {
    for (const id of subjects(attempt)) {
      const record = this.#recordOf(id, now) ?? { failures: 0, lastFailureAt: now, lockedUntil: 0 };
      record.failures++;
      record.lastFailureAt = now;
      if (record.failures >= MAX_FAILURES) {
        record.lockedUntil = now + Math.min(DAY_MS, FIRST_LOCKOUT_MS * 2 ** (record.failures - MAX_FAILURES));
      }
      this.#records.set(id, record);
    }
    if (attempt.isKnown) return;
    const bucket = this.#strangers.get(attempt.roomId) ?? new TokenBucket(STRANGERS_FAILURES_A_DAY, DAY_MS, now);
    bucket.take(now);
    this.#strangers.set(attempt.roomId, bucket);
  }

  /** A right PIN clears the key's record and its address's. */
  succeeded(attempt: PinAttempt): void {
    for (const id of subjects(attempt)) this.#records.delete(id);
  }

  #recordOf(id: string, now: number): FailureRecord | undefined {
    const record = this.#records.get(id);
    if (record && now >= record.lockedUntil && now - record.lastFailureAt >= FORGET_AFTER_MS) {
      this.#records.delete(id);
      return undefined;
    }
    return record;
  }
}

function subjects({ roomId, key, address, isKnown }: PinAttempt): string[] {
  const byKey = `${roomId} ${key}`;
  return isKnown ? [byKey] : [byKey, `${roomId} ${address}`];
}
