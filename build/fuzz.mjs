// @ts-check
/**
 * `npm run fuzz [-- INPUTS [FILE …]]`: the fuzz tests with ten times the inputs that `npm test` gives them, ten million for
 * each parser. test/fuzz/runs.ts says what follows from the number. Without files, the models of rooms' trust follow, with towns of
 * their own, and more of them.
 */
import { join } from "node:path";
import { endChildren, finish } from "./children.mjs";
import { fuzzLines, newFuzzReport } from "./fuzz-report.mjs";
import { ensureInstalled, exitOnSetupError, root, SetupError } from "./setup.mjs";

const DEFAULT_INPUTS = "10000000";
/** A model town for so many inputs: both take about as long. */
const INPUTS_A_TOWN = 5_000;

/**
 * @param {string} inputs
 * @param {readonly string[]} files of the tests to run; none: all
 */
async function fuzz(inputs, files) {
  if (!/^[1-9]\d*$/.test(inputs)) throw new SetupError(`"${inputs}" is not a number of inputs`);
  await ensureInstalled();
  // No test may end for its time: the number of inputs is the limit.
  const common = ["run", "--config=build/vitest.config.ts", "--testTimeout=0"];
  const args = [...common, "--project=fuzz", ...files];
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const env = { GOVPN_FUZZ_RUNS: inputs, ...newFuzzReport() };
  const { code } = await finish(process.execPath, [vitest, ...args], "show", env);
  for (const line of fuzzLines()) console.log(line);
  process.exitCode = code ?? 1;
  if (files.length > 0 || code !== 0) return;
  const towns = String(Math.max(1, Math.round(Number(inputs) / INPUTS_A_TOWN)));
  const models = [vitest, ...common, "--project=unit", "test/unit/trust/model.test.ts"];
  process.exitCode = (await finish(process.execPath, models, "show", { GOVPN_MODEL_RUNS: towns })).code ?? 1;
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
