import type { BrowserContext, Page } from "playwright";

/** What a page's own clock says, in milliseconds since it was asked for. */
export interface PageTiming {
  readonly firstPaintMs: number;
  readonly largestPaintMs: number;
  readonly longTasks: readonly LongTask[];
}

/** The main thread was held for 50 ms or more (W3C Long Tasks). */
export interface LongTask {
  readonly at: number;
  readonly ms: number;
}

/** Beyond this a task keeps people waiting; what is beyond it is blocking time (Lighthouse's TBT). */
export const LONG_TASK_MS = 50;

const NAME = "govpnPageTiming";

/** Runs in the page, before anything of it. */
const OBSERVE = `
  const timing = { firstPaintMs: 0, largestPaintMs: 0, longTasks: [] };
  const observe = (type, take) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
  observe("paint", ({ name, startTime }) => name === "first-contentful-paint" && (timing.firstPaintMs = startTime));
  observe("largest-contentful-paint", ({ startTime }) => (timing.largestPaintMs = startTime));
  observe("longtask", ({ startTime, duration }) => timing.longTasks.push({ at: startTime, ms: duration }));
  window.${NAME} = timing;
`;

/** Lets every page of the context tell its times. */
export function timePages(context: BrowserContext): Promise<unknown> {
  return context.addInitScript({ content: `{${OBSERVE}}` });
}

export function timingOf(page: Page): Promise<PageTiming> {
  return page.evaluate<PageTiming>(`window.${NAME}`);
}

export function blockingMs(tasks: readonly LongTask[]): number {
  return tasks.reduce((total, { ms }) => total + Math.max(0, ms - LONG_TASK_MS), 0);
}
