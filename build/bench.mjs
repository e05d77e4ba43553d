// @ts-check
/** `npm run bench -- NAME [ARGS]`: bundles and runs test/bench/NAME.ts. Without a name it lists them. */
import { benchmarks, ensureBuilt } from "./bundle.mjs";
import { run } from "./run.mjs";
import { ensureInstalled, exitOnSetupError, SetupError } from "./setup.mjs";

const [name, ...args] = process.argv.slice(2);
const names = benchmarks();
if (name === undefined) {
  console.log(names.length > 0 ? `npm run bench -- NAME\n  ${names.join("\n  ")}` : "There are no benchmarks");
} else {
  try {
    if (!names.includes(name)) throw new SetupError(`there is no benchmark "${name}": ${names.join(", ")}`);
    await ensureInstalled();
    // A benchmark may start the product itself, or the lab's servers.
    await ensureBuilt();
  } catch (error) {
    exitOnSetupError(error);
  }
  await run(`bench/${name}`, args);
}
