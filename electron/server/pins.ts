import { createHmac, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import type { RandomBytes } from "../../shared/base/random.ts";
import { BoundedMap } from "./bounded-map.ts";
import { FairTurns } from "./fair-turns.ts";
import type { StoredPin } from "./room-store.ts";

const SALT_BYTES = 16;
const HASH_BYTES = 32;
/**
 * scrypt with 16 MiB and some 40 ms of one core. It makes a stolen database cost minutes a room instead of
 * microseconds; four digits cannot be made to cost more than that, whatever the hash.
 */
const SCRYPT = { N: 2 ** 14, r: 8, p: 1 };
/** Of libuv's four threads; signatures are checked on the others. */
const MAX_HASHING = 2;
/** At 20 ms each these are over in some seconds. Whoever comes later is told to try again. */
const MAX_WAITING = 256;
/** Of these, for one address: a household, and no more of a crowd than that. */
const MAX_WAITING_PER_ADDRESS = 16;
const MAX_REMEMBERED = 100_000;

const derive = promisify<string, Uint8Array, number, typeof SCRYPT, Buffer>(scrypt);

/** Too much waits already: an answer now would be late for everybody. */
export class Busy extends Error {}

/**
 * Seals PINs and compares them. The right PIN of a room, once seen, is remembered as an HMAC under a key that only
 * this process has and never writes, so that only the first join after a restart costs a scrypt.
 */
export class Pins {
  readonly #random: RandomBytes;
  readonly #processKey: Uint8Array;
  readonly #rightTags = new BoundedMap<string, Buffer>(MAX_REMEMBERED);
  readonly #turns = new FairTurns({
    maxUnderway: MAX_HASHING,
    perTick: Number.POSITIVE_INFINITY,
    defer: setImmediate,
  });

  constructor(random: RandomBytes) {
    this.#random = random;
    this.#processKey = random(32);
  }

  /** @param group whom the work is for: hashing goes round by groups. @throws Busy. */
  async seal(pin: string, group: string): Promise<StoredPin> {
    const salt = this.#random(SALT_BYTES);
    return { salt, hash: await this.#hash(pin, salt, group) };
  }

  /** What `matches` would find out by hashing: the creator's own PIN. */
  remember(roomId: string, pin: string): void {
    this.#rightTags.set(roomId, this.#tag(roomId, pin));
  }

  /** At once where the room's PIN is remembered, else undefined: then `matches` has to hash. */
  matchesRemembered(roomId: string, pin: string): boolean | undefined {
    const right = this.#rightTags.get(roomId);
    return right && timingSafeEqual(right, this.#tag(roomId, pin));
  }

  /** @throws Busy. */
  async matches(roomId: string, stored: StoredPin, pin: string, group: string): Promise<boolean> {
    const hash = await this.#hash(pin, stored.salt, group);
    const isRight = hash.length === stored.hash.length && timingSafeEqual(hash, stored.hash);
    if (isRight) this.remember(roomId, pin);
    return isRight;
  }

  forget(roomId: string): void {
    this.#rightTags.delete(roomId);
  }

  async #hash(pin: string, salt: Uint8Array, group: string): Promise<Buffer> {
    if (this.#turns.waiting >= MAX_WAITING || this.#turns.waitingOf(group) >= MAX_WAITING_PER_ADDRESS) {
      throw new Busy("too many PINs wait to be hashed");
    }
    const done = await new Promise<() => void>((begin) => this.#turns.run(group, (end) => begin(() => end(1))));
    try {
      return await derive(pin, salt, HASH_BYTES, SCRYPT);
    } finally {
      done();
    }
  }

  #tag(roomId: string, pin: string): Buffer {
    return createHmac("sha256", this.#processKey).update(`${roomId} ${pin}`).digest();
  }
}
