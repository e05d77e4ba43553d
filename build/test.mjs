// @ts-check
/**
 * `npm test [-- PROJECT … [-t PATTERN] [FILE …]]`: sets the machine up, runs the house checks and every test project,
 * and adds it all up. The last line is `N passed, N failed, N skipped`. Where there is an Electron, the specs of `e2e`
 * run on it after Chromium; `npm test -- e2e --electron` runs them on nothing else, and fails where there is none.
 */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { dist, ensureBuilt } from "./bundle.mjs";
import { endChildren, finish } from "./children.mjs";
import { ELECTRON_VARIABLE, electronArgs, electronForTests } from "./e2e-electron.mjs";
import { fuzzLines, newFuzzReport } from "./fuzz-report.mjs";
import { ensureInstalled, exitOnSetupError, messageOf, readIfThere, root, SetupError, seconds } from "./setup.mjs";
import { ensureTools } from "./tools.mjs";

/** Real hosts come last and one file at a time: they need the processors for themselves. */
const PROJECTS = ["unit", "adversary", "contract", "fuzz", "netns", "netns-alone", "e2e"];
/** They make network namespaces, and run one after the other. */
const IN_NAMESPACES = ["netns", "netns-alone", "e2e"];
/** Real hosts wait most of their time. Meanwhile one processor has work that nobody waits for, at the lowest priority. */
const BESIDE_NAMESPACES = "fuzz";
const HOUSE = "house";
const WINDOW = "e2e";
/** The specs of the window on Electron, which need one tool more. */
const WINDOW_ON_ELECTRON = "e2e-electron";
const ELECTRON_FLAG = "--electron";

/** The house checks, each counted as a test: what it is called, and the command below node_modules/. */
const HOUSE_CHECKS = [
  { name: "format and lint", script: "@biomejs/biome/bin/biome", args: ["check", "--error-on-warnings", "."] },
  { name: "types of shared/", script: "typescript/bin/tsc", args: ["-p", "shared"] },
  { name: "types of everything", script: "typescript/bin/tsc", args: ["-p", "."] },
  { name: "types of renderer/", script: "typescript/bin/tsc", args: ["-p", "renderer"] },
  {
    name: "import rules",
    script: "dependency-cruiser/bin/dependency-cruise.mjs",
    args: ["--config", "build/import-rules.cjs", "--output-type", "err-long", "shared", "electron", "renderer", "test"],
  },
  { name: "dead code", script: "knip/bin/knip.js", args: ["--config", "build/knip.json"] },
];

/** CI stops at 90 minutes; a suite that takes longer than this is not run by people. */
const BUDGET_MS = 15 * 60_000;
const SLOWEST_FILES = 5;

/** @typedef {import("./vitest-summary.ts").VitestSummary} Summary */

/** @type {Summary} */
const total = { passed: 0, failed: 0, failures: [], secondTries: [], skipped: [], files: [] };
const started = Date.now();
const fuzzReport = newFuzzReport();

/** @param {string} line */
const say = (line) => console.log(line);

/**
 * What to run, from the command line: names of projects, then whatever else is vitest's.
 * @param {readonly string[]} all
 */
function parse(all) {
  const known = [HOUSE, ...PROJECTS];
  const args = all.filter((arg) => arg !== ELECTRON_FLAG);
  const onElectronAlone = args.length < all.length;
  const firstOther = args.findIndex((arg) => !known.includes(arg));
  const names = firstOther < 0 ? args : args.slice(0, firstOther);
  const vitestArgs = firstOther < 0 ? [] : args.slice(firstOther);
  if (vitestArgs[0] && !vitestArgs[0].startsWith("-") && !existsSync(join(root, vitestArgs[0]))) {
    throw new SetupError(`"${vitestArgs[0]}" is neither a project (${known.join(", ")}) nor a file`);
  }
  if (onElectronAlone && names.some((name) => name !== WINDOW)) {
    throw new SetupError(`${ELECTRON_FLAG} is for the project ${WINDOW} alone`);
  }
  // A pattern or a file asks for some tests: the house checks are not among them.
  const everything = onElectronAlone ? [WINDOW] : vitestArgs.length > 0 ? PROJECTS : known;
  return { wanted: names.length > 0 ? names : everything, vitestArgs, onElectronAlone };
}

