/** What can be told of a lane from outside of the flows in it. */
export interface LaneQuality {
  /** Of its probes, smoothed; milliseconds. */
  readonly rttMs: number;
  /** Of what the other end sent, what never came; per cent. */
  readonly lossPercent: number;
  /** Of what came, what came after something that was sent later; per cent. */
  readonly reorderedPercent: number;
}

/** Loss and order are of the last whole stretch at least this long, and of so many datagrams: one is a per cent at most. */
export const STRETCH_MS = 10_000;
export const STRETCH_DATAGRAMS = 100;
/** RFC 6298's weight of a new round-trip sample. */
const RTT_WEIGHT = 1 / 8;
/** Sequence numbers are of 16 bits; half of them are ahead of any one, the others behind. */
const SEQUENCE_MASK = 0xffff;
const HALF = 0x8000;

/**
 * Measures a lane by the sequence numbers of what arrives (RFC 3550, appendix A.3; none comes twice, SRTP sees to that)
 * and by its probes. Has no timer and allocates nothing per datagram. A member that counts as it likes is believed: it
 * spoils nothing but its own figures.
 */
export class LaneMeter {
  #highest: number | undefined;
  /** Of the stretch that runs. */
  #since: number;
  #expected = 0;
  #received = 0;
  #reordered = 0;
  #stretch: Pick<LaneQuality, "lossPercent" | "reorderedPercent"> | undefined;
  #rttMs: number | undefined;

  constructor(now: number) {
    this.#since = now;
  }

  /** Undefined until the first stretch is over. */
  get quality(): LaneQuality | undefined {
    return this.#stretch && this.#rttMs !== undefined ? { rttMs: this.#rttMs, ...this.#stretch } : undefined;
  }

  arrived(sequence: number): void {
    const ahead = this.#highest === undefined ? 1 : (sequence - this.#highest) & SEQUENCE_MASK;
    this.#received++;
    if (ahead < HALF) {
      this.#expected += ahead;
      this.#highest = sequence;
    } else {
      this.#reordered++;
    }
  }

  roundTrip(ms: number): void {
    this.#rttMs = this.#rttMs === undefined ? ms : this.#rttMs + RTT_WEIGHT * (ms - this.#rttMs);
  }

  /** To be called now and then: ends a stretch that is long enough. */
  look(now: number): void {
    if (now - this.#since < STRETCH_MS || this.#expected < STRETCH_DATAGRAMS) return;
    // What was missed in the stretch before and came late after all makes more than were expected in this one.
    const lost = Math.max(0, this.#expected - this.#received);
    this.#stretch = {
      lossPercent: percent(lost, this.#expected),
      reorderedPercent: percent(this.#reordered, this.#received),
    };
    this.#since = now;
    this.#expected = 0;
    this.#received = 0;
    this.#reordered = 0;
  }
}

/** To the hundredth. */
function percent(part: number, whole: number): number {
  return Math.round((10_000 * part) / whole) / 100;
}
