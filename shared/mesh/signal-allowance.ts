import type { Clock } from "../base/clock.ts";
import { TokenBucket } from "../base/rate.ts";
import type { TransportSignal } from "./ports.ts";

/** Each offer costs this machine a native connection, so a member gets 20 at once and one a second. */
export const OFFER_BURST = 20;
const OFFER_REFILL_MS = 20_000;
/** Each signal costs a signature check of a millisecond or two; an attempt brings about 20. */
export const SIGNAL_BURST = 400;
const SIGNAL_REFILL_MS = 20_000;
const FLOOD_REPORT_MS = 60_000;

/** How much of this machine's time one member's signals may take. */
export class SignalAllowance {
  readonly #clock: Clock;
  readonly #offers: TokenBucket;
  readonly #signals: TokenBucket;
  readonly #reports: TokenBucket;
  readonly #onFlood: () => void;

  /** @param onFlood something was refused: called now and then, not once a signal. */
  constructor(clock: Clock, onFlood: () => void) {
    this.#clock = clock;
    this.#offers = new TokenBucket(OFFER_BURST, OFFER_REFILL_MS, clock.now());
    this.#signals = new TokenBucket(SIGNAL_BURST, SIGNAL_REFILL_MS, clock.now());
    this.#reports = new TokenBucket(1, FLOOD_REPORT_MS, clock.now());
    this.#onFlood = onFlood;
  }

  take(kind: TransportSignal["kind"]): boolean {
    const now = this.#clock.now();
    if (this.#signals.take(now) && (kind !== "offer" || this.#offers.take(now))) return true;
    if (this.#reports.take(now)) this.#onFlood();
    return false;
  }
}
