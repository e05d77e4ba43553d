import type { PublicKey } from "../../shared/base/brand.ts";
import { BoundedMap } from "./bounded-map.ts";
import { DAY_MS, MAX_TRACKED_CLIENTS } from "./limits.ts";
import { PinAllowance } from "./pin-allowance.ts";
import type { Standing, StoredAllowance } from "./room-store.ts";

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
 * Wrong PINs after which a former member's key counts as a stranger's, until it comes with the right one. So a few
 * former members cannot use up the share of all of them.
 */
const MEMBER_FAILURES = 3;

/** Who tries a PIN on which room. */
export interface PinAttempt {
  readonly roomId: string;
  readonly key: PublicKey;
  readonly address: string;
  /**
   * The owner and former members answer for their own mistakes alone, out of shares of their own, so that no stranger,
   * not even one behind the same address, can lock them out.
   */
  readonly standing: Standing;
}

interface FailureRecord {
  failures: number;
  lastFailureAt: number;
  lockedUntil: number;
}

/** Keeps 10,000 PINs out of reach. Time is passed in. */
export class PinGuard {
  /** By key and by address. Whoever manages to have one of these forgotten is still held by the room's allowance. */
  readonly #records = new BoundedMap<string, FailureRecord>(MAX_TRACKED_CLIENTS);
  /** By room, from its first wrong PIN on. No more than there are rooms, and never forgotten before the room is. */
  readonly #allowances = new Map<string, PinAllowance>();

  /** What an earlier process knew of a room. @param wallTime milliseconds since 1970. */
  restore(roomId: string, stored: StoredAllowance, wallTime: number, now: number): void {
    this.#allowances.set(roomId, new PinAllowance(now, stored, wallTime));
  }

  /** The room is gone. */
  forget(roomId: string): void {
    this.#allowances.delete(roomId);
  }

  /** @returns how long the answer has to wait, in milliseconds; "locked" when there is none now. */
  admit(attempt: PinAttempt, now: number): number | "locked" {
    const standing = this.#standingOf(attempt, now);
    if (!(this.#allowances.get(attempt.roomId)?.has(standing, now) ?? true)) return "locked";
    let delay = 0;
    for (const id of subjects(attempt, standing)) {
      const record = this.#recordOf(id, now);
      if (!record) continue;
      if (now < record.lockedUntil) return "locked";
      if (record.failures >= FREE_FAILURES && record.failures < MAX_FAILURES) {
        delay = Math.max(delay, FIRST_DELAY_MS * 2 ** (record.failures - FREE_FAILURES));
      }
    }
    return delay;
  }

  /** @returns what is left to the room, to be kept. */
  failed(attempt: PinAttempt, now: number, wallTime: number): StoredAllowance {
    const standing = this.#standingOf(attempt, now);
    for (const id of subjects(attempt, standing)) {
      const record = this.#recordOf(id, now) ?? { failures: 0, lastFailureAt: now, lockedUntil: 0 };
      record.failures++;
      record.lastFailureAt = now;
      if (record.failures >= MAX_FAILURES) {
        record.lockedUntil = now + Math.min(DAY_MS, FIRST_LOCKOUT_MS * 2 ** (record.failures - MAX_FAILURES));
      }
      this.#records.set(id, record);
    }
    const allowance = this.#allowances.get(attempt.roomId) ?? new PinAllowance(now);
    this.#allowances.set(attempt.roomId, allowance);
    allowance.take(standing, now);
    return allowance.stored(now, wallTime);
  }

  /** A right PIN clears the key's record and its address's. */
  succeeded(attempt: PinAttempt, now: number): void {
    for (const id of subjects(attempt, this.#standingOf(attempt, now))) this.#records.delete(id);
  }

  /** A former member that has guessed too often to be believed to be one. */
  isUnmasked(attempt: PinAttempt, now: number): boolean {
    return attempt.standing === "member" && this.#standingOf(attempt, now) === "stranger";
  }

  /** Whose share it is. */
  #standingOf(attempt: PinAttempt, now: number): Standing {
    if (attempt.standing !== "member") return attempt.standing;
    const record = this.#recordOf(keySubject(attempt), now);
    return (record?.failures ?? 0) < MEMBER_FAILURES ? "member" : "stranger";
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

function subjects(attempt: PinAttempt, standing: Standing): string[] {
  const byKey = keySubject(attempt);
  return standing === "stranger" ? [byKey, `${attempt.roomId} ${attempt.address}`] : [byKey];
}

function keySubject({ roomId, key }: PinAttempt): string {
  return `${roomId} ${key}`;
}
