import type { PublicKey } from "../../shared/base/brand.ts";
import type { Clock } from "../../shared/base/clock.ts";
import type { Logger } from "../../shared/base/logger.ts";
import { type PinAttempt, PinGuard } from "./pin-guard.ts";
import type { Pins } from "./pins.ts";
import type { Peer, Room } from "./rooms.ts";
import { shortKey } from "./short-key.ts";

/** "locked": too many wrong ones, and this one was not even looked at. */
export type PinVerdict = "right" | "wrong" | "locked";

/** Compares PINs as fast as the guard allows: late after some mistakes, not at all after more. */
export class PinGate {
  readonly #pins: Pins;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #guard = new PinGuard();
  /** The last check begun for a room: the next one waits for it. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(pins: Pins, clock: Clock, logger: Logger) {
    this.#pins = pins;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** @throws Busy when too many PINs wait to be hashed. */
  async check(room: Room, pin: string, peer: Peer, key: PublicKey): Promise<PinVerdict> {
    const isKnown = room.knownKeys.has(key);
    const attempt: PinAttempt = { roomId: room.id, key, address: peer.address.group, isKnown };
    const delay = this.#guard.admit(attempt, this.#clock.now());
    if (delay === "locked") return this.#locked(attempt);
    if (delay > 0) await new Promise<void>((resolve) => this.#clock.after(delay, resolve));
    return this.#inTurn(room.id, () => this.#compare(room, pin, attempt));
  }

  /** Checks of one room follow one another, so that a burst cannot outrun the count of its failures. */
  async #inTurn<T>(roomId: string, task: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(roomId) ?? Promise.resolve()).then(task);
    const settled = turn.catch(() => {});
    this.#turns.set(roomId, settled);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(roomId) === settled) this.#turns.delete(roomId);
    }
  }

  async #compare(room: Room, pin: string, attempt: PinAttempt): Promise<PinVerdict> {
    if (this.#guard.admit(attempt, this.#clock.now()) === "locked") return this.#locked(attempt);
    const isRight = this.#pins.matchesRemembered(room.id, pin) ?? (await this.#pins.matches(room.id, room.pin, pin));
    if (isRight) {
      this.#guard.succeeded(attempt);
      return "right";
    }
    this.#guard.failed(attempt, this.#clock.now());
    this.#logger.info("wrong PIN", { room: room.id, from: shortKey(attempt.key), address: attempt.address });
    return "wrong";
  }

  #locked({ roomId, key, address }: PinAttempt): PinVerdict {
    this.#logger.warn("too many wrong PINs", { room: roomId, from: shortKey(key), address });
    return "locked";
  }
}
