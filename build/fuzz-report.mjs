// @ts-check
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { readIfThere, root } from "./setup.mjs";

/** What the fuzz tests did, for the end of a run: a line of JSON for each parser (test/fuzz/mutation/drive.ts). */
const file = join(root, ".test-output/fuzz-report.jsonl");
const MIB = 2 ** 20;

/** Begins a report. @returns {Record<string, string>} what the tests must find in their environment */
export function newFuzzReport() {
  mkdirSync(dirname(file), { recursive: true });
  rmSync(file, { force: true });
  return { GOVPN_FUZZ_REPORT: file };
}

/**
 * What was reported.
 * @returns {string[]} lines for people; none when nothing was fuzzed
 */
export function fuzzLines() {
  const text = readIfThere(file) ?? "";
  /** @type {import("../test/fuzz/mutation/drive.ts").Outcome[]} */
  const outcomes = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
  if (outcomes.length === 0) return [];
  const lines = outcomes
    .sort((a, b) => (a.parser < b.parser ? -1 : 1))
    .map(({ parser, inputs, seconds, slowestMs, growth, seed }) =>
      [
        inputs.toLocaleString("en").padStart(12),
        ` ${parser.padEnd(24)}`,
        `${seconds.toFixed(1).padStart(6)} s`,
        `slowest ${slowestMs.toFixed(2).padStart(6)} ms`,
        `kept ${(growth / MIB).toFixed(1).padStart(4)} MiB`,
        `seed ${seed}`,
      ].join("  "),
    );
  const inputs = outcomes.reduce((sum, each) => sum + each.inputs, 0);
  return [...lines, `${inputs.toLocaleString("en").padStart(12)}  inputs to ${outcomes.length} parsers in all`];
}
