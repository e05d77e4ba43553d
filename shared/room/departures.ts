import { backoffMs } from "../base/backoff.ts";
import type { RoomId } from "../base/brand.ts";
import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { RandomBytes } from "../base/random.ts";
import type { Result } from "../base/result.ts";
import { type AbortControllerLike, createAbortController } from "../signaling/abort.ts";
import type { SignalingClient } from "../signaling/client.ts";
import type { RequestFailure } from "../signaling/failures.ts";
import { REJOIN_BACKOFF } from "./membership.ts";
import type { SavedRoom } from "./saved.ts";

/** A server that refuses a leave this often will not take it: what is left of our place there is the server's matter. */
const MAX_REFUSALS = 5;

interface Departure {
  readonly room: SavedRoom;
  refusals: number;
  isRunning: boolean;
  retry: Disposable | undefined;
  /** Calls off what is still to be sent: a join or a leave that comes after the user's own join would undo it. */
  readonly attempt: AbortControllerLike;
  readonly delivered: Set<(delivered: boolean) => void>;
}

interface DeparturesDeps {
  readonly client: SignalingClient;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** The list of what is still to be delivered has changed. */
  readonly onChange: () => void;
}

/** The rooms that the user left and whose server has not confirmed it yet. */
export class Departures {
  readonly #deps: DeparturesDeps;
  readonly #departures = new Map<RoomId, Departure>();

  constructor(deps: DeparturesDeps) {
    this.#deps = deps;
  }

  get saved(): readonly SavedRoom[] {
    return [...this.#departures.values()].map(({ room }) => room);
  }

  /** @returns whether the server confirmed; false when it will be told later. */
  add(room: SavedRoom): Promise<boolean> {
    const departure: Departure = {
      room: { ...room, leaving: true },
      refusals: 0,
      isRunning: false,
      retry: undefined,
      attempt: createAbortController(),
      delivered: new Set(),
    };
    this.#departures.set(room.roomId, departure);
    this.#deps.onChange();
    if (this.#deps.client.state.kind !== "online") return Promise.resolve(false);
    return new Promise((resolve) => {
      departure.delivered.add(resolve);
      void this.#deliver(departure);
    });
  }

  /** The user wants to be in the room again: nothing is to be delivered any more. */
  cancel(roomId: RoomId): void {
    const departure = this.#departures.get(roomId);
    if (departure) this.#forget(departure, false);
  }

  /** The connection is back. */
  connected(): void {
    for (const departure of this.#departures.values()) void this.#deliver(departure);
  }

  disconnected(): void {
    for (const departure of this.#departures.values()) {
      departure.retry?.dispose();
      report(departure, false);
    }
  }

  dispose(): void {
    for (const departure of this.#departures.values()) {
      departure.retry?.dispose();
      departure.attempt.abort();
      report(departure, false);
    }
    this.#departures.clear();
  }

  async #deliver(departure: Departure): Promise<void> {
    if (departure.isRunning) return;
    departure.retry?.dispose();
    departure.isRunning = true;
    const result = await this.#leave(departure);
    departure.isRunning = false;
    if (this.#departures.get(departure.room.roomId) !== departure) return;
    if (result.ok || isOver(result.error)) return this.#forget(departure, true);
    report(departure, false);
    if (isRefusal(result.error) && ++departure.refusals >= MAX_REFUSALS) return this.#forget(departure, false);
    const ms = backoffMs(departure.refusals, REJOIN_BACKOFF, this.#deps.random);
    departure.retry = this.#deps.clock.after(ms, () => void this.#deliver(departure));
  }

  /** An owner's room must be deleted, for which some servers want the owner to be in it first. */
  async #leave({ room, attempt }: Departure): Promise<Result<unknown, RequestFailure>> {
    const { client } = this.#deps;
    const { signal } = attempt;
    const leave = { type: "LeaveRoom", room_id: room.roomId } as const;
    const first = await client.request(leave, { signal });
    if (first.ok || first.error.code !== "not_in_room" || !room.owner) return first;
    const join = { type: "JoinRoom", room_id: room.roomId, password: room.pin, username: room.username } as const;
    const joined = await client.request(join, { priority: "background", signal });
    return joined.ok ? client.request(leave, { signal }) : joined;
  }

  #forget(departure: Departure, delivered: boolean): void {
    departure.retry?.dispose();
    departure.attempt.abort();
    this.#departures.delete(departure.room.roomId);
    report(departure, delivered);
    this.#deps.onChange();
  }
}

function report(departure: Departure, delivered: boolean): void {
  for (const resolve of departure.delivered) resolve(delivered);
  departure.delivered.clear();
}

/** The server says that there is nothing to leave. */
function isOver({ code }: RequestFailure): boolean {
  return code === "room_missing" || code === "not_in_room" || code === "wrong_pin";
}

function isRefusal({ code }: RequestFailure): boolean {
  return code !== "timeout" && code !== "connection_lost" && code !== "stopped" && code !== "rate_limited";
}
