// @ts-check
/** `npm run fuzz [-- RUNS]`: the fuzz tests with many more inputs than `npm test` gives them. Takes hours. */
import { join } from "node:path";
import { endChildren, finish } from "./children.mjs";
import { ensureInstalled, exitOnSetupError, root, SetupError } from "./setup.mjs";

const DEFAULT_RUNS = "10000000";

/** @param {string} runs */
async function fuzz(runs) {
  if (!/^[1-9]\d*$/.test(runs)) throw new SetupError(`"${runs}" is not a number of runs`);
  await ensureInstalled();
  // No test may end for its time: the number of runs is the limit.
  const args = ["run", "--config=build/vitest.config.ts", "--project=fuzz", "--testTimeout=0"];
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const { code } = await finish(process.execPath, [vitest, ...args], "show", { GOVPN_FUZZ_RUNS: runs });
  process.exitCode = code ?? 1;
}

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.once(signal, () => {
    endChildren();
    process.kill(process.pid, signal);
  });
}
process.on("exit", endChildren);
fuzz(process.argv[2] ?? DEFAULT_RUNS).catch(exitOnSetupError);
