// @ts-check
/**
 * `npm run fuzz [-- INPUTS [FILE …]]`: the fuzz tests with ten times the inputs that `npm test` gives them, ten million for
 * each parser. test/fuzz/runs.ts says what follows from the number.
 */
import { join } from "node:path";
import { endChildren, finish } from "./children.mjs";
import { fuzzLines, newFuzzReport } from "./fuzz-report.mjs";
import { ensureInstalled, exitOnSetupError, root, SetupError } from "./setup.mjs";

const DEFAULT_INPUTS = "10000000";

/**
 * @param {string} inputs
 * @param {readonly string[]} files of the tests to run; none: all
 */
async function fuzz(inputs, files) {
  if (!/^[1-9]\d*$/.test(inputs)) throw new SetupError(`"${inputs}" is not a number of inputs`);
  await ensureInstalled();
  // No test may end for its time: the number of inputs is the limit.
  const args = ["run", "--config=build/vitest.config.ts", "--project=fuzz", "--testTimeout=0", ...files];
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const env = { GOVPN_FUZZ_RUNS: inputs, ...newFuzzReport() };
  const { code } = await finish(process.execPath, [vitest, ...args], "show", env);
  for (const line of fuzzLines()) console.log(line);
  process.exitCode = code ?? 1;
}

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.once(signal, () => {
    endChildren();
    process.kill(process.pid, signal);
  });
}
process.on("exit", endChildren);
const [inputs = DEFAULT_INPUTS, ...files] = process.argv.slice(2);
fuzz(inputs, files).catch(exitOnSetupError);
