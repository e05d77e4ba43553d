import type { BrowserContext, Page } from "playwright";
import type { Host } from "../../netns/lab/host.ts";

/** Somebody at a machine of the lab, with GoVPN's window before them: in a browser, or the desktop app's own. */
export interface Person {
  readonly host: Host;
  readonly name: string;
  readonly page: Page;
  /** What no page may do: errors on the console, uncaught exceptions, answers of 400 and above. */
  readonly trouble: readonly string[];
  /** What `govpn ARGS --json` answers here: its first line. */
  ask<T>(...args: string[]): Promise<T>;
  /** The text that was copied last. */
  clipboard(): Promise<string>;
  goHome(): Promise<void>;
}

export interface Seat {
  /** Of the window's page, in pixels. */
  readonly viewport?: { readonly width: number; readonly height: number };
}

/** The desktop app's window, as it first opens. */
const WINDOW = { width: 900, height: 640 };
/** A host that connects its WebRTC links on a busy machine. */
const ACTION_MS = 20_000;

/** The size that this seat's window has. */
export function sizeOf({ viewport = WINDOW }: Seat): { width: number; height: number } {
  return { ...viewport };
}

export async function askOn<T>(host: Host, args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await host.govpn([...args, "--json"]);
  if (code !== 0) throw new Error(`govpn ${args.join(" ")}: ${code} ${stdout}${stderr}`);
  return JSON.parse(stdout.split("\n", 1)[0] ?? "") as T;
}

/** Waits for every page of it as long as a busy machine needs. @returns the trouble that they make, as it comes */
export function watchPages(context: BrowserContext): string[] {
  const trouble: string[] = [];
  context.setDefaultTimeout(ACTION_MS);
  for (const page of context.pages()) watch(page, trouble);
  context.on("page", (page) => watch(page, trouble));
  return trouble;
}

/**
 * Chromium gives up what it loads when any network of the machine comes or goes, and our own device does. What the page
 * was fetching ahead is then fetched when it is needed.
 */
const OUR_DEVICE_CAME = "net::ERR_NETWORK_CHANGED";

function watch(page: Page, trouble: string[]): void {
  page.on("console", (message) => {
    const isBad = message.type() === "error" || message.type() === "warning";
    if (isBad && !message.text().includes(OUR_DEVICE_CAME)) trouble.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => trouble.push(`uncaught: ${error.stack ?? error.message}`));
  page.on("response", (response) => {
    if (response.status() >= 400) trouble.push(`${response.status()} ${response.url()}`);
  });
}
