import { INPUTS, SEED } from "../runs.ts";
import { ByteMutator } from "./bytes.ts";
import { Dice } from "./dice.ts";
import { mutateText } from "./texts.ts";

/** Largest input: super-packets of some segments fit. */
const MOST_BYTES = 2048;
/** Bytes on each side of an input that must stay as they are. */
const GUARD_BYTES = 64;
/** Looked at after every input; the rest of the guard now and then. */
const NEAR_BYTES = 4;
const BATCH = 1024;
/** A batch takes some 10 ms; even on a machine that is busy with other things, one that takes this long holds a slow input. */
const LONGEST_BATCH_MS = 5_000;

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

/**
 * Gives a parser INPUTS inputs, each twice: amid zeros and amid ones. What it makes of them (`examine`'s digest) must be
 * the same, or it has read beyond its input; what is around them must stay, or it has written there. It must not throw.
 * @param examine checks what the parser promises, with `must`
 * @returns a line for people
 */
export function fuzzBytes(
  name: string,
  samples: readonly Uint8Array[],
  examine: (input: Uint8Array) => number,
): string {
  const scratch = new Uint8Array(MOST_BYTES);
  const mutator = new ByteMutator(new Dice(SEED), samples, scratch);
  const [zeros, ones] = [new Arena(0x00), new Arena(0xff)];
  return inBatches(name, (count) => {
    const input = scratch.subarray(0, mutator.next());
    const isThorough = count % BATCH === 0;
    try {
      const result = examine(zeros.place(input));
      must(examine(ones.place(input)) === result, "it depends on its input alone");
      const near = isThorough ? GUARD_BYTES : NEAR_BYTES;
      must(zeros.isIntact(near) && ones.isIntact(near), "it leaves alone what is around its input");
    } catch (error) {
      throw found(error, count, Buffer.from(input).toString("hex"));
    }
  });
}

/** The same with texts. */
export function fuzzTexts(name: string, samples: readonly string[], examine: (input: string) => void): string {
  const dice = new Dice(SEED);
  return inBatches(name, (count) => {
    const input = mutateText(dice, samples);
    try {
      examine(input);
    } catch (error) {
      throw found(error, count, JSON.stringify(input));
    }
  });
}

function inBatches(name: string, one: (count: number) => void): string {
  const begun = performance.now();
  let slowest = 0;
  for (let count = 0; count < INPUTS; ) {
    const startedAt = performance.now();
    for (const end = Math.min(INPUTS, count + BATCH); count < end; count++) one(count);
    const took = performance.now() - startedAt;
    slowest = Math.max(slowest, took);
    must(took < LONGEST_BATCH_MS, `${BATCH} inputs before number ${count} of seed ${SEED} take less than ${took} ms`);
  }
  const seconds = (performance.now() - begun) / 1000;
  return `${name}: ${INPUTS} inputs in ${seconds.toFixed(1)} s, the slowest ${BATCH} in ${slowest.toFixed(0)} ms`;
}

function found(error: unknown, count: number, input: string): Error {
  return new Error(`input ${count} of seed ${SEED}: ${input.slice(0, 5_000)}`, { cause: error });
}
