// @ts-check
/** Runs the app's main, the one argument that is a program, with the arguments that it would see in Electron. */
import { pathToFileURL } from "node:url";

const args = process.argv.slice(2);
const main = args.find((arg) => arg.endsWith(".mjs"));
if (main === undefined) throw new Error("no program is named");
process.argv = [process.execPath, ...args];
await import(pathToFileURL(main).href);
