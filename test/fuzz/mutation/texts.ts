import type { Dice } from "./dice.ts";

/** What parsers of JSON, SDP, links and addresses trip over. */
const SPLINTERS = [
  ..."\"\\{}[],:;=%#?&@/.-+~<>'`\r\n\t\0 \u0085\u2028\ufeff\ud800\udc00\u202e",
  "",
  "\r\n",
  "::",
  "//",
  "..",
  "%00",
  "%0a",
  "%ff",
  "%C3%28",
  "AB:",
  "a=candidate:",
  "candidate:",
  "m=",
  "a=mid:",
  "a=fingerprint:sha-256 ",
  "__proto__",
  "constructor",
  "toString",
];

/** What takes the place of a number, a word or a string: every type of JSON, and the edges of each. */
const VALUES = [
  "null",
  "true",
  "false",
  "0",
  "-0",
  "-1",
  "1",
  "0.5",
  "1e999",
  "-1e999",
  "1e-999",
  "65535",
  "65536",
  "2147483648",
  "4294967295",
  "4294967296",
  "9007199254740991",
  "9007199254740993",
  '""',
  '" "',
  '"\\u0000"',
  '"\\ud800"',
  '"__proto__"',
  '"constructor"',
  "[]",
  "{}",
  "[[[[[[[[]]]]]]]]",
  '{"__proto__":{"x":1}}',
  '{"toString":1,"valueOf":null}',
  "[null]",
  `"${"x".repeat(70)}"`,
  `"${"ü".repeat(40)}"`,
];

const MOST_EDITS = 4;
/** One in so many inputs is a sample as it is, so that what follows from a whole one is reached too. */
const UNTOUCHED = 16;
/** One in so many has one piece a hundred times over. */
const REPEATED = 64;
const MOST_CUT = 24;
/** Strings, numbers and words: where a change leaves the rest of the text well formed. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|[A-Za-z_][\w-]*/g;
/** A member of a JSON object, or an element of a list, with what is behind it. */
const MEMBER = /"(?:[^"\\]|\\.)*"\s*:\s*(?:"(?:[^"\\]|\\.)*"|[^,{}[\]"]+)\s*,?/g;

interface Sample {
  readonly text: string;
  readonly tokens: readonly Piece[];
  readonly members: readonly Piece[];
}

interface Piece {
  readonly start: number;
  readonly end: number;
}

/**
 * Makes texts out of samples. Half of them stay well formed for the most part: a value becomes another, a member is left
 * out or comes twice. The others are broken anywhere: splinters put in, pieces cut out, doubled, or put in from another
 * sample.
 */
export class TextMutator {
  readonly #dice: Dice;
  readonly #samples: readonly Sample[];

  constructor(dice: Dice, samples: readonly string[]) {
    this.#dice = dice;
    this.#samples = samples.map((text) => ({ text, tokens: pieces(text, TOKEN), members: pieces(text, MEMBER) }));
  }

  next(): string {
    const dice = this.#dice;
    const sample = dice.pick(this.#samples);
    if (dice.roll(UNTOUCHED) === 0) return sample.text;
    if (dice.roll(REPEATED) === 0) return this.#repeat(sample.text);
    if (dice.roll(2) === 0) return this.#wellFormed(sample);
    let { text } = sample;
    for (let edits = 1 + dice.roll(MOST_EDITS); edits > 0; edits--) text = this.#break(text);
    return text;
  }

  #wellFormed(sample: Sample): string {
    const dice = this.#dice;
    const { text, tokens, members } = sample;
    if (members.length > 0 && dice.roll(4) === 0) {
      const { start, end } = dice.pick(members);
      // Left out, or twice.
      return (
        text.slice(0, start) +
        (dice.roll(2) === 0 ? "" : text.slice(start, end) + text.slice(start, end)) +
        text.slice(end)
      );
    }
    if (tokens.length === 0) return this.#break(text);
    const { start, end } = dice.pick(tokens);
    return text.slice(0, start) + this.#value(text.slice(start, end)) + text.slice(end);
  }

  /** Another value for a token: of any type, from another sample, or nearly the same. */
  #value(token: string): string {
    const dice = this.#dice;
    switch (dice.roll(4)) {
      case 0: {
        const { text, tokens } = dice.pick(this.#samples);
        if (tokens.length === 0) return token;
        const { start, end } = dice.pick(tokens);
        return text.slice(start, end);
      }
      case 1: {
        // Within its quotes, if it has any.
        const at = token.length > 1 ? 1 + dice.roll(token.length - 1) : 0;
        return token.slice(0, at) + String.fromCharCode(0x20 + dice.roll(0x5f)) + token.slice(at + dice.roll(2));
      }
      default:
        return dice.pick(VALUES);
    }
  }

  #repeat(text: string): string {
    const dice = this.#dice;
    const at = dice.roll(text.length + 1);
    const piece = text.slice(at, at + 1 + dice.roll(MOST_CUT));
    return text.slice(0, at) + piece.repeat(1 + dice.roll(200)) + text.slice(at);
  }

  #break(text: string): string {
    const dice = this.#dice;
    const at = dice.roll(text.length + 1);
    const [front, back] = [text.slice(0, at), text.slice(at)];
    switch (dice.roll(8)) {
      case 0:
        return front;
      case 1:
        return front + back.slice(dice.roll(MOST_CUT));
      case 2:
        return front + back.slice(0, dice.roll(MOST_CUT)) + back;
      case 3:
        return front + String.fromCharCode(dice.roll(dice.roll(8) === 0 ? 0x1_0000 : 0x80)) + back.slice(1);
      case 4: {
        const other = dice.pick(this.#samples).text;
        return front + other.slice(dice.roll(other.length + 1));
      }
      default:
        return front + dice.pick(SPLINTERS) + back.slice(dice.roll(3));
    }
  }
}

function pieces(text: string, pattern: RegExp): readonly Piece[] {
  return [...text.matchAll(pattern)].map((match) => ({ start: match.index, end: match.index + match[0].length }));
}
