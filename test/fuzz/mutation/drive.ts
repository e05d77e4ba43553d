import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { INPUTS, REPORT, SEED } from "../runs.ts";
import { ByteMutator } from "./bytes.ts";
import { type Seed, seedsOf, textOf } from "./corpus.ts";
import { Dice } from "./dice.ts";
import { bytesInUse, MOST_GROWTH_BYTES } from "./memory.ts";
import { cpuMs, Meter } from "./meter.ts";
import { TextMutator } from "./texts.ts";
import { Watchdog } from "./watchdog.mjs";

/** Largest input: super-packets of some segments fit. */
const MOST_BYTES = 2048;
/** Bytes on each side of an input that must stay as they are. */
const GUARD_BYTES = 64;
/** Looked at after every input; the rest of the guard now and then. */
const NEAR_BYTES = 4;
const THOROUGH_EVERY = 1024;
const TWICE_EVERY = 4;
/** Memory is compared from here on: code is compiled and caches are filled by then. */
const WARM = 0.1;
const FOUND = fileURLToPath(new URL("../../../.test-output/fuzz/", import.meta.url));

/** A broken promise of a parser. Cheaper than `expect`, which is felt at ten million calls. */
export function must(holds: boolean, promise: string): void {
  if (!holds) throw new Error(`not so: ${promise}`);
}

/** A number that differs, nearly always, where any of the numbers that went in does. */
export function digest(sum: number, value: number): number {
  return Math.imul(sum ^ value, 0x01000193);
}

export function digestBytes(sum: number, bytes: Uint8Array): number {
  let result = digest(sum, bytes.length);
  for (let i = 0; i < bytes.length; i++) result = Math.imul(result ^ (bytes[i] ?? 0), 0x01000193);
  return result;
}

/** An input at its place amid other bytes. */
class Arena {
  readonly #filler: number;
  readonly #bytes: Uint8Array;
  #length = MOST_BYTES;

  constructor(filler: number) {
    this.#filler = filler;
    this.#bytes = new Uint8Array(MOST_BYTES + 2 * GUARD_BYTES).fill(filler);
  }

