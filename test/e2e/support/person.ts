import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright";
import type { EventProgram } from "../../netns/lab/events.ts";
import type { Host } from "../../netns/lab/host.ts";
import { startBrowser } from "./browser.ts";

/** A window of the desktop app, as it first opens. */
const WINDOW = { width: 900, height: 640 };
/** A host that connects its WebRTC links on a busy machine. */
const ACTION_MS = 20_000;

/**
 * Somebody at a machine of the lab: a headless host, a browser, and the page that its link opened.
 *
 *   namespace: govpn start --ui ◀── 127.0.0.1 ── chromium ── playwright (over a pipe, so from outside)
 */
export class Person {
  readonly host: Host;
  readonly name: string;
  readonly program: EventProgram;
  readonly browser: Browser;
  readonly page: Page;
  /** What no page may do: errors on the console, uncaught exceptions, answers of 400 and above. */
  readonly trouble: string[];
  readonly #context: BrowserContext;

  constructor(host: Host, name: string, program: EventProgram, browser: Browser, page: Page, trouble: string[]) {
    this.host = host;
    this.name = name;
    this.program = program;
    this.browser = browser;
    this.page = page;
    this.trouble = trouble;
    this.#context = page.context();
  }

  /** A second tab of the same browser. */
  async anotherTab(): Promise<Page> {
    return this.#context.newPage();
  }

  /** What `govpn ARGS --json` answers here: its first line. */
  async ask<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.host.govpn([...args, "--json"]);
    if (code !== 0) throw new Error(`govpn ${args.join(" ")}: ${code} ${stdout}${stderr}`);
    return JSON.parse(stdout.split("\n", 1)[0] ?? "") as T;
  }

  async goHome(): Promise<void> {
    await this.browser.close();
  }
}

/** Starts the headless host with its own server, as `npm start` does, and waits for the link. */
export async function startHost(
  host: Host,
  args: readonly string[] = [],
): Promise<{ program: EventProgram; url: string }> {
  const program = host.start([
    ...(args.includes("--ui") ? [] : ["--ui"]),
    "--no-stun",
    "--log-level",
    "debug",
    ...args,
  ]);
  const { url } = await program.waitFor(({ event }) => event === "ui");
  return { program, url: String(url) };
}

/** Starts everything and opens the page by its link. */
export async function sitDown(
  host: Host,
  name: string,
  options: {
    readonly args?: readonly string[];
    readonly context?: BrowserContextOptions;
    readonly flags?: readonly string[];
  } = {},
): Promise<Person> {
  const starting = [startHost(host, options.args), startBrowser(host, options.flags)] as const;
  const [{ program, url }, browser] = await Promise.all(starting);
  const context = await browser.newContext({ viewport: WINDOW, reducedMotion: "reduce", ...options.context });
  context.setDefaultTimeout(ACTION_MS);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const trouble: string[] = [];
  context.on("page", (page) => watch(page, trouble));
  const page = await context.newPage();
  await page.goto(url);
  return new Person(host, name, program, browser, page, trouble);
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
