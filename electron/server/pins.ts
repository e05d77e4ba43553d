import { createHmac, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import type { RandomBytes } from "../../shared/base/random.ts";
import { BoundedMap } from "./bounded-map.ts";
import type { StoredPin } from "./room-store.ts";
import { Slots } from "./slots.ts";

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
const MAX_REMEMBERED = 100_000;

const derive = promisify<string, Uint8Array, number, typeof SCRYPT, Buffer>(scrypt);

/**
 * Seals PINs and compares them. The right PIN of a room, once seen, is remembered as an HMAC under a key that only
 * this process has and never writes, so that only the first join after a restart costs a scrypt.
 */
export class Pins {
  readonly #random: RandomBytes;
  readonly #processKey: Uint8Array;
  readonly #rightTags = new BoundedMap<string, Buffer>(MAX_REMEMBERED);
  readonly #slots = new Slots(MAX_HASHING, MAX_WAITING);

  constructor(random: RandomBytes) {
    this.#random = random;
    this.#processKey = random(32);
  }

  /** @throws Busy. */
  async seal(pin: string): Promise<StoredPin> {
    const salt = this.#random(SALT_BYTES);
    return { salt, hash: await this.#slots.run(() => derive(pin, salt, HASH_BYTES, SCRYPT)) };
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
  async matches(roomId: string, stored: StoredPin, pin: string): Promise<boolean> {
    const hash = await this.#slots.run(() => derive(pin, stored.salt, HASH_BYTES, SCRYPT));
    const isRight = hash.length === stored.hash.length && timingSafeEqual(hash, stored.hash);
    if (isRight) this.remember(roomId, pin);
    return isRight;
  }

  forget(roomId: string): void {
    this.#rightTags.delete(roomId);
  }

  #tag(roomId: string, pin: string): Buffer {
    return createHmac("sha256", this.#processKey).update(`${roomId} ${pin}`).digest();
  }
}
