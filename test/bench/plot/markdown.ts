import { type Goal, goals } from "../tunnel/goals.ts";
import { figureOf, type Metric, metrics, type Results } from "../tunnel/samples.ts";
import { median } from "../tunnel/statistics.ts";
import { cell } from "../tunnel/table.ts";
import type { NamedChart } from "./charts.ts";

/** The part of docs/performance.md that a run of the benchmark decides. */

export const BEGIN = "<!-- figures: written by npm run bench -- plot -->";
export const END = "<!-- /figures -->";

/** @throws when the page has no place for the figures */
export function withFigures(page: string, results: Results, drawn: readonly NamedChart[]): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the page has no "${BEGIN}" followed by "${END}"`);
  return `${page.slice(0, begin)}${BEGIN}\n\n${figures(results, drawn)}\n\n${page.slice(end)}`;
}

function figures(results: Results, drawn: readonly NamedChart[]): string {
  const measured = results.links.filter(({ name }) => results.samples.some(({ link }) => link === name));
  return [
    aboutTheRun(results),
    ...drawn.map(({ name, title }) => `![${title}](performance/${name}.svg)`),
    `### Goals\n\n${goalTable(goals(results))}`,
    ...measured.map(({ name, title }) => `### Link: ${title}\n\n${linkTable(results, name)}`),
    ...unavailable(results),
  ].join("\n\n");
}

function aboutTheRun(results: Results): string {
  const { machine, options, started, seconds, programs } = results;
  const versions = programs.flatMap(({ title, version }) => (version ? [`${title} ${version}`] : []));
  return `- Machine: ${machine.cpu}, ${machine.processors} processors, ${machine.memoryMiB} MiB; ${machine.system}, kernel ${machine.kernel}, Node ${machine.node}.
- Programs: ${versions.join(", ")}.
- Run: ${started.slice(0, 10)}, ${Math.round(seconds / 60)} minutes, ${options.rounds} rounds in turn, ${options.seconds} s a transfer.
- Other work on the machine: ${otherWork(results)}.
- A cell is the median, (least–most), and × the ratio to ${results.reference}, each round by itself and then the median.`;
}

/** Looked at before every turn, while nothing of the bench runs. */
function otherWork({ samples }: Results): string {
  const shares = samples.flatMap(({ workload, values }) => (workload === "start" ? (values?.busyBefore ?? []) : []));
  if (shares.length === 0) return "not known";
  const most = Math.round(Math.max(...shares));
  return `${Math.round(median(shares))} % of its processors at the median of all turns, ${most} % at most`;
}

function goalTable(all: readonly Goal[]): string {
  const verdict = ({ met }: Goal) => (met === undefined ? "not measured" : met ? "reached" : "**not reached**");
  const rows = all.map((goal) => [goal.about, goal.goal, goal.measured ?? "–", verdict(goal)]);
  return table([["case", "goal", "in this run", ""], ...rows]);
}

function linkTable(results: Results, link: string): string {
  const shown = metrics.filter(({ workload, value }) =>
    results.samples.some((s) => s.link === link && s.workload === workload && s.values?.[value] !== undefined),
  );
  const heading = ({ title, unit }: Metric) => `${title} (${unit})`;
  const columns = results.programs.filter(({ name }) =>
    shown.some((metric) => figureOf(results, { link, program: name }, metric)),
  );
  const rows = shown.map((metric) => [
    heading(metric),
    ...columns.map(({ name }) => cell(figureOf(results, { link, program: name }, metric))),
  ]);
  return table([["", ...columns.map(({ title }) => title)], ...rows]);
}

function unavailable({ programs, samples }: Results): readonly string[] {
  const lines = programs.flatMap(({ name, title, unavailable: why }) => {
    const failed = samples.find(
      ({ program, workload, error }) => program === name && workload === "start" && error !== undefined,
    );
    const reason = why ?? failed?.error;
    return reason === undefined ? [] : [`- ${title}: ${reason}`];
  });
  return lines.length > 0 ? [`### Without figures, or with fewer\n\n${lines.join("\n")}`] : [];
}

function table(rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`;
  const [head = [], ...body] = rows.map((cells) => cells.map((text) => text || " "));
  return [line(head), line(head.map(() => "---")), ...body.map(line)].join("\n");
}
