import { median, percentile } from "../tunnel/statistics.ts";
import type { SoakSample } from "./watch.ts";

/** What a soak shows, against what it must show. */
export interface Verdict {
  readonly about: string;
  readonly limit: string;
  readonly measured: string;
  readonly met: boolean;
}

/** While the compiler and the collector find their sizes, and pools fill. */
export const WARM_UP_SECONDS = 20;
/** A run that is too short for that leaves out this part of it. */
const WARM_UP_SHARE = 1 / 3;
/**
 * What memory may seem to grow by from the warm-up to the end: what the collector lets stand moves a flat run by 2 to 4.
 * Ten minutes of a saturated tunnel are some 20 million packets, so half a byte lost with each would show.
 */
export const FLAT_WITHIN_MIB = 8;
/** A frame of video is 16 ms, a packet of speech 20 ms. */
export const DELAY_P99_MS = 20;
/** A second in which less than this went through, both ways together, in which a saturating TCP stood still. */
const STALL_MBIT = 1;
const EDGE_SHARE = 1 / 5;
const MIB = 1024 * 1024;

/** The verdicts on one host. @param samples one a second */
export function judge(name: string, samples: readonly SoakSample[]): readonly Verdict[] {
  return [...memory(name, samples), delay(name, samples), stalls(name, samples), lanes(name, samples)];
}

/** Without the warm-up. */
export function settled(samples: readonly SoakSample[]): readonly SoakSample[] {
  const end = samples.at(-1)?.at ?? 0;
  const from = Math.min(WARM_UP_SECONDS, end * WARM_UP_SHARE);
  return samples.filter(({ at }) => at >= from);
}

function memory(name: string, samples: readonly SoakSample[]): readonly Verdict[] {
  const kept = settled(samples).map(({ at, rssBytes }) => ({ x: at, y: rssBytes / MIB }));
  const edge = Math.ceil(kept.length * EDGE_SHARE);
  const middle = (part: readonly { y: number }[]) => median(part.map(({ y }) => y));
  const [early, late] = [middle(kept.slice(0, edge)), middle(kept.slice(-edge))];
  const seconds = (kept.at(-1)?.x ?? 0) - (kept[0]?.x ?? 0);
  const trend = slope(kept) * seconds;
  const limit = `grows by at most ${FLAT_WITHIN_MIB} MiB`;
  return [
    {
      about: `${name}: memory, the end against the beginning`,
      limit,
      measured: `${early.toFixed(1)} MiB, then ${late.toFixed(1)} MiB`,
      met: late - early <= FLAT_WITHIN_MIB,
    },
    {
      about: `${name}: memory, its trend over ${seconds.toFixed(0)} s`,
      limit,
      measured: `${trend >= 0 ? "+" : ""}${trend.toFixed(1)} MiB`,
      met: trend <= FLAT_WITHIN_MIB,
    },
  ];
}

/** Of a line through the points by least squares. */
export function slope(points: readonly { readonly x: number; readonly y: number }[]): number {
  const mean = (of: (point: { x: number; y: number }) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [middleX, middleY] = [mean(({ x }) => x), mean(({ y }) => y)];
  const spread = points.reduce((sum, { x }) => sum + (x - middleX) ** 2, 0);
  return spread === 0 ? 0 : points.reduce((sum, { x, y }) => sum + (x - middleX) * (y - middleY), 0) / spread;
}

function delay(name: string, samples: readonly SoakSample[]): Verdict {
  const about = `${name}: event-loop delay, p99`;
  const limit = `under ${DELAY_P99_MS} ms`;
  const total = samples.at(-1)?.delaySinceStartMs;
  const seconds = settled(samples).flatMap(({ delayMs }) => delayMs ?? []);
  if (!total || seconds.length === 0) return { about, limit, measured: "the host was never busy", met: false };
  const worst = percentile(
    seconds.map(({ p99 }) => p99),
    99,
  );
  const middle = median(seconds.map(({ p99 }) => p99));
  const { p50, p99, max } = total;
  return {
    about,
    limit,
    measured: `${p99} ms (p50 ${p50}, max ${max}; p99 of a second: ${middle.toFixed(2)} at the median, ${worst} in the worst of 100)`,
    met: p99 < DELAY_P99_MS,
  };
}

function stalls(name: string, samples: readonly SoakSample[]): Verdict {
  const stalled = samples.filter(({ mbitIn, mbitOut }) => mbitIn + mbitOut < STALL_MBIT);
  const kept = settled(samples);
  const mbit = (of: (sample: SoakSample) => number) => (kept.length > 0 ? median(kept.map(of)).toFixed(0) : "0");
  return {
    about: `${name}: seconds without traffic`,
    limit: "none",
    measured: `${stalled.length} of ${samples.length}; ${mbit(({ mbitIn }) => mbitIn)} Mbit/s in, ${mbit(({ mbitOut }) => mbitOut)} out at the median`,
    met: samples.length > 0 && stalled.length === 0,
  };
}

function lanes(name: string, samples: readonly SoakSample[]): Verdict {
  const used = samples.map(({ lane }) => lane ?? "none");
  const changes = used.filter((lane, i) => i > 0 && lane !== used[i - 1]).length;
  return {
    about: `${name}: lane changes`,
    limit: "none",
    measured: `${changes} (${[...new Set(used)].join(", ")})`,
    met: changes === 0 && !used.includes("none"),
  };
}

/** Packets dropped over the whole run, by reason. */
export function totalDrops(samples: readonly SoakSample[]): Readonly<Record<string, number>> {
  const totals: Record<string, number> = {};
  for (const { dropped } of samples) {
    for (const [reason, count] of Object.entries(dropped)) totals[reason] = (totals[reason] ?? 0) + count;
  }
  return totals;
}
