// @ts-check
/** `npm start`: sets the checkout up, saying what it does, and starts the headless host with its own server. */
import { ensureBuilt } from "./bundle.mjs";
import { run } from "./run.mjs";
import { ensureInstalled, exitOnSetupError, sayToStderr } from "./setup.mjs";

try {
  sayToStderr(`GoVPN Desktop on Node ${process.versions.node}`);
  await ensureInstalled();
  await ensureBuilt(["govpn"]);
} catch (error) {
  exitOnSetupError(error);
}
await run("govpn", ["start", ...process.argv.slice(2)]);
