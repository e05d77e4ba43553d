// @ts-check
import { fork, spawn } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readIfThere, root, seconds, writeWithFolders } from "./setup.mjs";

/** A connection that sends nothing for this long is taken for one that was cut, as some firewalls do without a word. */
const SILENCE_MS = 30_000;
/** After a download that failed, `npm start` waits for none again until this much later. */
const RETRY_AFTER_MS = 24 * 60 * 60 * 1000;
/** An app that ends this soon, with a status that is no success, has never shown a window. */
const STARTED_AFTER_MS = 5_000;

const packageFolder = join(root, "node_modules/electron");
/** Holds when a download failed last, in milliseconds since 1970. npm ci removes it. */
const failureFile = join(root, "node_modules/.govpn-no-electron");

/** @typedef {{binary: string} | {reason: string}} Found Electron's program, or half a sentence of why there is none. */

/**
 * Why the desktop app is not even tried here.
 * @param {{platform: string, env: NodeJS.ProcessEnv, uid: number | undefined}} machine
 * @returns {string | undefined}
 */
export function desktopObstacle({ platform, env, uid }) {
  if (platform === "linux" && !env.DISPLAY && !env.WAYLAND_DISPLAY) return "there is no graphical session";
  if (platform === "linux" && uid === 0) return "a desktop app does not run as root";
  return undefined;
}

/**
 * Electron's program, downloaded if need be.
 * @param {import("./setup.mjs").Say} say
 * @returns {Promise<Found>}
 */
export async function ensureElectron(say) {
  if (!existsSync(packageFolder)) return { reason: "the package electron is not installed" };
  const there = electronBinary();
  if (there) return { binary: there };
  const failedAt = Number(readIfThere(failureFile) ?? 0);
  if (Date.now() - failedAt < RETRY_AFTER_MS) {
    return { reason: "Electron could not be downloaded (to try again: npx install-electron)" };
  }
  const started = Date.now();
  say("Downloading Electron, once");
  const problem = await download();
  const binary = electronBinary();
  if (problem === undefined && binary) {
    rmSync(failureFile, { force: true });
    say(`Downloaded Electron in ${seconds(started)}`);
    return { binary };
  }
  writeWithFolders(failureFile, String(Date.now()));
  return { reason: `Electron could not be downloaded (${problem ?? "nothing came of it"})` };
}

/**
 * Where electron's own package says that its program is; undefined when it is not there. Whoever has one elsewhere names
 * its folder in ELECTRON_OVERRIDE_DIST_PATH, as for the package itself.
 */
export function electronBinary(env = process.env, folder = packageFolder) {
  const name = readIfThere(join(folder, "path.txt"));
  const elsewhere = env.ELECTRON_OVERRIDE_DIST_PATH;
  const binary = elsewhere ? resolve(elsewhere, name ?? "electron") : name && join(folder, "dist", name);
  return binary && existsSync(binary) ? binary : undefined;
}

/** @returns {Promise<string | undefined>} what went wrong, in a few words */
export function download(
  script = fileURLToPath(new URL("electron-download.mjs", import.meta.url)),
  silenceMs = SILENCE_MS,
) {
  const child = fork(script, { stdio: ["ignore", "ignore", "pipe", "ipc"] });
  let words = "";
  child.stderr?.on("data", (/** @type {Buffer} */ chunk) => {
    words += chunk.toString("utf8");
  });
  return new Promise((resolve) => {
    let timer = setTimeout(giveUp, silenceMs);
    function giveUp() {
      child.kill("SIGKILL");
      resolve(`nothing came for ${silenceMs / 1000} s`);
    }
    child.on("message", () => {
      clearTimeout(timer);
      timer = setTimeout(giveUp, silenceMs);
    });
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve(code === 0 ? undefined : downloadProblem(words));
    });
  });
}

/**
 * The cause among the lines of a stack trace: "getaddrinfo ENOTFOUND github.com" says more than "fetch failed".
 * @param {string} words
 */
function downloadProblem(words) {
  const [, cause] = /\[cause\]: \w*Error: ([^\n]+)/.exec(words) ?? /^\w*Error: ([^\n]+)/m.exec(words) ?? [];
  return (cause ?? "no reason was given").replace(/[\s{]+$/, "");
}

/** 1 where programs without a profile of AppArmor may make no user namespaces: Ubuntu 24.04 and later. */
const RESTRICTED_NAMESPACES = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns";

/**
 * What to do where Chromium ends because it cannot make its sandbox. An installed app brings a profile along; an Electron
 * in a checkout can be given the helper that needs none.
 * @param {string} binary
 * @returns {string} more of the sentence, or nothing
 */
function sandboxAdvice(binary, restricted = RESTRICTED_NAMESPACES) {
  if (readIfThere(restricted)?.trim() !== "1") return "";
  const helper = join(dirname(binary), "chrome-sandbox");
  return `; if it was for want of a sandbox: sudo chown root '${helper}' && sudo chmod 4755 '${helper}'`;
}

/**
 * Runs the desktop app to its end.
 * @param {string} binary
 * @param {readonly string[]} args
 * @param {string} [restricted] the file that says whether programs may make user namespaces
 * @returns {Promise<{ended: number} | {reason: string}>} its exit status, or why it never came up
 */
export function runDesktop(binary, args, restricted) {
  const started = Date.now();
  // Set in some editors' terminals, it would make Electron a Node without any of Electron's modules.
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env;
  const child = spawn(binary, args, { stdio: "inherit", env });
  // A terminal's Ctrl-C reaches both; what is sent to this process alone is passed on.
  const pass = (/** @type {NodeJS.Signals} */ signal) => void child.kill(signal);
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.on(signal, pass);
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ reason: `Electron does not start (${error.message})` }));
    child.once("exit", (code, signal) => {
      for (const each of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) process.off(each, pass);
      const isAsked = signal === "SIGINT" || signal === "SIGTERM" || signal === "SIGHUP";
      const isEarly = Date.now() - started < STARTED_AFTER_MS && code !== 0 && !isAsked;
      const how = signal ?? `status ${code}`;
      if (isEarly)
        resolve({ reason: `Electron ended at once (${how})${signal ? sandboxAdvice(binary, restricted) : ""}` });
      else resolve({ ended: code ?? 1 });
    });
  });
}
