import type { PublicKey } from "../base/brand.ts";
import type { Clock } from "../base/clock.ts";
import type { RandomBytes } from "../base/random.ts";
import { TokenBucket } from "../base/rate.ts";
import { fail, ok, type Result } from "../base/result.ts";
import { type BurstResult, megabits, SpeedBurst } from "./speed-burst.ts";
import { newSpeedFrame, readSpeedFrame, SPEED_TYPES, type SpeedFrame, writeSpeedFrame } from "./speed-frame.ts";

/** No test of a person's own is longer. */
const MAX_SPEED_TEST_MS = 30_000;
/** Nor does this machine send for longer than this for others: enough for a figure, and half of the time at the most. */
export const MAX_ANSWER_MS = 10_000;
/** How often this machine sends for others, all of them together: a test is a person's wish, not a program's. */
const ANSWERS = 3;
const ANSWERS_REFILL_MS = 60_000;
/** An ack for so many data frames, and at once where it is asked for. */
const ACK_EVERY = 8;
const ASK_EVERY_MS = 250;
const ASK_WITHIN_MS = 2_000;
/** After the time is over: nothing came for this long, so it has ended. */
const QUIET_MS = 500;

export interface SpeedFigures {
  readonly upMbps: number;
  readonly downMbps: number;
  /** Of the data frames on their way to the peer, median; undefined when none was acked. */
  readonly loadedRttMs: number | undefined;
}

export interface SpeedTestsOptions {
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Sends a frame by the peer's lane. @returns whether it wants more */
  send(peer: PublicKey, frame: Uint8Array): boolean;
}

/** What has come from one peer: of its newest test. */
interface Tally {
  readonly test: number;
  readonly firstAt: number;
  lastAt: number;
  count: number;
  highest: number;
}

/** The one that this machine runs. */
interface OwnTest {
  readonly peer: PublicKey;
  burst: SpeedBurst | undefined;
  /** The newest test that the peer would not send for. */
  refused: number | undefined;
}

/**
 * Speed tests with peers, over the lane that their packets take and without any network device. It measures up, then
 * asks the peer to send, and counts. A peer can make this machine send no more than `ANSWERS` tests a minute, one at a
 * time, none longer than `MAX_ANSWER_MS`, and each only as fast as that peer acks what it gets.
 */
export class SpeedTests {
  readonly #options: SpeedTestsOptions;
  readonly #tallies = new Map<PublicKey, Tally>();
  readonly #answers: TokenBucket;
  #mine: OwnTest | undefined;
  #answering: { readonly peer: PublicKey; readonly burst: SpeedBurst } | undefined;

  constructor(options: SpeedTestsOptions) {
    this.#options = options;
    this.#answers = new TokenBucket(ANSWERS, ANSWERS_REFILL_MS, options.clock.now());
  }

