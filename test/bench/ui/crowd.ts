import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, CDPSession, ViewportSize } from "playwright";
import type { UiFiles } from "../../../electron/main/ui-server/files.ts";
import { browserCpu } from "./browser.ts";
import { type LongTask, timePages, timingOf } from "./page-timing.ts";

/** The room of test/fakes/app-states.ts with fifty members, on the page of test/demo. */
const ROOM = "/?situation=crowd#/room/00d1ce5ca1ab1e42";
const MEMBERS = 50;
/** Nothing inline and nothing from elsewhere, as in the product. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'";
/** While what moves in arrives, and the compiler has seen the code that runs each second. */
const SETTLE_MS = 5_000;

/** A room of fifty whose round trips and counters change each second, watched for a while. */
export interface Crowd {
  readonly window: ViewportSize;
  readonly seconds: number;
  /** Shares of one processor. */
  readonly cpu: {
    /** Of the process that runs the page, all of its threads: what the goal is about. */
    readonly page: number;
    /** Of all of the browser's processes. */
    readonly browser: number;
    /** Of the page's main thread, and what for. */
    readonly mainThread: number;
    readonly script: number;
    readonly style: number;
    readonly layout: number;
  };
  readonly longTasks: readonly LongTask[];
  /** After a collection, before and after. */
  readonly heapBytes: { readonly before: number; readonly after: number };
}

export async function measureCrowd(
  browser: Browser,
  files: UiFiles,
  window: ViewportSize,
  seconds: number,
): Promise<Crowd> {
  const server = await serve(files);
  const context = await browser.newContext({ viewport: window });
  try {
    await timePages(context);
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}${ROOM}`);
    await page
      .locator("main li")
      .nth(MEMBERS - 1)
      .waitFor({ state: "attached" });
    await page.waitForTimeout(SETTLE_MS);
    const session = await context.newCDPSession(page);
    await session.send("Performance.enable");
    const heapBefore = await heapBytes(session);
    const [before, cpuBefore] = [await metricsOf(session), await browserCpu(browser)];
    const from = await page.evaluate<number>("performance.now()");
    await page.waitForTimeout(seconds * 1_000);
    const [after, cpuAfter] = [await metricsOf(session), await browserCpu(browser)];
    const { longTasks } = await timingOf(page);
    const elapsed = after("Timestamp") - before("Timestamp");
    const share = (metric: string) => (after(metric) - before(metric)) / elapsed;
    return {
      window,
      seconds: elapsed,
      cpu: {
        page: (cpuAfter.pages - cpuBefore.pages) / elapsed,
        browser: (cpuAfter.all - cpuBefore.all) / elapsed,
        mainThread: share("TaskDuration"),
        script: share("ScriptDuration"),
        style: share("RecalcStyleDuration"),
        layout: share("LayoutDuration"),
      },
      longTasks: longTasks.filter(({ at }) => at >= from),
      heapBytes: { before: heapBefore, after: await heapBytes(session) },
    };
  } finally {
    await context.close();
    server.close();
  }
}

/** @returns the page's counter of that name: seconds, or bytes */
async function metricsOf(session: CDPSession): Promise<(name: string) => number> {
  const { metrics } = await session.send("Performance.getMetrics");
  const values = new Map(metrics.map(({ name, value }) => [name, value]));
  return (name) => {
    const value = values.get(name);
    if (value === undefined) throw new Error(`the browser does not count ${name}`);
    return value;
  };
}

async function heapBytes(session: CDPSession): Promise<number> {
  await session.send("HeapProfiler.collectGarbage");
  return (await metricsOf(session))("JSHeapUsedSize");
}

function serve(files: UiFiles): Promise<Server> {
  const server = createServer((request, response) => {
    const file = files.get(new URL(request.url ?? "/", "http://127.0.0.1").pathname);
    if (!file) return void response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": file.contentType, "Content-Security-Policy": POLICY }).end(file.body);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}
