import { TokenBucket } from "../../shared/base/rate.ts";
import type { AddressAllowance } from "./address-limits.ts";
import { MAX_OFFENCES, OFFENCE_WINDOW_MS, type ServerLimits } from "./limits.ts";

/**
 * What one connection may send: its own allowance, and its address's. Whoever is over its own misbehaves; whoever is
 * over its address's may just have loud neighbours.
 */
export class ConnectionAllowance {
  readonly #limits: ServerLimits;
  readonly #shared: AddressAllowance | undefined;
  // Made at the first frame and the first offence: most of 10,000 connections are idle and well-behaved.
  #messages: TokenBucket | undefined;
  #bytes: TokenBucket | undefined;
  #offences: TokenBucket | undefined;

  /** @param shared undefined where the address does not count. */
  constructor(limits: ServerLimits, shared: AddressAllowance | undefined) {
    this.#limits = limits;
    this.#shared = shared;
  }

  /** A frame came, of whatever kind. @returns whose limit it went over. */
  charge(bytes: number, now: number): "own" | "shared" | undefined {
    const { messageBurst, messagesPerSecond, byteBurst, bytesPerSecond } = this.#limits;
    this.#messages ??= new TokenBucket(messageBurst, (messageBurst / messagesPerSecond) * 1000, now);
    this.#bytes ??= new TokenBucket(byteBurst, (byteBurst / bytesPerSecond) * 1000, now);
    if (!this.#messages.take(now) || !this.#bytes.take(now, bytes)) return "own";
    const shared = this.#shared;
    return !shared || (shared.messages.take(now) && shared.bytes.take(now, bytes)) ? undefined : "shared";
  }

  /** @returns false when it was one offence too many, for the connection or for its address. */
  offend(now: number): boolean {
    this.#offences ??= new TokenBucket(MAX_OFFENCES, OFFENCE_WINDOW_MS, now);
    const isBorne = this.#offences.take(now);
    return (this.#shared?.offences.take(now) ?? true) && isBorne;
  }
}
