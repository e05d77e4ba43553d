import { TokenBucket } from "../../shared/base/rate.ts";
import { BoundedMap } from "./bounded-map.ts";
import {
  ADDRESS_BYTE_BURST,
  ADDRESS_BYTES_PER_SECOND,
  ADDRESS_MESSAGE_BURST,
  ADDRESS_MESSAGES_PER_SECOND,
  MAX_TRACKED_ADDRESSES,
  OFFENCE_WINDOW_MS,
  OFFENCES_PER_ADDRESS,
  PAGES_PER_MINUTE,
} from "./limits.ts";
import type { ClientAddress } from "./rooms.ts";

/** What all sockets of one address have together. */
export class AddressAllowance {
  readonly messages: TokenBucket;
  readonly bytes: TokenBucket;
  readonly offences: TokenBucket;
  readonly connects: TokenBucket;
  readonly pages: TokenBucket;

  /** @param connects sockets an address may open at once, and again in each minute. */
  constructor(connects: number, now: number) {
    const second = (burst: number, perSecond: number) => new TokenBucket(burst, (burst / perSecond) * 1000, now);
    this.messages = second(ADDRESS_MESSAGE_BURST, ADDRESS_MESSAGES_PER_SECOND);
    this.bytes = second(ADDRESS_BYTE_BURST, ADDRESS_BYTES_PER_SECOND);
    this.offences = new TokenBucket(OFFENCES_PER_ADDRESS, OFFENCE_WINDOW_MS, now);
    this.connects = new TokenBucket(connects, 60_000, now);
    this.pages = new TokenBucket(PAGES_PER_MINUTE, 60_000, now);
  }
}

/** Addresses and what is left to them. One that nobody counts for has no allowance that could run out. */
export class AddressLimits {
  readonly #allowances = new BoundedMap<string, AddressAllowance>(MAX_TRACKED_ADDRESSES);
  readonly #connects: number;

  constructor(connects: number) {
    this.#connects = connects;
  }

  of({ group, isLimited }: ClientAddress, now: number): AddressAllowance | undefined {
    if (!isLimited) return undefined;
    let allowance = this.#allowances.get(group);
    if (!allowance) {
      allowance = new AddressAllowance(this.#connects, now);
      this.#allowances.set(group, allowance);
    }
    return allowance;
  }
}
