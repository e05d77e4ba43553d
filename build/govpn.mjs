// @ts-check
/** `npm run -s govpn -- ARGS`: the command line of this checkout. Installs and builds first, in silence if it can. */
import { ensureBuilt } from "./bundle.mjs";
import { run } from "./run.mjs";
import { ensureInstalled, exitOnSetupError } from "./setup.mjs";

try {
  await ensureInstalled();
  await ensureBuilt(["govpn"]);
} catch (error) {
  exitOnSetupError(error);
}
await run("govpn", process.argv.slice(2));
