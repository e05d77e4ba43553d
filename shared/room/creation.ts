import type { RoomId } from "../base/brand.ts";
import { type Clock, wallTimeOf } from "../base/clock.ts";
import { fail, ok, type Result } from "../base/result.ts";
import type { SignalingClient } from "../signaling/client.ts";
import type { RequestFailure } from "../signaling/failures.ts";
import { REQUEST_DEADLINE_MS } from "../signaling/requests.ts";
import type { RoomFailure } from "./failures.ts";
import type { SavedRoom } from "./saved.ts";
import type { RoomSnapshot } from "./snapshot.ts";

/** With name and username already clean, and a PIN of four digits. */
export interface CreateRoom {
  readonly name: string;
  readonly pin: string;
  readonly username: string;
}

export interface CreationDeps {
  readonly client: SignalingClient;
  readonly clock: Clock;
  /** The room is there and we are in it. Undefined when its id is that of a room we were in before. */
  readonly opened: (saved: SavedRoom, name: string | undefined) => RoomSnapshot | undefined;
  readonly enter: (saved: SavedRoom) => Promise<Result<RoomSnapshot, RoomFailure>>;
  /** `queuedUntil` has changed. */
  readonly onQueued: () => void;
}

interface Attempt {
  readonly result: Result<RoomSnapshot, RequestFailure>;
  /** The server may have made the room without our hearing of it. */
  readonly isUnanswered: boolean;
}

/**
 * Creating a room, which is the one request that must not simply be repeated. When its reply is lost it is asked once
 * more, knowingly: since a key owns one room, the server either makes it now or names the one the lost reply was about,
 * and that one is entered.
 */
export class Creation {
  readonly #deps: CreationDeps;
  /** The latest whose reply was lost; also for when the user asks again much later. */
  #unanswered: CreateRoom | undefined;
  #queuedUntil: number | undefined;

  constructor(deps: CreationDeps) {
    this.#deps = deps;
  }

  /** Until when a room that is to be made waits for the server's rate limit; milliseconds since 1970. */
  get queuedUntil(): number | undefined {
    return this.#queuedUntil;
  }

  async create(wanted: CreateRoom): Promise<Result<RoomSnapshot, RoomFailure>> {
    const { clock } = this.#deps;
    const deadline = clock.now() + REQUEST_DEADLINE_MS;
    let attempt = await this.#attempt(wanted, REQUEST_DEADLINE_MS);
    if (attempt.isUnanswered && clock.now() < deadline) {
      this.#unanswered = wanted;
      attempt = await this.#attempt(wanted, deadline - clock.now());
    }
    if (attempt.isUnanswered) this.#unanswered = wanted;
    if (attempt.result.ok) this.#unanswered = undefined;
    else if (attempt.result.error.code === "already_created") return this.#recover(wanted, attempt.result.error);
    return attempt.result;
  }

  async #attempt(wanted: CreateRoom, deadlineMs: number): Promise<Attempt> {
    const { name, pin, username } = wanted;
    const { clock } = this.#deps;
    let wasSent = false;
    const opened: RoomSnapshot[] = [];
    const result = await this.#deps.client.request(
      { type: "CreateRoom", room_name: name, password: pin, username },
      {
        deadlineMs,
        onPhase: (phase) => {
          wasSent ||= phase.kind === "sent";
          this.#setQueued(phase.kind === "limited" ? wallTimeOf(phase.until, clock) : undefined);
        },
        // At once, since members may be announced in the very next frame.
        onReply: ({ room_id, room_name }) => {
          const room = this.#deps.opened({ roomId: room_id as RoomId, name, pin, owner: true, username }, room_name);
          if (room) opened.push(room);
        },
      },
    );
    this.#setQueued(undefined);
    if (!result.ok) {
      const isSilent = result.error.code === "connection_lost" || result.error.code === "timeout";
      return { result, isUnanswered: wasSent && isSilent };
    }
    const [room] = opened;
    const made = room ? ok(room) : fail("bad_reply", "the server gave a new room the id of another one");
    return { result: made, isUnanswered: false };
  }

  #setQueued(until: number | undefined): void {
    if (this.#queuedUntil === until) return;
    this.#queuedUntil = until;
    this.#deps.onQueued();
  }

  /** "Already created" after a lost reply means the room that was asked for. Otherwise it is the answer. */
  async #recover(wanted: CreateRoom, refused: RequestFailure): Promise<Result<RoomSnapshot, RoomFailure>> {
    const { roomId } = refused;
    const isLostOne = this.#unanswered?.name === wanted.name && this.#unanswered.pin === wanted.pin;
    if (!roomId || !isLostOne) return { ok: false, error: refused };
    const { name, pin, username } = wanted;
    const entered = await this.#deps.enter({ roomId, name, pin, owner: true, username });
    if (entered.ok) this.#unanswered = undefined;
    return entered.ok || entered.error.code !== "wrong_pin" ? entered : { ok: false, error: refused };
  }
}
