import type { Dice } from "./dice.ts";

/** What parsers of JSON, SDP and candidates trip over. */
const SPLINTERS = [
  "",
  '"',
  "\\",
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "null",
  "-1",
  "0",
  "1e999",
  "9007199254740993",
  "true",
  "__proto__",
  "constructor",
  "\r",
  "\n",
  "\r\n",
  "\0",
  " ",
  "\ud800",
  "a=candidate:",
  "candidate:",
  "m=",
  "a=mid:",
  "a=fingerprint:sha-256 ",
  "AB:",
  "::",
  "%",
  "=",
];
const MOST_EDITS = 4;
const UNTOUCHED = 16;
const MOST_CUT = 24;

/** Makes texts out of samples: splinters put in, pieces cut out, doubled, or put in from another sample. */
export function mutateText(dice: Dice, samples: readonly string[]): string {
  let text = dice.pick(samples);
  if (dice.roll(UNTOUCHED) === 0) return text;
  for (let edits = 1 + dice.roll(MOST_EDITS); edits > 0; edits--) text = edit(dice, text, samples);
  return text;
}

function edit(dice: Dice, text: string, samples: readonly string[]): string {
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
      const other = dice.pick(samples);
      return front + other.slice(dice.roll(other.length + 1));
    }
    default:
      return front + dice.pick(SPLINTERS) + back.slice(dice.roll(3));
  }
}
