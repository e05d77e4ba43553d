import type { PublicKey } from "../../shared/base/brand.ts";
import type { Clock } from "../../shared/base/clock.ts";
import type { Logger } from "../../shared/base/logger.ts";
import { messageOf } from "../../shared/base/result.ts";
import { ACTIVITY_WRITE_INTERVAL_MS, MAX_KNOWN_KEYS_PER_ROOM } from "./limits.ts";
import type { RoomStore, StoredAllowance } from "./room-store.ts";
import type { Room } from "./rooms.ts";

/**
 * What is written down about a room in use: its activity, its former members, its wrong PINs. Losing some of it is no
 * reason to refuse what caused it, so a failing store is reported here and goes no further.
 */
export class RoomRecords {
  readonly #store: RoomStore;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(store: RoomStore, clock: Clock, logger: Logger) {
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Something happened in the room. Reaches the store at most once a minute and room. */
  touch(room: Room): void {
    room.lastActivity = this.#clock.wallTime();
    if (room.lastActivity - room.storedActivity >= ACTIVITY_WRITE_INTERVAL_MS) this.#writeActivity(room);
  }

  /** `key` was let in. */
  remember(room: Room, key: PublicKey): void {
    room.knownKeys.delete(key);
    room.knownKeys.add(key);
    const [eldest] = room.knownKeys;
    if (room.knownKeys.size > MAX_KNOWN_KEYS_PER_ROOM && eldest) room.knownKeys.delete(eldest);
    this.#attempt(room, "a member", () =>
      this.#store.remember(room.id, key, this.#clock.wallTime(), MAX_KNOWN_KEYS_PER_ROOM),
    );
  }

  /** `key` is as good as one that was never here. */
  forget(room: Room, key: PublicKey): void {
    room.knownKeys.delete(key);
    this.#attempt(room, "a member that guessed", () => this.#store.forget(room.id, key));
  }

  /** A wrong PIN was counted. */
  wrongPin(room: Room, allowance: StoredAllowance): void {
    this.#attempt(room, "a wrong PIN", () => this.#store.saveAllowance(room.id, allowance));
  }

  /** Writes the activity that the store does not know yet. */
  flush(rooms: Iterable<Room>): void {
    for (const room of rooms) if (room.lastActivity !== room.storedActivity) this.#writeActivity(room);
  }

  #writeActivity(room: Room): void {
    this.#attempt(room, "activity", () => {
      this.#store.touch(room.id, room.lastActivity);
      room.storedActivity = room.lastActivity;
    });
  }

  #attempt(room: Room, what: string, write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#logger.error(`${what} could not be stored`, { room: room.id, error: messageOf(error) });
    }
  }
}
