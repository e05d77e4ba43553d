import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { secureRandom } from "../../../electron/adapters/random.ts";
import type { PublicKey } from "../../../shared/base/brand.ts";
import { fail, type Result } from "../../../shared/base/result.ts";
import { isSpeedFrame, newSpeedFrame, SPEED_TYPES, writeSpeedFrame } from "../../../shared/tunnel/speed-frame.ts";
import { MAX_ANSWER_MS, type SpeedFigures, SpeedTests } from "../../../shared/tunnel/speed-test.ts";
import { FakeClock } from "../../fakes/clock.ts";

const ANN = "ann" as PublicKey;
const BEN = "ben" as PublicKey;

/** A path with a bandwidth, a delay and a queue of so many frames, one way. */
class Path {
  readonly #clock: FakeClock;
  readonly #msPerFrame: number;
  readonly #delayMs: number;
  readonly #queue: number;
  #freeAt = 0;
  frames = 0;
  lost = 0;
  isCut = false;
  to: (frame: Uint8Array) => void = () => {};

  constructor(clock: FakeClock, { mbps, delayMs, queue }: { mbps: number; delayMs: number; queue: number }) {
    this.#clock = clock;
    this.#msPerFrame = (1_200 * 8) / (mbps * 1_000);
    this.#delayMs = delayMs;
    this.#queue = queue;
  }