async function houseChecks() {
  for (const { name, script, args } of HOUSE_CHECKS) {
    await check(name, async () => {
      const { code, output } = await finish(process.execPath, [join(root, "node_modules", script), ...args], "hold");
      return code === 0 ? undefined : output;
    });
  }
}

/** Tests start the bundled program, so that what they see is what people run. */
function bundleCheck() {
  return check("bundles", async () => {
    try {
      await ensureBuilt(undefined, say);
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  });
}

/**
 * Counts one test.
 * @param {string} name
 * @param {() => Promise<string | undefined>} findProblem
 */
async function check(name, findProblem) {
  const begun = Date.now();
  const problem = await findProblem();
  if (problem === undefined) total.passed++;
  else fail(name, problem);
  say(` ${problem === undefined ? "✓" : "×"} ${name} (${seconds(begun)})`);
  if (problem !== undefined) say(problem.trimEnd());
}

/**
 * @param {string} name
 * @param {string} error
 */
function fail(name, error) {
  total.failed++;
  total.failures.push({ name, error: firstWords(error) });
}

/**
 * The line of a checker's output that says what is wrong: the first that names an error, else the first of all.
 * @param {string} text
 */
function firstWords(text) {
  const lines = stripVTControlCharacters(text)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return lines.find((line) => /error|━━|not found|×/.test(line)) ?? lines[0] ?? "no message";
}

/**
 * @param {readonly string[]} projects run by one vitest
 * @param {readonly string[]} vitestArgs
 * @param {{isBeside?: boolean, electron?: string}} [how] whether other tests run meanwhile, for which it makes way; and
 *   the Electron that has the window
 */
async function vitest(projects, vitestArgs, { isBeside = false, electron } = {}) {
  const results = join(root, ".test-output");
  mkdirSync(results, { recursive: true });
  const label = electron === undefined ? projects.join("-") : WINDOW_ON_ELECTRON;
  const summaryFile = join(results, `${label}.summary.json`);
  rmSync(summaryFile, { force: true });
  const args = [
    join(root, "node_modules/vitest/vitest.mjs"),
    "run",
    "--config=build/vitest.config.ts",
    "--passWithNoTests",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${join(results, `${label}.json`)}`,
    "--reporter=./build/vitest-summary.ts",
    ...projects.map((project) => `--project=${project}`),
    ...vitestArgs,
  ];
  const env = {
    GOVPN_TEST_SUMMARY: summaryFile,
    ...fuzzReport,
    ...(isBeside && { GOVPN_FUZZ_WORKERS: "1" }),
    ...(electron !== undefined && { [ELECTRON_VARIABLE]: electron }),
  };
  const ran = isBeside
    ? await finish(process.execPath, args, "hold", env, "low")
    : await finish(process.execPath, args, "show", env);
  if (isBeside) say(ran.output.trimEnd());
  const { code } = ran;
  const text = readIfThere(summaryFile);
  /** @type {Summary} */
  const summary =
    text === undefined
      ? { passed: 0, failed: 0, failures: [], secondTries: [], skipped: [], files: [] }
      : JSON.parse(text);
  // vitest died, or refused to start, or knows of a failure that no test stands for.
  if (code !== 0 && summary.failed === 0) {
    const error = `vitest ended with status ${code}`;
    summary.failed = 1;
    summary.failures.push({ name: projects.join(", "), error });
    say(` × ${error} (${projects.join(", ")})`);
  }
  if (electron !== undefined) {
    const { failures, secondTries, skipped, files } = summary;
    for (const each of [...failures, ...secondTries, ...skipped, ...files]) each.name = `on Electron: ${each.name}`;
  }
  total.passed += summary.passed;
  total.failed += summary.failed;
  total.failures.push(...summary.failures);
  total.secondTries.push(...summary.secondTries);
  // What a name pattern left out was not asked for.
  const filtered = vitestArgs.some((arg) => /^(-t|--testNamePattern)/.test(arg));
  total.skipped.push(...summary.skipped.filter(({ reason }) => reason !== "" || !filtered));
  total.files.push(...summary.files);
}

/** @returns {string | undefined} why the projects that need namespaces cannot run here */
function netnsProblem() {
  if (process.platform !== "linux") return `network namespaces exist on Linux only, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return "network namespaces need root: run `sudo npm test`";
  return undefined;
}

/** Removes the namespaces that a killed test run left. Asked for again at every end, also after a signal. */
let removeLeftovers = () => {};

async function prepareLeftovers() {
  const bundled = join(dist, "test/namespaces.mjs");
  if (process.platform !== "linux" || !existsSync(bundled)) return;
  const module = await import(pathToFileURL(bundled).href);
  removeLeftovers = module.removeLeftovers;
}

/** @param {readonly string[]} args */
async function main(args) {
  const { wanted, vitestArgs, onElectronAlone } = parse(args);
  await ensureInstalled(say);
  const electron = electronForTests();
  if (onElectronAlone && "reason" in electron) throw new SetupError(electron.reason);
  const projects = PROJECTS.filter((project) => wanted.includes(project));
  const noNamespaces = netnsProblem();
  const runnable = projects.filter((project) => !IN_NAMESPACES.includes(project) || !noNamespaces);
  const onElectron = "binary" in electron && runnable.includes(WINDOW) ? [WINDOW_ON_ELECTRON] : [];
  for (const problem of await ensureTools([...runnable, ...onElectron], say)) {
    fail("programs", problem);
    say(` × ${problem}`);
  }
  if (wanted.includes(HOUSE)) {
    say("\nHouse checks");
    await houseChecks();
  }
  if (projects.length > 0) {
    await bundleCheck();
    await prepareLeftovers();
  }
  const hasBeside = runnable.includes(BESIDE_NAMESPACES) && runnable.some((each) => IN_NAMESPACES.includes(each));
  const together = runnable.filter(
    (project) => !IN_NAMESPACES.includes(project) && !(hasBeside && project === BESIDE_NAMESPACES),
  );
  if (together.length > 0) await vitest(together, vitestArgs);
  const beside = hasBeside ? vitest([BESIDE_NAMESPACES], vitestArgs, { isBeside: true }) : Promise.resolve();
  for (const project of projects.filter((each) => IN_NAMESPACES.includes(each))) {
    if (noNamespaces !== undefined) total.skipped.push({ name: `project ${project}`, reason: noNamespaces });
    else if (!onElectronAlone) await vitest([project], vitestArgs);
  }
  if (runnable.includes(WINDOW)) await windowOnElectron(electron, vitestArgs);
  await beside;
  removeLeftovers();
  report();
}

/**
 * @param {ReturnType<typeof electronForTests>} electron
 * @param {readonly string[]} vitestArgs
 */
async function windowOnElectron(electron, vitestArgs) {
  const args = electronArgs(vitestArgs);
  if (args.length === 0) return;
  if ("binary" in electron) await vitest([WINDOW], args, { electron: electron.binary });
  else total.skipped.push({ name: `project ${WINDOW} on Electron`, reason: electron.reason });
}

function report() {
  const fuzzed = fuzzLines();
  if (fuzzed.length > 0) say("\nFuzzed");
  for (const line of fuzzed) say(line);
  const slowest = total.files.sort((a, b) => b.ms - a.ms).slice(0, SLOWEST_FILES);
  if (slowest.length > 0) say("\nSlowest files");
  for (const { name, ms } of slowest) say(`  ${(ms / 1000).toFixed(1).padStart(6)} s  ${name}`);
  if (total.skipped.length > 0) say("\nSkipped");
  for (const { name, reason } of total.skipped)
    say(`  ${name}: ${reason || "no reason given: use context.skip(reason)"}`);
  if (total.secondTries.length > 0) say("\nPassed on the second try");
  for (const { name, error } of total.secondTries) say(`  ${name}: ${error}`);
  // Last, because the logs of a CI run get cut, and the end survives.
  if (total.failures.length > 0) say("\nFailed");
  for (const { name, error } of total.failures) say(`  ${name}: ${error}`);
  const took = Date.now() - started;
  say(`\nTook ${seconds(started)}`);
  if (took > BUDGET_MS) say(`That is over the budget of ${BUDGET_MS / 60_000} minutes: see the slowest files above`);
  const none = total.passed + total.failed === 0;
  if (none) say("No test ran: that is a failure too");
  say(`${total.passed} passed, ${total.failed} failed, ${total.skipped.length} skipped`);
  process.exitCode = none || total.failed > 0 ? 1 : 0;
}

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  process.once(signal, () => {
    endChildren();
    removeLeftovers();
    process.kill(process.pid, signal);
  });
}
process.on("exit", endChildren);
main(process.argv.slice(2)).catch(exitOnSetupError);
