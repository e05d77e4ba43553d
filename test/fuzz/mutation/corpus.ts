import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A folder a parser, a file an input: sound ones, strange ones, and every one that a parser has ever stumbled over. */
export const CORPUS = fileURLToPath(new URL("../corpus/", import.meta.url));

export interface Seed {
  /** The file's name: what is strange about it. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** @throws when the parser has none: its name is not that of its folder */
export function seedsOf(parser: string): readonly Seed[] {
  const folder = `${CORPUS}${parser}/`;
  const seeds = readdirSync(folder)
    .filter((name) => !name.startsWith("."))
    .sort()
    .map((name) => ({ name, bytes: Uint8Array.from(readFileSync(`${folder}${name}`)) }));
  if (seeds.length === 0) throw new Error(`test/fuzz/corpus/${parser} is empty`);
  return seeds;
}

/** A file of text. What is no UTF-8 in it counts as a parser would be given it: with U+FFFD in its place. */
export function textOf({ bytes }: Seed): string {
  return new TextDecoder().decode(bytes);
}