  send(frame: Uint8Array): boolean {
    this.frames++;
    const now = this.#clock.now();
    const wait = Math.max(0, this.#freeAt - now);
    if (this.isCut || wait / this.#msPerFrame > this.#queue) {
      this.lost++;
      return true;
    }
    this.#freeAt = Math.max(now, this.#freeAt) + this.#msPerFrame * (frame.length / 1_200);
    const copy = frame.slice();
    this.#clock.after(this.#freeAt - now + this.#delayMs, () => this.to(copy));
    return true;
  }
}

let clock: FakeClock;
let up: Path;
let down: Path;
let ann: SpeedTests;
let ben: SpeedTests;

function join(there: { mbps: number; delayMs: number; queue: number }, back = there): void {
  clock = new FakeClock();
  up = new Path(clock, there);
  down = new Path(clock, back);
  ann = new SpeedTests({ clock, random: secureRandom, send: (_, frame) => up.send(frame) });
  ben = new SpeedTests({ clock, random: secureRandom, send: (_, frame) => down.send(frame) });
  up.to = (frame) => ben.receive(ANN, frame);
  down.to = (frame) => ann.receive(BEN, frame);
}

beforeEach(() => join({ mbps: 8, delayMs: 20, queue: 60 }));
afterEach(() => {
  ann.dispose();
  ben.dispose();
});

async function outcome(running: Promise<Result<SpeedFigures>>): Promise<Result<SpeedFigures>> {
  let result: Result<SpeedFigures> | undefined;
  void running.then((value) => {
    result = value;
  });
  for (let i = 0; i < 400 && !result; i++) await clock.advance(50);
  return result!;
}

describe("a speed test", () => {
  it("finds what a path carries each way, to a tenth", async () => {
    join({ mbps: 4, delayMs: 20, queue: 60 }, { mbps: 10, delayMs: 20, queue: 60 });
    const figures = await outcome(ann.run(BEN, 3_000));
    if (!figures.ok) throw new Error(figures.error.message);
    expect(figures.value.upMbps).toBeGreaterThan(3.6);
    expect(figures.value.upMbps).toBeLessThan(4.1);
    expect(figures.value.downMbps).toBeGreaterThan(9);
    expect(figures.value.downMbps).toBeLessThan(10.3);
    expect(figures.value.loadedRttMs).toBeGreaterThan(40);
  });

  it("leaves a path that has no room to others: it slows down when frames are lost", async () => {
    join({ mbps: 4, delayMs: 20, queue: 10 });
    const figures = await outcome(ann.run(BEN, 3_000));
    expect(figures.ok && figures.value.upMbps).toBeGreaterThan(2);
    expect(up.lost / up.frames).toBeLessThan(0.1);
  });

  it("says so when the member does not answer, having sent next to nothing", async () => {
    up.isCut = true;
    expect(await outcome(ann.run(BEN, 10_000))).toMatchObject({ error: { code: "no_answer" } });
    expect(up.frames).toBeLessThan(200);
  });

  it("runs one at a time", async () => {
    const first = ann.run(BEN, 1_000);
    expect(await ann.run(BEN, 1_000)).toEqual(fail("busy", "a speed test is running already"));
    expect((await outcome(first)).ok).toBe(true);
    expect((await outcome(ann.run(BEN, 1_000))).ok).toBe(true);
  });

  it("is refused to a member meanwhile, so that neither spoils the other", async () => {
    const both = [ann.run(BEN, 1_000), ben.run(ANN, 1_000)];
    for (const each of both) expect(await outcome(each)).toMatchObject({ ok: false, error: { code: "busy" } });
    expect((await outcome(ann.run(BEN, 1_000))).ok).toBe(true);
  });

  it("ends when the member goes", async () => {
    const running = ann.run(BEN, 10_000);
    await clock.advance(500);
    ben.dispose();
    ben.forget(ANN);
    up.isCut = true;
    down.isCut = true;
    ann.forget(BEN);
    expect((await outcome(running)).ok).toBe(false);
  });

  it("leaves no timer behind", async () => {
    await outcome(ann.run(BEN, 1_000));
    await clock.advance(5_000);
    expect(clock.pending).toBe(0);
  });
});

describe("a member that asks for tests", () => {
  const ask = (test: number, ms = 1_000) => {
    const frame = newSpeedFrame(SPEED_TYPES.ask);
    writeSpeedFrame(frame, { type: SPEED_TYPES.ask, test, a: ms });
    ben.receive(ANN, frame);
  };

  it("is sent no more than a window while it acks nothing", async () => {
    down.to = () => {};
    ask(7, 4_000_000_000);
    await clock.advance(60_000);
    expect(down.frames).toBeLessThan(150);
    expect(clock.pending).toBe(0);
  });

  it("is refused after a few, until a minute has passed", async () => {
    const types: number[] = [];
    down.to = (frame) => types.push(frame[1]!);
    for (let test = 1; test <= 5; test++) {
      ask(test, 100);
      await clock.advance(3_000);
    }
    expect(types.filter((type) => type === SPEED_TYPES.refuse)).toHaveLength(2);
    await clock.advance(60_000);
    types.length = 0;
    ask(6, 100);
    await clock.advance(1_000);
    expect(types).toContain(SPEED_TYPES.data);
  });

  it("is not believed to answer what was sent before the test", async () => {
    down.to = () => {};
    ask(7, 10_000);
    await clock.advance(100);
    const before = down.frames;
    const frame = newSpeedFrame(SPEED_TYPES.ack);
    for (let highest = 0; highest < 32; highest++) {
      writeSpeedFrame(frame, { type: SPEED_TYPES.ack, test: 7, a: highest + 1, b: highest, c: 4_000_000_000, d: 1 });
      ben.receive(ANN, frame);
    }
    expect(down.frames).toBe(before);
  });

  it("is sent for no longer than it takes to measure, whatever it asks for", async () => {
    ask(7, 4_000_000_000);
    await clock.advance(MAX_ANSWER_MS + 1_000);
    const frames = down.frames;
    await clock.advance(5_000);
    expect(down.frames).toBe(frames);
  });

  it("is not believed to have got what was never sent", async () => {
    ask(7);
    await clock.advance(100);
    const frame = newSpeedFrame(SPEED_TYPES.ack);
    writeSpeedFrame(frame, { type: SPEED_TYPES.ack, test: 7, a: 4_000_000, b: 4_000_000, c: 0, d: 1 });
    const before = down.frames;
    ben.receive(ANN, frame);
    expect(down.frames).toBe(before);
    await clock.advance(60_000);
  });
});

describe("a frame of a speed test", () => {
  it("is no packet, and whatever else comes is no such frame", () => {
    const frame = newSpeedFrame(SPEED_TYPES.data);
    writeSpeedFrame(frame, { type: SPEED_TYPES.data, test: 1 });
    expect(isSpeedFrame(frame)).toBe(true);
    expect(frame[0]! >> 4).toBe(15);
    for (const first of [0x00, 0x45, 0x60, 0xf1]) {
      frame[0] = first;
      expect(isSpeedFrame(frame)).toBe(false);
    }
    expect(isSpeedFrame(Uint8Array.of(0xf0, 0))).toBe(false);
  });

  it("of nonsense is dropped without a word", () => {
    for (let type = 0; type < 256; type++) {
      const frame = new Uint8Array(24).fill(255);
      frame[0] = 0xf0;
      frame[1] = type;
      if (type !== SPEED_TYPES.ask) ben.receive(ANN, frame);
    }
    expect(down.frames).toBe(0);
  });
});
