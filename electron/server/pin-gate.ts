import type { PublicKey } from "../../shared/base/brand.ts";
import type { Clock } from "../../shared/base/clock.ts";
import type { Logger } from "../../shared/base/logger.ts";
import { TokenBucket } from "../../shared/base/rate.ts";
import { type PinAttempt, PinGuard } from "./pin-guard.ts";
import type { Pins } from "./pins.ts";
import type { RoomRecords } from "./room-records.ts";
import type { StoredRoom } from "./room-store.ts";
import { type Peer, type Room, standingOf, turnsOf } from "./rooms.ts";
import { shortKey } from "./short-key.ts";

const LOG_LINES_PER_MINUTE = 60;

/** "locked": too many wrong ones, and this one was not even looked at. */
export type PinVerdict = "right" | "wrong" | "locked";

/** Compares PINs as fast as the guard allows: late after some mistakes, not at all after more. */
export class PinGate {
  readonly #pins: Pins;
  readonly #records: RoomRecords;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #guard = new PinGuard();
  /** An attack on PINs is worth some lines in the log, not gigabytes of them. */
  readonly #lines: TokenBucket;
  /** The last check begun for a room: the next one waits for it. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(pins: Pins, records: RoomRecords, clock: Clock, logger: Logger) {
    this.#pins = pins;
    this.#records = records;
    this.#clock = clock;
    this.#logger = logger;
    this.#lines = new TokenBucket(LOG_LINES_PER_MINUTE, 60_000, clock.now());
  }

  /** Wrong PINs of before a restart count. */
  restore({ id, pinAllowance }: StoredRoom): void {
    if (pinAllowance) this.#guard.restore(id, pinAllowance, this.#clock.wallTime(), this.#clock.now());
  }

  /** The room is gone. */
  forget(roomId: string): void {
    this.#guard.forget(roomId);
  }

  /** @throws Busy when too many PINs wait to be hashed. */
  async check(room: Room, pin: string, peer: Peer, key: PublicKey): Promise<PinVerdict> {
    const attempt: PinAttempt = { roomId: room.id, key, address: peer.address.group, standing: standingOf(room, key) };
    const delay = this.#guard.admit(attempt, this.#clock.now());
    if (delay === "locked") return this.#locked(attempt);
    if (delay > 0) await new Promise<void>((resolve) => this.#clock.after(delay, resolve));
    return this.#inTurn(room.id, () => this.#compare(room, pin, attempt, turnsOf(peer)));
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

  async #compare(room: Room, pin: string, attempt: PinAttempt, turns: string): Promise<PinVerdict> {
    if (this.#guard.admit(attempt, this.#clock.now()) === "locked") return this.#locked(attempt);
    const isRight =
      this.#pins.matchesRemembered(room.id, pin) ?? (await this.#pins.matches(room.id, room.pin, pin, turns));
    if (isRight) {
      this.#guard.succeeded(attempt, this.#clock.now());
      return "right";
    }
    // Written before the answer: whoever could make the server fall over gains nothing by it.
    this.#records.wrongPin(room, this.#guard.failed(attempt, this.#clock.now(), this.#clock.wallTime()));
    if (this.#guard.isUnmasked(attempt, this.#clock.now())) this.#records.forget(room, attempt.key);
    this.#logger.info("wrong PIN", { room: room.id, from: shortKey(attempt.key), address: attempt.address });
    return "wrong";
  }

  #locked({ roomId, key, address }: PinAttempt): PinVerdict {
    if (!this.#lines.take(this.#clock.now())) return "locked";
    this.#logger.warn("too many wrong PINs", { room: roomId, from: shortKey(key), address });
    return "locked";
  }
}
