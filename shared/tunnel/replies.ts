import type { Clock } from "../base/clock.ts";
import { TokenBucket } from "../base/rate.ts";
import { icmpError, type Rejection } from "../packet/icmp-error.ts";

/**
 * ICMP errors a second, at most, of each sort (RFC 1812, section 4.3.2.8, and RFC 4443, section 2.4f ask for a limit).
 * One machine's own programs are the only readers: 50 answers a second let each of them know at once.
 */
const ERRORS_PER_SECOND = 50;

/** Tells this machine's programs why their packets go nowhere, within a rate. */
export class Replies {
  readonly #clock: Clock;
  readonly #write: (packet: Uint8Array) => void;
  // Apart, so that a scan of absent addresses cannot starve path MTU discovery.
  readonly #tooBig: TokenBucket;
  readonly #other: TokenBucket;

  constructor(clock: Clock, write: (packet: Uint8Array) => void) {
    this.#clock = clock;
    this.#write = write;
    this.#tooBig = new TokenBucket(ERRORS_PER_SECOND, 1000, clock.now());
    this.#other = new TokenBucket(ERRORS_PER_SECOND, 1000, clock.now());
  }

  reject(packet: Uint8Array, rejection: Rejection): void {
    const bucket = rejection.kind === "too_big" ? this.#tooBig : this.#other;
    if (bucket.waitMs(this.#clock.now()) > 0) return;
    const reply = icmpError(packet, rejection);
    if (!reply) return;
    bucket.take(this.#clock.now());
    this.#write(reply);
  }
}
