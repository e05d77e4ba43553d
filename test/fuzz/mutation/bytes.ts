import type { Dice } from "./dice.ts";

/** Where parsers draw their lines. */
const EDGES = [
  0x00, 0x01, 0x04, 0x05, 0x06, 0x0f, 0x10, 0x11, 0x2c, 0x3a, 0x3f, 0x40, 0x45, 0x60, 0x7f, 0x80, 0xfe, 0xff,
];
const MOST_EDITS = 4;
/** One in so many inputs is a sample as it is, so that what follows from a whole one is reached too. */
const UNTOUCHED = 16;
/** And one in so many is noise alone. */
const NOISE = 32;
const MOST_NOISE = 120;
/** Headers are at the front: most edits go there. */
const FRONT_BYTES = 64;

/** Makes inputs out of samples: bytes set, flipped and counted up, pieces cut out, doubled, or put in from another sample. */
export class ByteMutator {
  readonly #dice: Dice;
  readonly #samples: readonly Uint8Array[];
  readonly #out: Uint8Array;
  #length = 0;

  /** @param out where inputs are made; what does not fit is cut off */
  constructor(dice: Dice, samples: readonly Uint8Array[], out: Uint8Array) {
    this.#dice = dice;
    this.#samples = samples;
    this.#out = out;
  }

  /** @returns the length of the next input, which is at the front of `out` */
  next(): number {
    const dice = this.#dice;
    if (dice.roll(NOISE) === 0) return this.#noise();
    const sample = dice.pick(this.#samples);
    this.#length = Math.min(sample.length, this.#out.length);
    this.#out.set(this.#length === sample.length ? sample : sample.subarray(0, this.#length));
    if (dice.roll(UNTOUCHED) === 0) return this.#length;
    for (let edits = 1 + dice.roll(MOST_EDITS); edits > 0; edits--) this.#edit();
    return this.#length;
  }

  #noise(): number {
    const length = this.#dice.roll(MOST_NOISE);
    for (let i = 0; i < length; i++) this.#out[i] = this.#dice.roll(256);
    return length;
  }

  #edit(): void {
    const dice = this.#dice;
    if (this.#length === 0) return;
    const at = dice.roll(dice.roll(4) === 0 ? this.#length : Math.min(this.#length, FRONT_BYTES));
    const before = this.#out[at] ?? 0;
    switch (dice.roll(12)) {
      case 0:
      case 1:
        this.#out[at] = dice.roll(256);
        return;
      case 2:
      case 3:
      case 4:
        this.#out[at] = dice.pick(EDGES);
        return;
      case 5:
      case 6:
        this.#out[at] = before ^ (1 << dice.roll(8));
        return;
      case 7:
        this.#out[at] = before + dice.roll(5) - 2;
        return;
      case 8:
        this.#length = dice.roll(this.#length + 1);
        return;
      case 9:
        return this.#cutOut(at, 1 + dice.roll(16));
      case 10:
        return this.#double(at, 1 + dice.roll(16));
      default:
        return this.#splice(at);
    }
  }

  #cutOut(at: number, bytes: number): void {
    this.#out.copyWithin(at, Math.min(this.#length, at + bytes), this.#length);
    this.#length = Math.max(at, this.#length - bytes);
  }

  #double(at: number, bytes: number): void {
    const length = Math.min(this.#out.length, this.#length + bytes);
    this.#out.copyWithin(Math.min(at + bytes, length), at, this.#length);
    this.#length = length;
  }

  /** From here on, another sample, from anywhere in it. */
  #splice(at: number): void {
    const other = this.#dice.pick(this.#samples);
    const from = this.#dice.roll(other.length + 1);
    const piece = other.subarray(from, from + this.#out.length - at);
    this.#out.set(piece, at);
    this.#length = at + piece.length;
  }
}
