import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { UiFile } from "../../../electron/main/ui-server/files.ts";
import type { Crowd } from "../../bench/ui/crowd.ts";
import { blockingMs } from "../../bench/ui/page-timing.ts";
import { weigh } from "../../bench/ui/page-weight.ts";
import { CROWD_CPU, FIRST_PAINT_BYTES, INTERACTIVE_MS, markdown, report, table } from "../../bench/ui/report.ts";
import type { Start } from "../../bench/ui/start.ts";

const file = (body: Buffer): UiFile => ({ body, contentType: "text/plain", etag: "", cacheControl: "" });

const start = (linkMs: number, interactiveMs: number): Start => ({
  linkMs,
  interactiveMs,
  firstPaintMs: 100,
  largestPaintMs: 120,
  longTasks: [{ at: 50, ms: 80 }],
  urls: [],
});

const crowd = (page: number, taskMs: readonly number[] = []): Crowd => ({
  window: { width: 900, height: 640 },
  seconds: 30,
  cpu: { page, browser: 0.06, mainThread: 0.03, script: 0.01, style: 0.002, layout: 0.003 },
  longTasks: taskMs.map((ms, at) => ({ at, ms })),
  heapBytes: { before: 13 * 1024 * 1024, after: 13.2 * 1024 * 1024 },
});

const good = {
  browserMs: 300,
  starts: [start(600, 500), start(500, 450), start(700, 900)],
  loaded: [{ path: "/", bytes: 900, gzipBytes: FIRST_PAINT_BYTES - 1 }],
  crowds: [crowd(CROWD_CPU - 0.001)],
};

const missed = (figures: Parameters<typeof report>[0]) =>
  report(figures)
    .filter(({ met }) => met === false)
    .map(({ about, measured }) => `${about}: ${measured}`);

describe("the report on the window's speed", () => {
  it("reaches its goals by the median start", () => {
    expect(missed(good)).toEqual([]);
    const lines = report(good);
    expect(lines.filter(({ met }) => met)).toHaveLength(4);
    expect(lines.find(({ about }) => about.endsWith("interactive"))?.measured).toBe("1100 ms (950–1600)");
    expect(lines.find(({ about }) => about.endsWith("blocking time"))?.measured).toBe("30 ms");
  });

  it("says which goals are missed, and by what", () => {
    const bad = {
      ...good,
      starts: [start(INTERACTIVE_MS - 200, 200)],
      loaded: [...good.loaded, { path: "/more.js", bytes: 1, gzipBytes: 1 }],
      crowds: [crowd(CROWD_CPU, [50, 51, 87.4])],
    };
    expect(missed(bad)).toEqual([
      "host and page: from start to interactive: 1500 ms",
      "first screen: 2 files, gzipped: 300 KB",
      "50 members, 900 × 640: processor, the page's process: 5 %",
      "50 members, 900 × 640: tasks over 50 ms in 30 s: 2, the longest 87 ms",
    ]);
  });

  it("is a table for a terminal, and one for a page", () => {
    const lines = [
      { about: "a", measured: "1 ms" },
      { about: "longer", measured: "2 ms", goal: "< 3 ms", met: true },
      { about: "b", measured: "4 ms", goal: "< 3 ms", met: false },
    ];
    expect(table(lines)).toBe("a       1 ms\nlonger  2 ms  < 3 ms  reached\nb       4 ms  < 3 ms  not reached");
    expect(markdown(lines)).toBe(
      [
        "| what | measured | goal |  |",
        "| --- | --- | --- | --- |",
        "| a | 1 ms |  |  |",
        "| longer | 2 ms | < 3 ms | reached |",
        "| b | 4 ms | < 3 ms | **not reached** |",
      ].join("\n"),
    );
  });
});

describe("blocking time", () => {
  it("is what of each task is beyond 50 ms", () => {
    expect(blockingMs([])).toBe(0);
    expect(blockingMs([50, 130, 60].map((ms, at) => ({ at, ms })))).toBe(90);
  });
});

describe("the weight of a page", () => {
  const noise = randomBytes(4_000);
  const files = new Map([
    ["/", file(Buffer.from("<!doctype html>"))],
    ["/a.js", file(Buffer.alloc(10_000, "a"))],
    ["/font.woff2", file(noise)],
    ["/unused.js", file(noise)],
  ]);
  const address = (path: string) => `http://127.0.0.1:8080${path}`;

  it("is that of the files it loaded, each once, and of nothing else", () => {
    const urls = ["/", "/a.js?v=1", "/a.js", "/session", "/font.woff2"].map(address);
    expect(weigh(files, urls).map(({ path }) => path)).toEqual(["/font.woff2", "/a.js", "/"]);
  });

  it("is the smaller of a file and the file gzipped", () => {
    const [font, script] = weigh(files, ["/a.js", "/font.woff2"].map(address));
    expect(font).toMatchObject({ bytes: 4_000, gzipBytes: 4_000 });
    expect(script?.bytes).toBe(10_000);
    expect(script?.gzipBytes).toBeLessThan(100);
  });
});
