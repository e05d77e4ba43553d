import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { newSpeedFrame, SPEED_DATA_BYTES, SPEED_TYPES, type SpeedFrame, writeSpeedFrame } from "./speed-frame.ts";

/** As TCP begins (RFC 6928), and a little more, for a test is short. */
const FIRST_WINDOW = 32;
const LEAST_WINDOW = 16;
/** 8192 frames are 10 MB on the way: a gigabit over 80 ms. */
const MOST_WINDOW = 8_192;
/** Beyond loss, a queue that has grown to this much says that the path is full. */
const FULL_QUEUE_MS = 30;
const AFTER_LOSS = 0.7;
const TICK_MS = 5;
/** The event loop has other work between two batches. */
const MOST_PER_PUMP = 256;
const ACK_TIMEOUT_MS = 500;
/** Nobody counts any more: two seconds without an ack. */
const MOST_TIMEOUTS = 4;
/** What is on the way when the time is over still arrives, and is counted. */
const LAST_ACK_MS = 300;
/** Times go out in whole microseconds. */
const ROUNDING_MS = 0.001;
/** Samples of the round trip kept, for its median. */
const MOST_SAMPLES = 2_000;

export interface BurstResult {
  /** Megabits a second that arrived, by the receiver's count and clock; undefined when nothing was ever acked. */
  readonly mbps: number | undefined;
  /** Of data frames, in milliseconds: their median. */
  readonly rttMs: number | undefined;
}

/**
 * Sends data frames for a while, as fast as they are acked and no faster: the window grows until frames are lost or
 * queue up, as a TCP flow's does, so that a test takes its share of a path and does not flood it.
 */
export class SpeedBurst {
  readonly test: number;
  readonly #clock: Clock;
  readonly #send: (frame: Uint8Array) => boolean;
  readonly #frame = newSpeedFrame(SPEED_TYPES.data);
  readonly #ticking: Disposable;
  readonly #begunAt: number;
  readonly #endAt: number;
  readonly #onEnd: (result: BurstResult) => void;
  readonly #rtts: number[] = [];
  #window = FIRST_WINDOW;
  #isSlowStart = true;
  #next = 0;
  /** Frames below it are no longer on the way: acked past, or given up. */
  #settled = 0;
  #lost = 0;
  /** One loss event halves once: until this frame is acked, further losses are of the same event. */
  #recovery = 0;
  #acked: Pick<SpeedFrame, "a" | "d"> | undefined;
  #heardAt: number;
  #timeouts = 0;
  #leastRttMs = Number.POSITIVE_INFINITY;
  #isOver = false;

  constructor(
    options: { readonly test: number; readonly ms: number; readonly clock: Clock; send(frame: Uint8Array): boolean },
    onEnd: (result: BurstResult) => void,
  ) {
    this.test = options.test;
    this.#clock = options.clock;
    this.#send = (frame) => options.send(frame);
    this.#onEnd = onEnd;
    this.#begunAt = this.#clock.now();
    this.#heardAt = this.#begunAt;
    this.#endAt = this.#begunAt + options.ms;
    this.#ticking = this.#clock.every(TICK_MS, () => this.#tick());
    this.#pump();
  }

  onAck({ a: count, b: highest, c: echo, d: elapsedUs }: SpeedFrame): void {
    // What was never sent cannot have arrived, and nothing was sent before the test began.
    const now = this.#clock.now();
    const rttMs = ((this.#micros() - echo) >>> 0) / 1_000;
    if (this.#isOver || highest >= this.#next || count > highest + 1 || rttMs > now - this.#begunAt + ROUNDING_MS)
      return;
    this.#heardAt = now;
    this.#timeouts = 0;
    if (this.#acked === undefined || count >= this.#acked.a) this.#acked = { a: count, d: elapsedUs };
    this.#leastRttMs = Math.min(this.#leastRttMs, rttMs);
    if (this.#rtts.length < MOST_SAMPLES) this.#rtts.push(rttMs);
    const newly = Math.max(0, highest + 1 - this.#settled);
    this.#settled = Math.max(this.#settled, highest + 1);
    this.#adapt(newly, highest + 1 - count, rttMs, highest);
    this.#pump();
  }

  dispose(): void {
    this.#finish();
  }

  #adapt(newly: number, lost: number, rttMs: number, highest: number): void {
    const isLoss = lost > this.#lost && highest >= this.#recovery;
    this.#lost = Math.max(this.#lost, lost);
    const isFull = rttMs > 2 * this.#leastRttMs + FULL_QUEUE_MS && highest >= this.#recovery;
    if (isLoss || isFull) {
      this.#isSlowStart = false;
      this.#window = Math.max(LEAST_WINDOW, Math.floor(this.#window * AFTER_LOSS));
      this.#recovery = this.#next;
      return;
    }
    this.#window = Math.min(MOST_WINDOW, this.#window + (this.#isSlowStart ? newly : newly / this.#window));
  }

  #pump(): void {
    if (this.#isOver || this.#clock.now() >= this.#endAt) return;
    const room = Math.min(MOST_PER_PUMP, Math.floor(this.#window) - (this.#next - this.#settled));
    for (let i = 0; i < room; i++) {
      const isLast = i === room - 1;
      writeSpeedFrame(this.#frame, {
        type: SPEED_TYPES.data,
        test: this.test,
        a: this.#next++,
        b: this.#micros(),
        isAckWanted: isLast,
      });
      // A lane that has enough says so; the next tick looks again.
      if (!this.#send(this.#frame)) return;
    }
  }

  #tick(): void {
    const now = this.#clock.now();
    if (now >= this.#endAt + LAST_ACK_MS) return this.#finish();
    if (now >= this.#endAt) return;
    if (now - this.#heardAt >= ACK_TIMEOUT_MS) {
      if (++this.#timeouts >= MOST_TIMEOUTS) return this.#finish();
      this.#heardAt = now;
      this.#settled = this.#next;
      this.#window = LEAST_WINDOW;
    }
    this.#pump();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ticking.dispose();
    const { a: count = 0, d: elapsedUs = 0 } = this.#acked ?? {};
    this.#onEnd({ mbps: this.#acked && megabits(count, elapsedUs), rttMs: median(this.#rtts) });
  }

  #micros(): number {
    return Math.round(this.#clock.now() * 1_000) >>> 0;
  }
}

/** The first frame starts the clock and is not counted. */
export function megabits(frames: number, elapsedUs: number): number {
  if (frames < 2 || elapsedUs <= 0) return 0;
  return Number((((frames - 1) * SPEED_DATA_BYTES * 8) / elapsedUs).toFixed(2));
}

export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
