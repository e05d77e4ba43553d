import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { Browser } from "playwright";
import { EventProgram } from "../../netns/lab/events.ts";
import { Program } from "../../netns/lab/program.ts";
import { type PageTiming, timePages, timingOf } from "./page-timing.ts";

/** A window of the desktop app, as it first opens. */
export const WINDOW = { width: 900, height: 640 };

/** One start, from nothing: a new profile, a new process, a browser that has loaded nothing of ours. Milliseconds. */
export interface Start extends PageTiming {
  /** From the start of the host's process until it says the link. */
  readonly linkMs: number;
  /** From opening the link until the first screen has answered a click, as somebody outside of the page sees it. */
  readonly interactiveMs: number;
  /** What the page loaded until then. */
  readonly urls: readonly string[];
}

/** @param dist where the built program and page are */
export async function measureStart(browser: Browser, dist: string): Promise<Start> {
  const folder = mkdtempSync(join(tmpdir(), "govpn-bench-ui-"));
  const began = performance.now();
  const host = startHost(dist, folder);
  try {
    const { url } = await host.waitFor(({ event }) => event === "ui");
    const linkMs = performance.now() - began;
    return { linkMs, ...(await openPage(browser, String(url))) };
  } finally {
    await host.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** It needs no rights, reaches nobody, and finds no keychain and no settings of this machine's user. */
function startHost(dist: string, folder: string): EventProgram {
  const env = { PATH: process.env.PATH ?? "", HOME: folder, TMPDIR: folder };
  const args = ["start", "--ui", "--no-open", "--port", "0", "--tun", "off", "--no-stun", "--json"];
  const profile = ["--profile", join(folder, "profile")];
  return new EventProgram(new Program(process.execPath, [join(dist, "govpn.mjs"), ...args, ...profile], env));
}

async function openPage(browser: Browser, url: string): Promise<Omit<Start, "linkMs">> {
  const context = await browser.newContext({ viewport: WINDOW });
  try {
    await timePages(context);
    const page = await context.newPage();
    const urls: string[] = [];
    page.on("response", (response) => urls.push(response.url()));
    const began = performance.now();
    await page.goto(url, { waitUntil: "commit" });
    await page.getByRole("radio", { name: /A server you know/ }).click();
    await page.getByLabel("Address of the server").waitFor();
    const interactiveMs = performance.now() - began;
    return { interactiveMs, urls: [...urls], ...(await timingOf(page)) };
  } finally {
    await context.close();
  }
}
