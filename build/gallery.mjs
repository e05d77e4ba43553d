// @ts-check
/**
 * `node build/gallery.mjs [SHOT …]`: pictures of every screen in every situation, on a made-up host (test/demo), into
 * .test-output/gallery. Each page is served under the strict policy it has in the product. Exit status 1 if a page wrote
 * an error to its console, is wider than its window, or if axe found fault with it.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright";
import { build, preview } from "vite";
import { shots } from "../test/demo/shots.mjs";
import { root } from "./setup.mjs";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"];
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'";
/** Time for what moves in to have arrived. */
const SETTLED_MS = 450;

const configFile = join(root, "build/renderer.vite.config.ts");
const output = join(root, ".test-output/gallery");

/** @param {string[]} wanted */
async function main(wanted) {
  if (!process.env.GALLERY_NO_BUILD) await build({ configFile, mode: "demo", logLevel: "warn" });
  const server = await preview({
    configFile,
    mode: "demo",
    logLevel: "warn",
    preview: { host: "127.0.0.1", port: 0, headers: { "Content-Security-Policy": POLICY } },
  });
  const address = server.resolvedUrls?.local[0] ?? "";
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGS });
  const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  mkdirSync(output, { recursive: true });
  let faults = 0;
  try {
    const chosen = shots.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
    for (const shot of chosen) {
      const found = await take(browser, address, axe, shot);
      faults += found.length;
      console.log(`${found.length === 0 ? "✓" : "×"} ${shot.name}`);
      for (const fault of found) console.log(`    ${fault}`);
    }
  } finally {
    await browser.close();
    await server.close();
  }
  process.exitCode = faults > 0 ? 1 : 0;
}

/**
 * @param {import("playwright").Browser} browser
 * @param {string} address
 * @param {string} axe
 * @param {import("../test/demo/shots.mjs").Shot} shot
 */
async function take(browser, address, axe, shot) {
  /** @type {string[]} */
  const faults = [];
  const context = await browser.newContext({
    viewport: shot.size,
    colorScheme: shot.theme === "dark" ? "dark" : "light",
    deviceScaleFactor: 1,
    // axe is brought in by the test, which the page's own policy rightly forbids a page.
    bypassCSP: false,
    reducedMotion: "reduce",
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.on("console", (message) => message.type() === "error" && faults.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  try {
    const query = new URLSearchParams({ situation: shot.situation, theme: shot.theme, language: shot.language });
    await page.goto(`${address}?${query}${shot.place}`);
    await page.waitForSelector("main :is(h1, h2, p)");
    await page.evaluate("document.fonts.ready");
    await page.waitForTimeout(shot.waitMs ?? SETTLED_MS);
    await shot.act?.(page);
    if (shot.act) await page.waitForTimeout(SETTLED_MS);
    await page.screenshot({ path: join(output, `${shot.name}.png`) });
    const overflow = Number(await page.evaluate("document.documentElement.scrollWidth - window.innerWidth"));
    if (overflow > 0) faults.push(`${overflow} px wider than the window`);
    // In a world of its own, the policy of the page does not hold.
    const session = await context.newCDPSession(page);
    const { frameTree } = await session.send("Page.getFrameTree");
    const world = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id });
    const { result } = await session.send("Runtime.evaluate", {
      expression: `${axe};axe.run({exclude:["[data-radix-popper-content-wrapper]"]},{resultTypes:["violations"]}).then(({violations})=>JSON.stringify(violations.map(({id,nodes})=>id+": "+nodes.slice(0,3).map(({html,any})=>html.slice(0,160)+" "+(any[0]?.message??"")).join(" | "))))`,
      contextId: world.executionContextId,
      awaitPromise: true,
      returnByValue: true,
    });
    for (const violation of JSON.parse(String(result.value ?? "[]"))) faults.push(`axe: ${violation}`);
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  }
  await context.close();
  return faults;
}

await main(process.argv.slice(2));
