import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import type { Browser } from "playwright";
import { readUiFiles, type UiFiles } from "../../electron/main/ui-server/files.ts";
import { Program } from "../netns/lab/program.ts";
import { describeComputer } from "./tunnel/machine.ts";
import { startBrowser } from "./ui/browser.ts";
import { measureCrowd } from "./ui/crowd.ts";
import { weigh } from "./ui/page-weight.ts";
import { markdown, report, table, type UiFigures } from "./ui/report.ts";
import { measureStart, type Start, WINDOW } from "./ui/start.ts";

/*
 * How fast the window is: `npm run bench -- ui`. The built host and page from nothing to a click that is answered, and a
 * room of fifty members, whose figures move once a second, on a made-up host in the page itself (test/demo).
 */

const usage = `npm run bench -- ui [OPTION …]     in Chromium (/usr/bin/chromium, or CHROMIUM=FILE)
  --rounds N         starts, each with a new profile and an empty cache (5)
  --seconds N        how long the room of fifty is watched, in each of two windows (30)
  --json FILE        all figures go there
  --markdown         print the table as docs/performance.md has it`;

/** Most rows are in sight at once. */
const LARGE_WINDOW = { width: 2560, height: 1440 };
const BUILD_MS = 120_000;
/** A bundle is at dist/bench/NAME.mjs of its checkout. */
const checkout = resolve(dirname(process.argv[1] ?? ""), "../..");
const dist = join(checkout, "dist");

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "30" },
      json: { type: "string" },
      markdown: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(usage);
  const machine = describeComputer();
  const began = performance.now();
  const browser = await startBrowser();
  const browserMs = performance.now() - began;
  try {
    const figures = { browserMs, ...(await measure(browser, Number(values.rounds), Number(values.seconds))) };
    const results = { benchmark: "ui", machine, browser: browser.version(), ...figures };
    if (values.json !== undefined) {
      mkdirSync(dirname(resolve(values.json)), { recursive: true });
      writeFileSync(values.json, `${JSON.stringify(results, null, 1)}\n`);
    }
    console.log((values.markdown ? markdown : table)(report(figures)));
  } finally {
    await browser.close();
  }
}

async function measure(browser: Browser, rounds: number, seconds: number): Promise<Omit<UiFigures, "browserMs">> {
  const starts: Start[] = [];
  for (let round = 0; round < Math.max(1, rounds); round++) starts.push(await measureStart(browser, dist));
  const loaded = weigh(await filesOf(join(dist, "renderer")), starts[0]?.urls ?? []);
  const demo = await buildDemo();
  const crowds = [];
  for (const window of [WINDOW, LARGE_WINDOW]) crowds.push(await measureCrowd(browser, demo, window, seconds));
  return { starts, loaded, crowds };
}

/** The page of test/demo, built as the product's is. */
async function buildDemo(): Promise<UiFiles> {
  const folder = mkdtempSync(join(tmpdir(), "govpn-bench-demo-"));
  try {
    const vite = join(checkout, "node_modules/vite/bin/vite.js");
    const args = ["build", "--config", join(checkout, "build/renderer.vite.config.ts"), "--mode", "demo"];
    const to = ["--outDir", folder, "--emptyOutDir", "--logLevel", "warn"];
    const env = { PATH: process.env.PATH ?? "", NODE_ENV: "production" };
    const { code, stderr } = await new Program(process.execPath, [vite, ...args, ...to], env).finish(BUILD_MS);
    if (code !== 0) throw new Error(`the page of test/demo could not be built: ${stderr}`);
    return await filesOf(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function filesOf(folder: string): Promise<UiFiles> {
  const files = await readUiFiles(folder);
  if (!files.ok) throw new Error(files.error.message);
  return files.value;
}
