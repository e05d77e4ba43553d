import type { Disposable } from "../../shared/base/disposable.ts";
import { MIN_SEAT_MS } from "./limits.ts";

/** A connection as it is judged when the server is full. */
export interface Occupant {
  /** In a room: it is what the server is there for. */
  readonly isInRoom: boolean;
}

/** Looked at for one newcomer at most, so that a crowd before a full server costs little. */
const LOOKS = 64;

/**
 * Who goes when the server is full and somebody new comes: who has been here longest without being in a room. Sockets
 * that are opened and never say anything so keep nobody out.
 */
export class Seats<O extends Occupant> {
  /** Longest here first, but those found in a room were moved to the end. */
  readonly #occupants = new Map<O, number>();

  add(occupant: O, now: number): Disposable {
    this.#occupants.set(occupant, now);
    return { dispose: () => void this.#occupants.delete(occupant) };
  }

  /** @returns whose seat is free to be taken; undefined when all who were looked at are in rooms or have just come. */
  idle(now: number): O | undefined {
    const first = [];
    for (const entry of this.#occupants) {
      if (first.push(entry) >= LOOKS) break;
    }
    for (const [occupant, since] of first) {
      if (!occupant.isInRoom && now - since >= MIN_SEAT_MS) return occupant;
      this.#occupants.delete(occupant);
      this.#occupants.set(occupant, since);
    }
    return undefined;
  }
}
