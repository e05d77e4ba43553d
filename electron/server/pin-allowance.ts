import { DAY_MS } from "./limits.ts";
import type { Standing, StoredAllowance } from "./room-store.ts";

/**
 * Wrong PINs that a room bears, in three shares, so that none can use up another's: `burst` at once, and `daily` more
 * in a day, evenly. A share so gives way to `burst + daily` wrong PINs in any 24 hours, and all of them together to
 * 200: 10,000 PINs take 50 days to try. A right PIN costs nothing.
 */
const shares: Readonly<Record<Standing, { readonly burst: number; readonly daily: number }>> = {
  // One comes back in 16 minutes, so that newcomers kept out by an attack get in soon after its end.
  stranger: { burst: 30, daily: 90 },
  // A key that was let in knows the PIN, which never changes: wrong ones are a person's slips, or a stolen key's guesses.
  member: { burst: 40, daily: 20 },
  owner: { burst: 10, daily: 10 },
};
const standings = ["owner", "member", "stranger"] as const satisfies readonly Standing[];

/** How many wrong PINs of a room are compared in any 24 hours, from however many keys and addresses. */
export const WRONG_PINS_A_DAY = standings.reduce((sum, each) => sum + shares[each].burst + shares[each].daily, 0);

/** The wrong PINs of one room that may still be compared. Times are of a clock that only goes forward. */
export class PinAllowance {
  readonly #left: Record<Standing, number>;
  #at: number;

  /**
   * @param stored what an earlier process left, if any.
   * @param wallTime milliseconds since 1970, by which to tell how much has grown back since.
   */
  constructor(now: number, stored?: StoredAllowance, wallTime = 0) {
    this.#at = now - (stored ? Math.max(0, wallTime - stored.at) : 0);
    this.#left = Object.fromEntries(
      standings.map((standing) => [standing, stored?.left[standing] ?? shares[standing].burst]),
    ) as Record<Standing, number>;
  }

  /** Whether a PIN of theirs may be compared now. */
  has(standing: Standing, now: number): boolean {
    this.#growBack(now);
    return this.#left[standing] >= 1;
  }

  /** It was compared, and wrong. */
  take(standing: Standing, now: number): void {
    this.#growBack(now);
    this.#left[standing] = Math.max(0, this.#left[standing] - 1);
  }

  stored(now: number, wallTime: number): StoredAllowance {
    this.#growBack(now);
    return { left: { ...this.#left }, at: wallTime };
  }

  #growBack(now: number): void {
    const days = Math.max(0, now - this.#at) / DAY_MS;
    for (const standing of standings) {
      const { burst, daily } = shares[standing];
      this.#left[standing] = Math.min(burst, this.#left[standing] + days * daily);
    }
    this.#at = now;
  }
}
