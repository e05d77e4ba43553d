import { type Browser, chromium } from "playwright";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** It asks nobody for anything but the page, and draws without a graphics card. The sandbox does not run as root. */
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: QUIET });
}

/** Processor time of the browser's processes so far, in seconds. */
export interface BrowserCpu {
  /** Of those that run pages, all of their threads. */
  readonly pages: number;
  /** Of all, with what puts the picture together and talks to the network. */
  readonly all: number;
}

export async function browserCpu(browser: Browser): Promise<BrowserCpu> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const sum = (processes: typeof processInfo) => processes.reduce((total, { cpuTime }) => total + cpuTime, 0);
  return { pages: sum(processInfo.filter(({ type }) => type === "renderer")), all: sum(processInfo) };
}
