import { median, type Spread, spread } from "./statistics.ts";

/** The result file, and how its samples are put together for people. */

/** One measurement, raw. */
export interface Sample {
  readonly link: string;
  readonly program: string;
  readonly round: number;
  /** `tcp1/cubic`, `ping`, …; `start` and `memory` are noted of every turn. */
  readonly workload: string;
  /** By the metric's name: `mbit`, `cpu`, …; absent when it failed. */
  readonly values?: Readonly<Record<string, number>>;
  /** Why there are no values. */
  readonly error?: string;
}

export interface Results {
  readonly benchmark: "tunnel";
  readonly started: string;
  readonly seconds: number;
  readonly machine: Readonly<Record<string, unknown>>;
  readonly options: Readonly<Record<string, unknown>>;
  /** Ratios are to this program. */
  readonly reference: string;
  readonly links: readonly { readonly name: string; readonly title: string; readonly emulated?: object }[];
  readonly programs: readonly ProgramInfo[];
  readonly samples: readonly Sample[];
}

export interface ProgramInfo {
  readonly name: string;
  readonly title: string;
  readonly version?: string;
  readonly ours?: boolean;
  /** Why it was not measured at all. */
  readonly unavailable?: string;
}

/** One number of a workload. */
export interface Metric {
  readonly workload: string;
  readonly value: string;
  readonly title: string;
  readonly unit: string;
  readonly better: "more" | "less";
}

const tcp = (congestion: string, streams: 1 | 8): readonly Metric[] => {
  const workload = `tcp${streams}/${congestion}`;
  const of = streams === 1 ? "TCP 1 stream" : "TCP 8 streams";
  return [
    { workload, value: "mbit", title: `${of}, ${congestion}`, unit: "Mbit/s", better: "more" },
    { workload, value: "cpu", title: `CPU of the programs, ${of}, ${congestion}`, unit: "s/GB", better: "less" },
    { workload, value: "systemCpu", title: `CPU of the machine, ${of}, ${congestion}`, unit: "s/GB", better: "less" },
  ];
};

const udp = (bytes: number): readonly Metric[] => {
  const workload = `udp${bytes}`;
  return [
    { workload, value: "packets", title: `UDP ${bytes} bytes, loss < 0.1 %`, unit: "packets/s", better: "more" },
    { workload, value: "fullPackets", title: `UDP ${bytes} bytes, full blast`, unit: "packets/s", better: "more" },
    { workload, value: "fullLoss", title: `UDP ${bytes} bytes, full blast`, unit: "% lost", better: "less" },
  ];
};

const both = (of: (congestion: string) => readonly Metric[]) => ["cubic", "bbr"].flatMap(of);

/** Every number that is shown, in the order it is shown in. */
export const metrics: readonly Metric[] = [
  ...both((congestion) => tcp(congestion, 1)),
  ...both((congestion) => tcp(congestion, 8)),
  ...both((congestion) => [
    {
      workload: `bidir/${congestion}`,
      value: "mbit",
      title: `TCP both ways, ${congestion}, sum`,
      unit: "Mbit/s",
      better: "more",
    },
    {
      workload: `bidir/${congestion}`,
      value: "lesser",
      title: `TCP both ways, ${congestion}, slower`,
      unit: "Mbit/s",
      better: "more",
    },
  ]),
  ...udp(64),
  ...udp(1200),
  { workload: "ping", value: "average", title: "ping, idle, average", unit: "ms", better: "less" },
  { workload: "ping", value: "p99", title: "ping, idle, p99", unit: "ms", better: "less" },
  ...both((congestion) => [
    {
      workload: `ping-load/${congestion}`,
      value: "average",
      title: `ping beside TCP, ${congestion}, average`,
      unit: "ms",
      better: "less",
    },
    {
      workload: `ping-load/${congestion}`,
      value: "p99",
      title: `ping beside TCP, ${congestion}, p99`,
      unit: "ms",
      better: "less",
    },
    {
      workload: `ping-load/${congestion}`,
      value: "mbit",
      title: `that TCP, ${congestion}`,
      unit: "Mbit/s",
      better: "more",
    },
  ]),
  { workload: "memory", value: "peakMiB", title: "peak memory, one side", unit: "MiB", better: "less" },
  { workload: "start", value: "seconds", title: "start to first ping reply", unit: "s", better: "less" },
];

/** Several runs of one measurement of one program on one link. */
export interface Figure extends Spread {
  /** To the reference, each round by itself, then the median of those; absent where there is no pair of values. */
  readonly ratio?: number;
}

type Where = Pick<Sample, "link" | "program">;

/** @returns undefined when there is no value */
export function figureOf(results: Results, where: Where, metric: Metric): Figure | undefined {
  const own = valuesByRound(results, where, metric);
  if (own.size === 0) return undefined;
  const reference = valuesByRound(results, { ...where, program: results.reference }, metric);
  const ratios = [...own].flatMap(([round, value]) => {
    const other = reference.get(round);
    return other === undefined || other === 0 ? [] : [value / other];
  });
  return { ...spread([...own.values()]), ...(ratios.length > 0 ? { ratio: median(ratios) } : {}) };
}

/** Why there is no figure, in the words of the last failure. */
export function failureOf(results: Results, { link, program }: Where, workload: string): string | undefined {
  const failed = results.samples.filter(
    (sample) => sample.link === link && sample.program === program && sample.error !== undefined,
  );
  const at = (wanted: string) => failed.findLast((sample) => sample.workload === wanted)?.error;
  return at(workload) ?? at("start") ?? results.programs.find(({ name }) => name === program)?.unavailable;
}

function valuesByRound({ samples }: Results, { link, program }: Where, metric: Metric): Map<number, number> {
  const rounds = new Map<number, number>();
  for (const sample of samples) {
    if (sample.link !== link || sample.program !== program || sample.workload !== metric.workload) continue;
    const value = sample.values?.[metric.value];
    if (value !== undefined) rounds.set(sample.round, value);
  }
  return rounds;
}
