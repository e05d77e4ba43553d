/** How long packets may wait in a queue that stands, before its sender is told to slow down (RFC 8289, section 4.4). */
export const TARGET_MS = 5;
/** About the longest usual round trip: a burst shorter than this is no standing queue (RFC 8289, section 4.3). */
export const INTERVAL_MS = 100;
/** After a break shorter than this the drop rate goes on from where it was (RFC 8289, section 5.6: 16 intervals). */
const MEMORY_MS = 16 * INTERVAL_MS;

/**
 * CoDel's control law for one queue (RFC 8289, section 5): tells of each packet that leaves whether it is to be dropped,
 * from how long it waited. Knows neither packets nor time; both are told.
 *
 *   passing ──waited over TARGET_MS for INTERVAL_MS──▶ dropping: one now, the next ones ever sooner, by 1/√count
 *      ▲                                                  │
 *      └──────────────── waited less, or no backlog ──────┘
 */
export class Codel {
  /** When waiting has been over the target for a whole interval; undefined while it is not over it. */
  #above: number | undefined;
  #isDropping = false;
  #dropNext = 0;
  #count = 0;
  #lastCount = 0;

  /**
   * To be asked about each packet in turn; after a "drop", about the one behind it.
   * @param waitedMs how long the packet was in the queue.
   * @param hasBacklog whether more than one full packet is still in it: an almost empty queue is never too long.
   */
  shouldDrop(now: number, waitedMs: number, hasBacklog: boolean): boolean {
    const isStanding = this.#isStanding(now, waitedMs, hasBacklog);
    if (this.#isDropping) {
      if (!isStanding) this.#isDropping = false;
      else if (now >= this.#dropNext) {
        this.#count += 1;
        this.#dropNext += INTERVAL_MS / Math.sqrt(this.#count);
        return true;
      }
      return false;
    }
    if (!isStanding) return false;
    this.#isDropping = true;
    const since = this.#count - this.#lastCount;
    this.#count = since > 1 && now - this.#dropNext < MEMORY_MS ? since : 1;
    this.#lastCount = this.#count;
    this.#dropNext = now + INTERVAL_MS / Math.sqrt(this.#count);
    return true;
  }

  /** The queue has emptied. */
  emptied(): void {
    this.#above = undefined;
    this.#isDropping = false;
  }

  #isStanding(now: number, waitedMs: number, hasBacklog: boolean): boolean {
    if (waitedMs < TARGET_MS || !hasBacklog) {
      this.#above = undefined;
      return false;
    }
    if (this.#above === undefined) {
      this.#above = now + INTERVAL_MS;
      return false;
    }
    return now >= this.#above;
  }
}
