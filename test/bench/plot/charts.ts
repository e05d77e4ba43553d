import { failureOf, figureOf, type Metric, metrics, type ProgramInfo, type Results } from "../tunnel/samples.ts";
import type { Bar, Chart, Panel } from "./svg.ts";

/** Which charts are drawn of the results, and what is on them. */
export interface NamedChart extends Chart {
  /** File name without its extension. */
  readonly name: string;
}

/** One panel: this number on this link. */
interface Wanted {
  readonly link: string;
  readonly workload: string;
  readonly value: string;
  readonly title: string;
}

/** A baseline has no tunnel, so what a tunnel costs is nothing for it, and is not drawn. */
const BASELINES = ["no-vpn", "no-offloads"];
/** What fits beside an axis. */
const NOTE_CHARACTERS = 42;

/** @returns those charts for which there is at least one figure */
export function charts(results: Results): readonly NamedChart[] {
  const named = (name: string, title: string, wanted: readonly Wanted[]): readonly NamedChart[] => {
    const panels = wanted.flatMap((one) => panel(results, one));
    if (panels.length === 0) return [];
    const description = `Bar charts: ${panels.map((p) => `${p.title} (${p.subtitle}): ${inWords(p)}`).join(". ")}.`;
    return [{ name, title, description, panels }];
  };
  const clean = (workload: string, value: string, title: string) => ({ link: "clean", workload, value, title });
  const slow = results.links.filter(({ name }) => name !== "clean");
  const perLink = (congestion: string) =>
    slow.map(({ name, title }) => ({ link: name, workload: `tcp1/${congestion}`, value: "mbit", title }));
  return [
    ...named("tcp-clean", "TCP through the tunnel on a clean link", [
      clean("tcp1/cubic", "mbit", "one stream, cubic"),
      clean("tcp8/cubic", "mbit", "eight streams, cubic"),
      clean("tcp1/bbr", "mbit", "one stream, BBR"),
      clean("bidir/cubic", "mbit", "both ways at once, sum, cubic"),
    ]),
    ...named("tcp-links-bbr", "TCP, one stream, BBR inside, on slow links", perLink("bbr")),
    ...named("tcp-links-cubic", "TCP, one stream, cubic inside, on slow links", perLink("cubic")),
    ...named("cost", "What a gigabyte costs", [
      clean("tcp1/cubic", "cpu", "processor time of the programs, both sides"),
      clean("tcp1/cubic", "systemCpu", "processor time of the whole machine"),
      clean("memory", "peakMiB", "peak memory, one side"),
    ]),
    ...named("ping-idle", "Ping through an idle tunnel on a clean link", [
      clean("ping", "average", "average"),
      clean("ping", "p99", "99th percentile"),
    ]),
    ...named("ping-bottleneck", "Ping beside a TCP stream that fills a 100 Mbit/s bottleneck", [
      { link: "100mbit", workload: "ping-load/cubic", value: "average", title: "average, cubic" },
      { link: "100mbit", workload: "ping-load/bbr", value: "average", title: "average, BBR" },
    ]),
    ...named("udp", "UDP packets a second with less than 0.1 % loss, clean link", [
      clean("udp64", "packets", "64-byte packets"),
      clean("udp1200", "packets", "1200-byte packets"),
    ]),
  ];
}

function panel(results: Results, { link, workload, value, title }: Wanted): readonly Panel[] {
  const metric = metrics.find((one) => one.workload === workload && one.value === value);
  if (!metric) throw new RangeError(`there is no metric ${workload} ${value}`);
  const bars = results.programs.flatMap((program) => bar(results, link, program, metric));
  if (!bars.some(({ value }) => value !== undefined)) return [];
  return [{ title, subtitle: `${metric.unit}, ${metric.better} is better`, bars }];
}

function bar(results: Results, link: string, program: ProgramInfo, metric: Metric): readonly Bar[] {
  const { name, title, ours } = program;
  const kind: Bar["kind"] = ours ? "ours" : BASELINES.includes(name) ? "baseline" : undefined;
  const about = { label: title, ...(kind ? { kind } : {}) } as const;
  const figure = figureOf(results, { link, program: name }, metric);
  if (kind === "baseline" && (metric.value === "cpu" || !figure)) return [];
  if (figure) return [{ ...about, value: figure.median, min: figure.min, max: figure.max }];
  const failure = failureOf(results, { link, program: name }, metric.workload);
  return failure === undefined ? [] : [{ ...about, note: clip(failure) }];
}

function clip(text: string): string {
  return text.length > NOTE_CHARACTERS ? `${text.slice(0, NOTE_CHARACTERS - 1)}…` : text;
}

function inWords({ bars }: Panel): string {
  return bars
    .map(({ label, value, note }) => `${label} ${value === undefined ? note : value.toPrecision(3)}`)
    .join(", ");
}
