import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";

/** A probe whose echo is not back by then is lost: longer than any path that is fit for use takes. */
export const ECHO_WITHIN_MS = 1_000;
/**
 * Once one echo of a round is back, the others are expected within so many times what it took, and a little more for
 * jitter: they were sent together. So a black hole is told in two round trips where the path itself lives.
 */
const SPREAD = 3;
const JITTER_MS = 100;
/** Probes of rounds that are over, remembered for their echoes that are late. */
const MAX_REMEMBERED = 64;

export interface ProbeRoundEvents {
  /** Sends one probe. */
  send(id: number, size: number): void;
  /** Every echo is back, or no more are waited for. */
  onOver(sent: readonly number[], echoed: ReadonlySet<number>): void;
  /** The first echo of a round is back, so many milliseconds after its probe went out. */
  onRoundTrip(ms: number): void;
  /** Of a probe that had been given up. */
  onLateEcho(size: number): void;
}

/** Probes of several sizes sent at once, and which of them came back. One round at a time. */
export class ProbeRound implements Disposable {
  readonly #clock: Clock;
  readonly #events: ProbeRoundEvents;
  readonly #sizes = new Map<number, number>();
  #sent: readonly number[] = [];
  #echoed = new Set<number>();
  /** Of the running round: the first of its numbers, when it began, and how many echoes are missing. */
  #firstId = 1;
  #nextId = 1;
  #begunAt = 0;
  #missing = 0;
  #deadline: Disposable | undefined;

  constructor(clock: Clock, events: ProbeRoundEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  begin(sizes: readonly number[]): void {
    this.#deadline?.dispose();
    this.#sent = sizes;
    this.#echoed = new Set();
    this.#firstId = this.#nextId;
    this.#begunAt = this.#clock.now();
    this.#missing = sizes.length;
    this.#deadline = this.#clock.after(ECHO_WITHIN_MS, () => this.#over());
    for (const size of sizes) {
      const id = this.#nextId;
      this.#nextId = (this.#nextId + 1) >>> 0;
      this.#remember(id, size);
      this.#events.send(id, size);
    }
  }

  onEcho(id: number): void {
    const size = this.#sizes.get(id);
    if (size === undefined) return;
    this.#sizes.delete(id);
    if (!this.#deadline || (id - this.#firstId) >>> 0 >= this.#sent.length) return this.#events.onLateEcho(size);
    if (this.#echoed.size === 0) this.#hasten();
    this.#echoed.add(size);
    this.#missing--;
    if (this.#missing === 0) this.#over();
  }

  dispose(): void {
    this.#deadline?.dispose();
    this.#deadline = undefined;
    this.#sizes.clear();
  }

  #hasten(): void {
    const tookMs = this.#clock.now() - this.#begunAt;
    this.#events.onRoundTrip(tookMs);
    const leftMs = Math.min(ECHO_WITHIN_MS, SPREAD * tookMs + JITTER_MS) - tookMs;
    this.#deadline?.dispose();
    this.#deadline = this.#clock.after(Math.max(0, leftMs), () => this.#over());
  }

  #over(): void {
    this.#deadline?.dispose();
    this.#deadline = undefined;
    this.#events.onOver(this.#sent, this.#echoed);
  }

  #remember(id: number, size: number): void {
    const oldest = this.#sizes.size >= MAX_REMEMBERED ? this.#sizes.keys().next().value : undefined;
    if (oldest !== undefined) this.#sizes.delete(oldest);
    this.#sizes.set(id, size);
  }
}