  /** Each way for so long. Fails with "busy" (here or there) or "no_answer". */
  async run(peer: PublicKey, ms: number): Promise<Result<SpeedFigures>> {
    if (this.#mine) return fail("busy", "a speed test is running already");
    const mine: OwnTest = { peer, burst: undefined, refused: undefined };
    this.#mine = mine;
    try {
      const time = Math.min(ms, MAX_SPEED_TEST_MS);
      const up = await this.#up(mine, time);
      if (up.mbps === undefined) return fail("no_answer", "the member's machine does not answer a speed test");
      const down = await this.#down(mine, time);
      if (!down.ok) return down;
      return ok({ upMbps: up.mbps, downMbps: down.value, loadedRttMs: up.rttMs });
    } finally {
      this.#mine = undefined;
    }
  }

  /** A frame from a peer: `isSpeedFrame` says so. */
  receive(peer: PublicKey, bytes: Uint8Array): void {
    const frame = readSpeedFrame(bytes);
    switch (frame?.type) {
      case SPEED_TYPES.data:
        return this.#onData(peer, frame);
      case SPEED_TYPES.ack:
        for (const each of [this.#mine, this.#answering]) {
          if (each?.peer === peer && each.burst?.test === frame.test) each.burst.onAck(frame);
        }
        return;
      case SPEED_TYPES.ask:
        return this.#onAsk(peer, frame);
      case SPEED_TYPES.refuse:
        if (this.#mine?.peer === peer) this.#mine.refused = frame.test;
        return;
      default:
        return;
    }
  }

  /** The peer is gone. */
  forget(peer: PublicKey): void {
    this.#tallies.delete(peer);
    for (const each of [this.#mine, this.#answering]) if (each?.peer === peer) each.burst?.dispose();
  }

  dispose(): void {
    this.#mine?.burst?.dispose();
    this.#answering?.burst.dispose();
  }

  #up(mine: OwnTest, ms: number): Promise<BurstResult> {
    const { clock } = this.#options;
    return new Promise((resolve) => {
      const send = (frame: Uint8Array) => this.#options.send(mine.peer, frame);
      mine.burst = new SpeedBurst({ test: this.#newTest(), ms, clock, send }, resolve);
    });
  }

  /** Asks until something comes, then waits until nothing comes any more. */
  #down(mine: OwnTest, ms: number): Promise<Result<number>> {
    const { clock } = this.#options;
    const test = this.#newTest();
    const since = clock.now();
    this.#post(mine.peer, { type: SPEED_TYPES.ask, test, a: ms });
    return new Promise((resolve) => {
      const polling = clock.every(ASK_EVERY_MS, () => {
        const done = this.#look(mine, test, since, ms);
        if (!done) return;
        polling.dispose();
        resolve(done);
      });
    });
  }

  #look({ peer, refused }: OwnTest, test: number, since: number, ms: number): Result<number> | undefined {
    const now = this.#options.clock.now();
    const tally = this.#tallies.get(peer);
    if (refused === test) return fail("busy", "the member's machine is busy with speed tests: try again in a minute");
    if (tally?.test !== test) {
      if (now - since >= ASK_WITHIN_MS) return fail("no_answer", "the member's machine does not send anything");
      this.#post(peer, { type: SPEED_TYPES.ask, test, a: ms });
      return undefined;
    }
    const isOver = now - tally.lastAt >= QUIET_MS && now - since >= Math.min(ms, QUIET_MS);
    return isOver || now - since > ms + ASK_WITHIN_MS + QUIET_MS
      ? ok(megabits(tally.count, (tally.lastAt - tally.firstAt) * 1_000))
      : undefined;
  }

  #onData(peer: PublicKey, { test, a: sequence, b: sentAt, isAckWanted }: SpeedFrame): void {
    const now = this.#options.clock.now();
    const known = this.#tallies.get(peer);
    const tally = known?.test === test ? known : { test, firstAt: now, lastAt: now, count: 0, highest: 0 };
    if (tally !== known) this.#tallies.set(peer, tally);
    tally.count++;
    tally.lastAt = now;
    tally.highest = Math.max(tally.highest, sequence);
    if (!isAckWanted && tally.count % ACK_EVERY !== 0) return;
    const elapsedUs = Math.round((tally.lastAt - tally.firstAt) * 1_000);
    this.#post(peer, { type: SPEED_TYPES.ack, test, a: tally.count, b: tally.highest, c: sentAt, d: elapsedUs });
  }

  #onAsk(peer: PublicKey, { test, a: ms }: SpeedFrame): void {
    // It asks again until it sees that we send.
    if (this.#answering?.peer === peer && this.#answering.burst.test === test) return;
    const { clock } = this.#options;
    // While it runs one of its own, sending for another would spoil the figures of both.
    if (this.#mine || this.#answering || !this.#answers.take(clock.now()))
      return this.#post(peer, { type: SPEED_TYPES.refuse, test });
    const send = (frame: Uint8Array) => this.#options.send(peer, frame);
    const time = Math.min(ms, MAX_ANSWER_MS);
    const burst = new SpeedBurst({ test, ms: time, clock, send }, () => {
      this.#answering = undefined;
    });
    this.#answering = { peer, burst };
  }

  #post(peer: PublicKey, frame: Partial<SpeedFrame> & Pick<SpeedFrame, "type" | "test">): void {
    const bytes = newSpeedFrame(frame.type);
    writeSpeedFrame(bytes, frame);
    this.#options.send(peer, bytes);
  }

  #newTest(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.#options.random(4);
    return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  }
}
