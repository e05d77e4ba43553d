import type { PublicKey } from "../../shared/base/brand.ts";
import { hex } from "../../shared/base/bytes.ts";
import type { Clock } from "../../shared/base/clock.ts";
import type { Logger } from "../../shared/base/logger.ts";
import type { RandomBytes } from "../../shared/base/random.ts";
import { TokenBucket } from "../../shared/base/rate.ts";
import { messageOf } from "../../shared/base/result.ts";
import type { ClientMessageOf } from "../../shared/protocols/govpn/messages.ts";
import { CLEARED_SHARE, MAX_ROOMS_PER_CONNECTION, type ServerLimits, SOLITARY_IDLE_MS } from "./limits.ts";
import type { ServerMetrics } from "./metrics.ts";
import { type Outcome, refuse } from "./outcome.ts";
import type { Pins } from "./pins.ts";
import type { RateLimits } from "./rate-limits.ts";
import type { RoomStore } from "./room-store.ts";
import { type Peer, type Room, type Rooms, turnsOf } from "./rooms.ts";
import { shortKey } from "./short-key.ts";
import { solitaryRooms } from "./solitary-rooms.ts";

/** 64 random bits: ids cannot be guessed, and 100,000 rooms collide once in 4 billion servers. */
const ROOM_ID_BYTES = 8;
const ROOM_ID_TRIES = 3;

export interface FoundingOptions {
  readonly rooms: Rooms;
  readonly store: Pick<RoomStore, "insert">;
  readonly pins: Pins;
  readonly rates: RateLimits;
  readonly limits: ServerLimits;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly metrics: ServerMetrics;
  readonly logger: Logger;
  /** Ends a room that nobody needs. */
  readonly expire: (room: Room) => void;
}

/** Makes rooms: one a key, as many a day and address as RateLimits say, and as many in all as there are places. */
export class Founding {
  readonly #options: FoundingOptions;
  readonly #clearances: TokenBucket;

  constructor(options: FoundingOptions) {
    this.#options = options;
    this.#clearances = new TokenBucket(1, 60_000, options.clock.now());
  }

  /** @throws Busy when too many PINs wait to be hashed. */
  async create(peer: Peer, message: ClientMessageOf<"CreateRoom">): Promise<Outcome> {
    const { rooms, pins, rates, clock, metrics, logger } = this.#options;
    const owner = message.public_key;
    const refused = this.#refuse(peer, owner);
    if (refused) return refused;
    if (!rates.mayCreate(peer.address, clock.now())) {
      metrics.rateLimited("enter");
      return refuse("rateLimited");
    }
    const pin = await pins.seal(message.password, turnsOf(peer));
    // The world may have changed while the PIN was hashed.
    if (!peer.isOpen) return undefined;
    const late = this.#refuse(peer, owner);
    if (late) return late;

    const now = clock.wallTime();
    const stored = { name: message.room_name, owner, pin, createdAt: now, lastActivity: now, knownKeys: [owner] };
    const id = this.#insert(stored);
    if (typeof id !== "string") return id;
    const room = rooms.add({ ...stored, id });
    pins.remember(id, message.password);
    rooms.enter(room, { publicKey: owner, peer, username: message.username });
    metrics.roomsChanged(rooms);
    logger.info("room created", { room: id, owner: shortKey(owner) });
    return { reply: { type: "RoomCreated", room_id: id, room_name: room.name, password: message.password } };
  }

  #refuse(peer: Peer, owner: PublicKey): Outcome {
    const { rooms, limits, logger } = this.#options;
    const owned = rooms.ownedBy(owner);
    if (owned) return refuse("alreadyCreated", owned.id);
    if (rooms.of(peer).size >= MAX_ROOMS_PER_CONNECTION) return refuse("tooManyRooms");
    if (rooms.size >= limits.maxRooms && !this.#clearOut()) {
      logger.warn("no more rooms can be created", { rooms: rooms.size });
      return refuse("databaseError");
    }
    return undefined;
  }

  /** @returns whether there is a place for another room. Looks for one once a minute, for it looks at every room. */
  #clearOut(): boolean {
    const { rooms, limits, clock, expire } = this.#options;
    if (!this.#clearances.take(clock.now())) return false;
    const before = clock.wallTime() - SOLITARY_IDLE_MS;
    const count = Math.ceil(limits.maxRooms * CLEARED_SHARE);
    for (const room of solitaryRooms(rooms, before, count)) expire(room);
    return rooms.size < limits.maxRooms;
  }

  #insert(room: Omit<Parameters<RoomStore["insert"]>[0], "id">): string | Outcome {
    const { rooms, store, random, logger } = this.#options;
    for (let i = 0; i < ROOM_ID_TRIES; i++) {
      const id = hex.encode(random(ROOM_ID_BYTES));
      if (rooms.get(id)) continue;
      try {
        if (store.insert({ ...room, id })) return id;
      } catch (error) {
        logger.error("a room could not be stored", { error: messageOf(error) });
        return refuse("databaseError");
      }
    }
    return refuse("roomIdConflict");
  }
}
