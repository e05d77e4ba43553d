// @ts-check
/**
 * `npm start`: sets the checkout up, saying what it does, and opens the desktop app. Where there is none, or with options
 * (they are those of `govpn start`), it runs the headless host, with its own server and its user interface for a browser.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { dist, ensureBuilt } from "./bundle.mjs";
import { desktopObstacle, ensureElectron, runDesktop } from "./electron.mjs";
import { run } from "./run.mjs";
import { ensureInstalled, exitOnSetupError, sayToStderr } from "./setup.mjs";

const args = process.argv.slice(2);

try {
  sayToStderr(`GoVPN Desktop on Node ${process.versions.node}`);
  await ensureInstalled();
  await ensureBuilt(["govpn", "desktop", "renderer"]);
  const desktop = await openDesktop();
  if ("ended" in desktop) process.exit(desktop.ended);
  if (desktop.reason)
    sayToStderr(`No desktop app: ${desktop.reason}. Its user interface is served to a browser instead.`);
} catch (error) {
  exitOnSetupError(error);
}
await run("govpn", ["start", "--ui", ...args]);

/** @returns {Promise<{ended: number} | {reason: string}>} the reason is empty when nobody asked for the app */
async function openDesktop() {
  if (args.some((arg) => !/^govpn:/i.test(arg))) return { reason: "" };
  const main = join(dist, "desktop/main.mjs");
  const obstacle = desktopObstacle({ platform: process.platform, env: process.env, uid: process.getuid?.() });
  if (obstacle !== undefined) return { reason: obstacle };
  const electron = await ensureElectron(sayToStderr);
  if ("reason" in electron) return electron;
  if (!existsSync(main)) return { reason: "it is not part of this checkout" };
  return runDesktop(electron.binary, [main, ...args]);
}
