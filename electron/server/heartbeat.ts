import type { Clock } from "../../shared/base/clock.ts";
import type { Disposable } from "../../shared/base/disposable.ts";
import { PING_INTERVAL_MS } from "./limits.ts";

/** A connection as the heartbeat sees it. */
export interface Pulse {
  /** Set by the connection whenever it hears something; cleared here at each ping. */
  isAlive: boolean;
  /** Not being read: its silence proves nothing. */
  readonly isPaused: boolean;
  ping(): void;
  terminate(): void;
}

const TICK_MS = 1_000;
const SLOTS = PING_INTERVAL_MS / TICK_MS;

/**
 * Pings every connection each 25 s and drops those silent from one ping to the next. A wheel of one-second slots
 * turned by one timer: ten thousand connections are pinged four hundred at a time, and none has a timer of its own.
 */
export class Heartbeat<P extends Pulse> implements Disposable {
  readonly #slots: Set<P>[] = Array.from({ length: SLOTS }, () => new Set<P>());
  readonly #timer: Disposable;
  readonly #onDead: (connection: P) => void;
  #hand = 0;
  #next = 0;

  constructor(clock: Clock, onDead: (connection: P) => void) {
    this.#onDead = onDead;
    this.#timer = clock.every(TICK_MS, () => this.#tick());
  }

  /** @returns what takes the connection off the wheel. */
  add(connection: P): Disposable {
    const slot = this.#slots[this.#next++ % SLOTS];
    slot?.add(connection);
    return { dispose: () => void slot?.delete(connection) };
  }

  dispose(): void {
    this.#timer.dispose();
  }

  #tick(): void {
    const due = this.#slots[this.#hand++ % SLOTS] ?? [];
    for (const connection of [...due]) {
      if (connection.isAlive || connection.isPaused) {
        connection.isAlive = false;
        connection.ping();
      } else {
        this.#onDead(connection);
        connection.terminate();
      }
    }
  }
}
