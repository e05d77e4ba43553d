// @ts-check
/**
 * `npm run fuzz [-- INPUTS]`: the fuzz tests with ten times the inputs that `npm test` gives them, ten million for each
 * parser of the data plane. Takes some twenty minutes. test/fuzz/runs.ts says what follows from the number.
 */
import { join } from "node:path";
import { endChildren, finish } from "./children.mjs";
import { ensureInstalled, exitOnSetupError, root, SetupError } from "./setup.mjs";

const DEFAULT_INPUTS = "10000000";

/** @param {string} inputs */
async function fuzz(inputs) {
  if (!/^[1-9]\d*$/.test(inputs)) throw new SetupError(`"${inputs}" is not a number of inputs`);
  await ensureInstalled();
  // No test may end for its time: the number of inputs is the limit.
  const args = ["run", "--config=build/vitest.config.ts", "--project=fuzz", "--testTimeout=0"];
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const { code } = await finish(process.execPath, [vitest, ...args], "show", { GOVPN_FUZZ_RUNS: inputs });
  process.exitCode = code ?? 1;
}

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.once(signal, () => {
    endChildren();
    process.kill(process.pid, signal);
  });
}
process.on("exit", endChildren);
fuzz(process.argv[2] ?? DEFAULT_INPUTS).catch(exitOnSetupError);
