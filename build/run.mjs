// @ts-check
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { dist } from "./bundle.mjs";

/**
 * Runs a bundled program in this very process, as if `node dist/NAME.mjs ARGS` had been typed: its signals, its exit
 * status and its streams are the program's own, with nothing in between that could hold or lose one.
 * @param {string} name below dist/, without .mjs
 * @param {readonly string[]} args
 */
export async function run(name, args) {
  const file = join(dist, `${name}.mjs`);
  process.argv = [process.execPath, file, ...args];
  process.setSourceMapsEnabled(true);
  await import(pathToFileURL(file).href);
}