  place(input: Uint8Array): Uint8Array {
    const end = GUARD_BYTES + input.length;
    this.#bytes.set(input, GUARD_BYTES);
    if (this.#length > input.length) this.#bytes.fill(this.#filler, end, GUARD_BYTES + this.#length);
    this.#length = input.length;
    return this.#bytes.subarray(GUARD_BYTES, end);
  }

  /** Whether the bytes around the input are as they were. */
  isIntact(near = NEAR_BYTES): boolean {
    const end = GUARD_BYTES + this.#length;
    for (let i = 0; i < near; i++) {
      if (this.#bytes[end + i] !== this.#filler || this.#bytes[GUARD_BYTES - 1 - i] !== this.#filler) return false;
    }
    return true;
  }
}

/** Says what a parser promises, by `must`. @returns a digest of what it made of the input */
export type ExamineBytes = (input: Uint8Array) => number;
export type ExamineText = (input: string) => void;

/**
 * Gives a parser its corpus as it is, and INPUTS inputs made of that and of more samples. It must not throw, take long,
 * or keep memory. What is around an input must stay, or the parser has written there. One in TWICE_EVERY is given amid
 * zeros and amid ones: what the parser makes of it must be the same, or it has read beyond it.
 * @param parser the name of its folder in test/fuzz/corpus
 */
export function fuzzBytes(parser: string, samples: readonly Uint8Array[], examine: ExamineBytes): void {
  const seeds = seedsOf(parser);
  report(driveBytes(parser, [...seeds.map(({ bytes }) => bytes), ...samples], examine, seeds));
}

/** The same with texts. */
export function fuzzTexts(parser: string, samples: readonly string[], examine: ExamineText): void {
  const seeds = seedsOf(parser);
  report(driveTexts(parser, [...seeds.map(textOf), ...samples], examine, seeds));
}

/** The same with texts for a parser that answers later. */
export async function fuzzTextsAsync(
  parser: string,
  samples: readonly string[],
  examine: (input: string) => Promise<void>,
): Promise<void> {
  const seeds = seedsOf(parser);
  const run = new Run(parser, true);
  for (const seed of seeds) await examine(textOf(seed)).catch((error) => run.fail(error, seed.name, seed.bytes));
  const mutator = new TextMutator(new Dice(SEED), [...seeds.map(textOf), ...samples]);
  for (let count = 0; count < INPUTS; count++) {
    run.next(count);
    const input = mutator.next();
    try {
      await run.meter.timeAsync(() => examine(input));
    } catch (error) {
      run.fail(error, `input ${count}`, Buffer.from(input));
    }
  }
  report(run.end());
}

/** Without a corpus of its own: for what the loops themselves are tested with. */
export function driveBytes(
  parser: string,
  samples: readonly Uint8Array[],
  examine: ExamineBytes,
  seeds: readonly Seed[] = [],
): Outcome {
  const scratch = new Uint8Array(MOST_BYTES);
  const mutator = new ByteMutator(new Dice(SEED), samples, scratch);
  const [zeros, ones] = [new Arena(0x00), new Arena(0xff)];
  const run = new Run(parser, seeds.length > 0);
  const give = (input: Uint8Array, count: number) => {
    const near = count % THOROUGH_EVERY === 0 ? GUARD_BYTES : NEAR_BYTES;
    const result = examine(zeros.place(input));
    must(zeros.isIntact(near), "it leaves alone what is around its input");
    if (count % TWICE_EVERY !== 0) return;
    must(examine(ones.place(input)) === result, "it depends on its input alone");
    must(ones.isIntact(near), "it leaves alone what is around its input");
  };
  for (const { name, bytes } of seeds) {
    run.attempt(
      () => give(bytes.subarray(0, MOST_BYTES), 0),
      name,
      () => bytes,
    );
  }
  for (let count = 0; count < INPUTS; count++) {
    run.next(count);
    const input = scratch.subarray(0, mutator.next());
    run.attempt(
      () => give(input, count),
      count,
      () => input,
    );
  }
  return run.end();
}

export function driveTexts(
  parser: string,
  samples: readonly string[],
  examine: ExamineText,
  seeds: readonly Seed[] = [],
): Outcome {
  const mutator = new TextMutator(new Dice(SEED), samples);
  const run = new Run(parser, seeds.length > 0);
  for (const seed of seeds)
    run.attempt(
      () => examine(textOf(seed)),
      seed.name,
      () => seed.bytes,
    );
  for (let count = 0; count < INPUTS; count++) {
    run.next(count);
    const input = mutator.next();
    run.attempt(
      () => examine(input),
      count,
      () => Buffer.from(input),
    );
  }
  return run.end();
}

export interface Outcome {
  readonly parser: string;
  readonly seed: number;
  readonly inputs: number;
  /** Of the processor's time. */
  readonly seconds: number;
  /** Milliseconds of processor time. */
  readonly slowestMs: number;
  /** Bytes in use at the end that were not in use when it was warm. */
  readonly growth: number;
}

let watchdog: Watchdog | undefined;
/** Most inputs are broken, and most of the time to say so would go into the stack of an error that nobody looks at. */
const STACK_LINES = Error.stackTraceLimit;

/** One parser's inputs, from the first to the last. */
class Run {
  readonly meter = new Meter();
  readonly #parser: string;
  readonly #startedAt = cpuMs();
  readonly #hasCorpus: boolean;
  readonly #watchdog: Watchdog;
  #warm = 0;

  constructor(parser: string, hasCorpus: boolean) {
    this.#parser = parser;
    this.#hasCorpus = hasCorpus;
    this.#watchdog = watchdog ??= new Watchdog();
    this.#watchdog.begin(`${parser}, seed ${SEED}`);
    Error.stackTraceLimit = 0;
  }

  next(count: number): void {
    this.#watchdog.next(count);
    if (count === Math.floor(INPUTS * WARM)) this.#warm = bytesInUse();
  }

  attempt(give: () => void, which: number | string, bytes: () => Uint8Array): void {
    try {
      this.meter.time(give);
    } catch (error) {
      Error.stackTraceLimit = STACK_LINES;
      this.fail(thrownBy(give) ?? error, typeof which === "number" ? `input ${which}` : which, bytes());
    }
  }

  fail(error: unknown, which: string, input: Uint8Array): never {
    this.#stop();
    const why = error instanceof Error ? error.message : String(error);
    const hint = this.#hasCorpus ? `; it is in ${this.#keep(input)}` : "";
    throw new Error(`${which} of seed ${SEED}: ${why}${hint}`, { cause: error });
  }

  /** Keeps the input where it can be taken into the corpus. */
  #keep(input: Uint8Array): string {
    mkdirSync(FOUND, { recursive: true });
    const name = `${this.#parser}-${createHash("sha256").update(input).digest("hex").slice(0, 8)}`;
    writeFileSync(`${FOUND}${name}`, input);
    return `.test-output/fuzz/${name}, and belongs into test/fuzz/corpus/${this.#parser}`;
  }

  #stop(): void {
    this.#watchdog.end();
    Error.stackTraceLimit = STACK_LINES;
  }

  end(): Outcome {
    this.#stop();
    const growth = Math.max(0, bytesInUse() - this.#warm);
    const kept = `${(growth / 2 ** 20).toFixed(1)} MiB`;
    must(growth < MOST_GROWTH_BYTES, `${this.#parser} gives its memory back: ${kept} more after ${INPUTS} inputs`);
    const seconds = (cpuMs() - this.#startedAt) / 1000;
    return { parser: this.#parser, seed: SEED, inputs: INPUTS, seconds, slowestMs: this.meter.slowestMs, growth };
  }
}

/** The same failure once more, with its stack; none where it does not come again. */
function thrownBy(give: () => void): unknown {
  try {
    give();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** For the table at the end of `npm test` and `npm run fuzz` (build/fuzz-report.mjs); to whoever runs vitest itself, a line. */
function report(outcome: Outcome): void {
  if (REPORT) return appendFileSync(REPORT, `${JSON.stringify(outcome)}\n`);
  const { parser, inputs, seconds, slowestMs } = outcome;
  console.log(`${parser}: ${inputs} inputs in ${seconds.toFixed(1)} s, the slowest took ${slowestMs.toFixed(2)} ms`);
}
