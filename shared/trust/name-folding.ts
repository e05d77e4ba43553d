/**
 * Letters of other alphabets, and signs, that are drawn like Latin letters in most typefaces: the part of Unicode's table of
 * confusables (UTS 39) that can turn one common name into another. They are compared after case folding.
 */
const LOOKALIKES: Readonly<Record<string, string>> = {
  // Cyrillic
  а: "a",
  в: "b",
  е: "e",
  ԁ: "d",
  һ: "h",
  і: "l",
  ј: "j",
  к: "k",
  м: "m",
  н: "h",
  о: "o",
  р: "p",
  ԛ: "q",
  с: "c",
  ѕ: "s",
  т: "t",
  у: "y",
  ѵ: "v",
  ԝ: "w",
  х: "x",
  ӏ: "l",
  // Greek
  α: "a",
  β: "b",
  ε: "e",
  η: "h",
  ι: "l",
  κ: "k",
  μ: "m",
  ν: "v",
  ο: "o",
  ρ: "p",
  τ: "t",
  υ: "y",
  χ: "x",
  ζ: "z",
  γ: "y",
  ω: "w",
  ϳ: "j",
  // Armenian
  օ: "o",
  ս: "u",
  ո: "n",
  հ: "h",
  յ: "j",
  զ: "q",
  // Latin letters of phonetic alphabets, and small capitals
  ɑ: "a",
  ɡ: "g",
  ɩ: "l",
  ɪ: "l",
  ʟ: "l",
  ᴀ: "a",
  ʙ: "b",
  ᴄ: "c",
  ᴅ: "d",
  ᴇ: "e",
  ɢ: "g",
  ʜ: "h",
  ᴊ: "j",
  ᴋ: "k",
  ᴍ: "m",
  ɴ: "n",
  ᴏ: "o",
  ᴘ: "p",
  ʀ: "r",
  ᴛ: "t",
  ᴜ: "u",
  ᴠ: "v",
  ᴡ: "w",
  ʏ: "y",
  ᴢ: "z",
  // "AIice" and "A1ice" pass for "Alice".
  ı: "l",
  i: "l",
  "1": "l",
  "|": "l",
  "0": "o",
};

/** Spaces of every width, and what draws nothing: joiners, variation selectors, controls, fillers. */
const unseen = /[\s\p{C}\p{DI}\u2800]/gu;

/**
 * What is left of a member's name when only what people see counts: two names that fold alike pass for each other. Never
 * shown. Empty when nothing visible is in it.
 */
export function foldName(name: string): string {
  // Upper before lower: "ß" and "SS", or the three sigmas, meet only that way. NFKC again, because cases can decompose.
  const plain = name.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKC").replace(unseen, "");
  return Array.from(plain, (letter) => LOOKALIKES[letter] ?? letter).join("");
}
