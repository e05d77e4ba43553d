// @ts-check
/** Which of the specs in test/e2e run on Electron too, and on which Electron. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { electronBinary } from "./electron.mjs";
import { root } from "./setup.mjs";

/** What is passed to the tests: where Electron's program is. Without it people have a browser. */
export const ELECTRON_VARIABLE = "GOVPN_E2E_ELECTRON";

/** Their subject is what is Chromium's alone: how a browser gets in, and who else does not. */
const IN_CHROMIUM_ALONE = /\.chromium\.test\.ts$/;

export const NO_ELECTRON =
  "there is no Electron here: get it with `npx install-electron`, or name the folder of one in ELECTRON_OVERRIDE_DIST_PATH";

/**
 * @param {readonly string[]} vitestArgs what was asked for: files, if not all, and vitest's own options
 * @returns {string[]} the same for a run on Electron, or nothing where it was asked for specs that have none
 */
export function electronArgs(vitestArgs, folder = join(root, "test/e2e")) {
  const isFile = (/** @type {string} */ arg) => arg.endsWith(".test.ts");
  const asked = vitestArgs.filter(isFile);
  const all = readdirSync(folder).filter(isFile);
  const specs = (asked.length > 0 ? asked : all.map((file) => `test/e2e/${file}`)).filter(
    (file) => !IN_CHROMIUM_ALONE.test(file),
  );
  return specs.length > 0 ? [...specs, ...vitestArgs.filter((arg) => !isFile(arg))] : [];
}

/** @returns {{binary: string} | {reason: string}} */
export function electronForTests(env = process.env) {
  const binary = electronBinary(env);
  return binary ? { binary } : { reason: NO_ELECTRON };
}
