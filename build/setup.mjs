// @ts-check
/**
 * Brings a checkout to where its programs can run: the right Node, and the packages of package-lock.json.
 * Runs before anything is installed, so it uses Node alone, and only syntax that an old Node can still read
 * far enough to be told that it is too old.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout's top folder. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** The oldest Node that runs this: what vite, vitest and rolldown ask for. Said in package.json's `engines` too. */
const OLDEST_NODE = [20, 19];

const lockFile = join(root, "package-lock.json");
const modules = join(root, "node_modules");
/** Says which lock file node_modules was made from. npm ci removes it together with node_modules. */
const stampFile = join(modules, ".govpn-installed");

/** @typedef {(line: string) => void} Say Prints one line of progress. */

/** Progress goes to standard error: standard output belongs to the program that is started afterwards. */
/** @type {Say} */
export const sayToStderr = (line) => void process.stderr.write(`${line}\n`);

/** A failure whose sentence is all that a person needs: no stack trace is printed for it. */
export class SetupError extends Error {}

/**
 * Ends the process with the sentence of a SetupError, or with the stack of anything else.
 * @param {unknown} thrown
 * @returns {never}
 */
export function exitOnSetupError(thrown) {
  console.error(thrown instanceof SetupError ? `govpn: ${thrown.message}` : thrown);
  process.exit(1);
}

/** @returns {string | undefined} what is wrong with this Node, in one sentence */
export function nodeProblem(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined;
  return `Node ${OLDEST_NODE.join(".")} or later is needed and this is Node ${version}: install a newer one from https://nodejs.org and run this again.`;
}

/**
 * Installs the packages if they are missing or not those of the lock file.
 * @param {Say} [say]
 */
export async function ensureInstalled(say = sayToStderr) {
  const problem = nodeProblem();
  if (problem) throw new SetupError(problem);
  const lock = readFileSync(lockFile, "utf8");
  const wanted = createHash("sha256").update(lock).digest("hex");
  if (readIfThere(stampFile) === wanted) return;
  if (isInstalled(JSON.parse(lock), readIfThere(join(modules, ".package-lock.json")))) {
    writeFileSync(stampFile, wanted);
    return;
  }
  const started = Date.now();
  say(existsSync(modules) ? "Installing packages: package-lock.json has changed" : "Installing packages (npm ci)");
  await npmCi();
  mkdirSync(modules, { recursive: true });
  writeFileSync(stampFile, wanted);
  say(`Installed packages in ${seconds(started)}`);
}

/**
 * Whether what npm recorded inside node_modules is what the lock file asks for, however it got there (`npm i` by a
 * developer leaves no stamp of ours). Optional packages may be missing: they are other platforms' binaries.
 * @param {{packages: Record<string, {version?: string, optional?: boolean}>}} lock
 * @param {string | undefined} recordedText node_modules/.package-lock.json
 */
export function isInstalled(lock, recordedText) {
  if (recordedText === undefined) return false;
  const recorded = JSON.parse(recordedText).packages ?? {};
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (path === "") return true;
    const found = recorded[path];
    return found ? found.version === wanted.version : wanted.optional === true;
  });
}

/**
 * npm tells the scripts that it runs where it is; a launcher started by hand takes the one in PATH.
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnOptions} options
 */
export function spawnNpm(args, options) {
  const npm = process.env.npm_execpath;
  const ownNpm = npm !== undefined && /\.c?js$/.test(npm) && npm.includes("npm-cli");
  const command = ownNpm ? process.execPath : "npm";
  const shell = !ownNpm && process.platform === "win32";
  return spawn(command, ownNpm ? [npm, ...args] : args, { cwd: root, shell, ...options });
}

/** @returns {Promise<void>} */
function npmCi() {
  // Without npm's warnings: electron's downloader asks for a newer Node than ours, at length, and runs on ours.
  const args = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  const child = spawnNpm(args, { stdio: ["ignore", 2, 2] });
  return new Promise((resolve, reject) => {
    child.once("error", (error) =>
      reject(new SetupError(`npm could not be started (${error.message}): install it with Node and run this again.`)),
    );
    child.once("exit", (code, signal) => {
      if (code === 0) return resolve();
      const how = signal ? `was ended by ${signal}` : `failed with exit status ${code}`;
      const advice = "its own words are above; check the connection to the npm registry and run this again.";
      reject(new SetupError(`npm ci ${how}: ${advice}`));
    });
  });
}

/**
 * Runs npm to its end and gives what it printed to standard output; its complaints go to this process's.
 * @param {readonly string[]} args
 * @returns {Promise<string>}
 */
export function askNpm(args) {
  const child = spawnNpm(["--loglevel=error", ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk) => {
    printed += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(new SetupError(`npm could not be started: ${error.message}`)));
    child.once("close", () => resolve(printed));
  });
}

/** @param {string} path */
export function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

/**
 * Writes a file and the folders above it.
 * @param {string} path
 * @param {string} text
 */
export function writeWithFolders(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** @param {unknown} thrown */
export function messageOf(thrown) {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** @param {number} started a Date.now() */
export function seconds(started) {
  return `${((Date.now() - started) / 1000).toFixed(1)} s`;
}
