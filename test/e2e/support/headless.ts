import type { Browser, Page } from "playwright";
import type { EventProgram } from "../../netns/lab/events.ts";
import type { Host } from "../../netns/lab/host.ts";
import { startBrowser } from "./browser.ts";
import { askOn, type Person, type Seat, sizeOf, watchPages } from "./person.ts";

/**
 * Somebody with a headless host, a browser, and the page that its link opened.
 *
 *   namespace: govpn start --ui ◀── 127.0.0.1 ── chromium ── playwright (over a pipe, so from outside)
 */
export interface HeadlessPerson extends Person {
  readonly program: EventProgram;
  readonly browser: Browser;
  /** A second tab of the same browser. */
  anotherTab(): Promise<Page>;
}

export interface HeadlessSeat extends Seat {
  /** More arguments of `govpn start`. */
  readonly args?: readonly string[];
  /** More flags of Chromium's command line. */
  readonly flags?: readonly string[];
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
export async function sitDownAtBrowser(host: Host, name: string, seat: HeadlessSeat = {}): Promise<HeadlessPerson> {
  const starting = [startHost(host, seat.args), startBrowser(host, seat.flags)] as const;
  const [{ program, url }, browser] = await Promise.all(starting);
  const context = await browser.newContext({ viewport: sizeOf(seat), reducedMotion: "reduce" });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const trouble = watchPages(context);
  const page = await context.newPage();
  await page.goto(url);
  return {
    host,
    name,
    program,
    browser,
    page,
    trouble,
    anotherTab: () => context.newPage(),
    ask: (...args) => askOn(host, args),
    clipboard: () => page.evaluate<string>("navigator.clipboard.readText()"),
    goHome: () => browser.close(),
  };
}
