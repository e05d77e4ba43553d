import { median } from "../tunnel/statistics.ts";
import type { Crowd } from "./crowd.ts";
import { blockingMs, LONG_TASK_MS } from "./page-timing.ts";
import type { LoadedFile } from "./page-weight.ts";
import type { Start } from "./start.ts";

/** What a run of the benchmark found. */
export interface UiFigures {
  /** From the start of the browser's process until it takes commands. */
  readonly browserMs: number;
  /** At least one. */
  readonly starts: readonly Start[];
  readonly loaded: readonly LoadedFile[];
  readonly crowds: readonly Crowd[];
}

/** A line of the table. */
export interface Line {
  readonly about: string;
  readonly measured: string;
  readonly goal?: string;
  readonly met?: boolean;
}

/** From the start of the host to a window that answers. */
export const INTERACTIVE_MS = 1_500;
export const FIRST_PAINT_BYTES = 300_000;
/** Of one processor. */
export const CROWD_CPU = 0.05;

export function report({ browserMs, starts, loaded, crowds }: UiFigures): readonly Line[] {
  const gzipped = loaded.reduce((total, { gzipBytes }) => total + gzipBytes, 0);
  const whole = spreadMs(starts, ({ linkMs, interactiveMs }) => linkMs + interactiveMs);
  return [
    { about: "host: from its start to the link", measured: spreadMs(starts, ({ linkMs }) => linkMs).text },
    { about: "page: first contentful paint", measured: spreadMs(starts, ({ firstPaintMs }) => firstPaintMs).text },
    {
      about: "page: largest contentful paint",
      measured: spreadMs(starts, ({ largestPaintMs }) => largestPaintMs).text,
    },
    { about: "page: blocking time", measured: spreadMs(starts, ({ longTasks }) => blockingMs(longTasks)).text },
    {
      about: "page: from opening it to an answered click",
      measured: spreadMs(starts, (start) => start.interactiveMs).text,
    },
    {
      about: "host and page: from start to interactive",
      measured: whole.text,
      goal: `< ${(INTERACTIVE_MS / 1_000).toFixed(1)} s`,
      met: whole.median < INTERACTIVE_MS,
    },
    { about: "browser: its own start, not counted above", measured: `${Math.round(browserMs)} ms` },
    {
      about: `first screen: ${loaded.length} files, gzipped`,
      measured: kilobytes(gzipped),
      goal: `< ${kilobytes(FIRST_PAINT_BYTES)}`,
      met: gzipped < FIRST_PAINT_BYTES,
    },
    ...crowds.flatMap(crowdLines),
  ];
}

function crowdLines({ window, seconds, cpu, longTasks, heapBytes }: Crowd): readonly Line[] {
  const where = `50 members, ${window.width} × ${window.height}`;
  const work = `script ${percent(cpu.script)}, style ${percent(cpu.style)}, layout ${percent(cpu.layout)}`;
  const tooLong = longTasks.filter(({ ms }) => ms > LONG_TASK_MS);
  const longest = Math.max(0, ...tooLong.map(({ ms }) => ms));
  return [
    {
      about: `${where}: processor, the page's process`,
      measured: percent(cpu.page),
      goal: `< ${percent(CROWD_CPU)}`,
      met: cpu.page < CROWD_CPU,
    },
    { about: `${where}: of that, the main thread`, measured: `${percent(cpu.mainThread)} (${work})` },
    { about: `${where}: processor, the whole browser`, measured: percent(cpu.browser) },
    {
      about: `${where}: tasks over ${LONG_TASK_MS} ms in ${Math.round(seconds)} s`,
      measured: tooLong.length === 0 ? "none" : `${tooLong.length}, the longest ${Math.round(longest)} ms`,
      goal: "none",
      met: tooLong.length === 0,
    },
    {
      about: `${where}: JavaScript heap, after collection`,
      measured: `${mebibytes(heapBytes.before)} MiB, then ${mebibytes(heapBytes.after)} MiB`,
    },
  ];
}

/** For a terminal: a line each, in columns. */
export function table(lines: readonly Line[]): string {
  const cells = lines.map(({ about, measured, goal = "", met }) => [about, measured, goal, verdict(met)]);
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** The same for docs/performance.md. */
export function markdown(lines: readonly Line[]): string {
  const rows = lines.map(({ about, measured, goal = "", met }) => [
    about,
    measured,
    goal,
    met === false ? `**${verdict(met)}**` : verdict(met),
  ]);
  return [["what", "measured", "goal", ""], ["---", "---", "---", "---"], ...rows]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
}

function verdict(met: boolean | undefined): string {
  if (met === undefined) return "";
  return met ? "reached" : "not reached";
}

/** `640 ms (612–702)`: the median, the least and the most. */
function spreadMs(starts: readonly Start[], of: (start: Start) => number) {
  const values = starts.map(of);
  const [least, most] = [Math.min(...values), Math.max(...values)].map(Math.round);
  const middle = median(values);
  return { median: middle, text: `${Math.round(middle)} ms${least === most ? "" : ` (${least}–${most})`}` };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1).replace(/\.0$/, "")} %`;
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1_000)} KB`;
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}
