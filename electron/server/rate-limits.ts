import type { PublicKey } from "../../shared/base/brand.ts";
import { TokenBucket } from "../../shared/base/rate.ts";
import { BoundedMap } from "./bounded-map.ts";
import {
  ADDRESS_RATE_FACTOR,
  DAY_MS,
  MAX_TRACKED_CLIENTS,
  RATE_WINDOW_MS,
  ROOM_CHANGES_PER_MINUTE,
  ROOMS_PER_ADDRESS_AND_DAY,
} from "./limits.ts";
import type { ClientAddress } from "./rooms.ts";

/** How often a key and an address may create, join and change rooms. */
export class RateLimits {
  readonly #entriesByKey: Buckets<PublicKey>;
  readonly #entriesByAddress: Buckets<string>;
  readonly #roomsByAddress: Buckets<string>;
  readonly #changesByKey = new Buckets<PublicKey>(ROOM_CHANGES_PER_MINUTE, RATE_WINDOW_MS);
  readonly #changesByAddress = new Buckets<string>(ROOM_CHANGES_PER_MINUTE * ADDRESS_RATE_FACTOR, RATE_WINDOW_MS);

  /** @param perMinute create and join together, for one key; 0 for no limit. */
  constructor(perMinute: number) {
    this.#entriesByKey = new Buckets(perMinute, RATE_WINDOW_MS);
    this.#roomsByAddress = new Buckets(perMinute === 0 ? 0 : ROOMS_PER_ADDRESS_AND_DAY, DAY_MS);
    this.#entriesByAddress = new Buckets(perMinute * ADDRESS_RATE_FACTOR, RATE_WINDOW_MS);
  }

  /** CreateRoom and JoinRoom. A key that is over its own limit does not use up its address's. */
  mayEnter(key: PublicKey, address: ClientAddress, now: number): boolean {
    if (!this.#entriesByKey.take(key, now)) return false;
    return !address.isLimited || this.#entriesByAddress.take(address.group, now);
  }

  /** One more room, for an address that has not made too many today. */
  mayCreate(address: ClientAddress, now: number): boolean {
    return !address.isLimited || this.#roomsByAddress.take(address.group, now);
  }

  /** JoinRoom by a key that was in the room before: for its own share alone, whatever others at its address do. */
  mayReturn(key: PublicKey, now: number): boolean {
    return this.#entriesByKey.take(key, now);
  }

  /** LeaveRoom, Kick, Rename and HandOver. */
  mayChange(key: PublicKey, address: ClientAddress, now: number): boolean {
    if (!this.#changesByKey.take(key, now)) return false;
    return !address.isLimited || this.#changesByAddress.take(address.group, now);
  }
}

/** A bucket for each of many. */
export class Buckets<K> {
  readonly #buckets = new BoundedMap<K, TokenBucket>(MAX_TRACKED_CLIENTS);
  readonly #perWindow: number;
  readonly #windowMs: number;

  /** @param perWindow 0 for no limit. */
  constructor(perWindow: number, windowMs: number) {
    this.#perWindow = perWindow;
    this.#windowMs = windowMs;
  }

  take(who: K, now: number): boolean {
    return this.#perWindow === 0 || this.of(who, now).take(now);
  }

  of(who: K, now: number): TokenBucket {
    let bucket = this.#buckets.get(who);
    if (!bucket) {
      bucket = new TokenBucket(this.#perWindow, this.#windowMs, now);
      this.#buckets.set(who, bucket);
    }
    return bucket;
  }
}
