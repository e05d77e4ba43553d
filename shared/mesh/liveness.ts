import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { Connection } from "./connection.ts";

/** How often a link in use is asked for a sign of life. */
export const KEEPALIVE_MS = 3_000;
/** So many keepalives without any sign of life, and the link is dead. */
export const UNANSWERED_KEEPALIVES = 3;
/** A link is given up at most this long after its last sign of life: under the 15 s in which a lost member is gone. */
export const DEAD_AFTER_MS = KEEPALIVE_MS * (UNANSWERED_KEEPALIVES + 1);
/** The time for the reply when there is a reason to doubt: the member's signaling dropped, or it joined anew. */
export const PROBE_MS = 2_000;
/** RFC 6298's weight of a new round-trip sample. */
const RTT_WEIGHT = 1 / 8;

/**
 * Whether the connection in use still answers, and how fast. Death is counted in questions without an answer, not in
 * time: the clock may jump over hours of sleep, or a busy machine may look at it before it looks at what has arrived.
 */
export class Liveness implements Disposable {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #onDead: () => void;
  readonly #keepalive: Disposable;
  readonly #asking = new Set<() => void>();
  #probe: Disposable | undefined;
  #rttMs: number | undefined;

  constructor(connection: Connection, clock: Clock, onDead: () => void) {
    this.#connection = connection;
    this.#clock = clock;
    this.#onDead = onDead;
    this.#keepalive = clock.every(KEEPALIVE_MS, () => this.#keepAlive());
    connection.ping();
  }

  /** Smoothed, in milliseconds; undefined until the first answer. */
  get rttMs(): number | undefined {
    return this.#rttMs;
  }

  /** An answer came. */
  sample(rttMs: number): void {
    this.#rttMs = this.#rttMs === undefined ? rttMs : this.#rttMs + RTT_WEIGHT * (rttMs - this.#rttMs);
  }

  /** Gives the connection a short time to answer before it counts as dead. */
  probe(): void {
    if (this.#probe) return;
    const before = this.#connection.heard;
    this.#connection.ping();
    const verdict = () => {
      this.#probe = undefined;
      if (this.#connection.heard === before) this.#onDead();
    };
    // One more turn before the verdict: after a stall the timer comes first, and the answer is next in the queue.
    this.#probe = this.#clock.after(Math.max(PROBE_MS, 4 * (this.#rttMs ?? 0)), () => {
      this.#probe = this.#clock.after(0, verdict);
    });
  }

  /** One round trip: milliseconds, or undefined when no answer came within `withinMs`, or the connection ended. */
  roundTrip(withinMs: number): Promise<number | undefined> {
    return new Promise((resolve) => {
      const finish = (rttMs?: number) => {
        timer.dispose();
        this.#asking.delete(finish);
        resolve(rttMs);
      };
      const timer = this.#clock.after(withinMs, finish);
      this.#asking.add(finish);
      this.#connection.ping(finish);
    });
  }

  dispose(): void {
    this.#keepalive.dispose();
    this.#probe?.dispose();
    for (const finish of [...this.#asking]) finish();
  }

  #keepAlive(): void {
    if (this.#connection.unanswered >= UNANSWERED_KEEPALIVES) this.#onDead();
    else this.#connection.ping();
  }
}
