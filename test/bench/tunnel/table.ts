import { type Figure, figureOf, type Metric, metrics, type Results } from "./samples.ts";

/** The results as text: for each link, blocks of a few columns that fit a terminal. */

const COLUMNS_A_BLOCK = 5;

export function tables(results: Results): string {
  const measured = results.links.filter(({ name }) => results.samples.some(({ link }) => link === name));
  return measured.map((link) => `${link.title}\n\n${linkTables(results, link.name)}`).join("\n\n");
}

function linkTables(results: Results, link: string): string {
  const shown = metrics.filter(({ workload }) =>
    results.samples.some((sample) => sample.link === link && sample.workload === workload && sample.values),
  );
  const blocks = chunks(shown, COLUMNS_A_BLOCK).map((columns) => block(results, link, columns));
  return [...blocks, ...failures(results, link)].join("\n\n");
}

function block(results: Results, link: string, columns: readonly Metric[]): string {
  const rows = results.programs.map(({ name, title }) => [
    title,
    ...columns.map((metric) => cell(figureOf(results, { link, program: name }, metric))),
  ]);
  const filled = rows.filter(([, ...cells]) => cells.some((text) => text !== ""));
  return aligned([...headings(columns), ...filled]);
}

/** A title's parts, between its commas, one below the other and down on the unit. */
function headings(columns: readonly Metric[]): readonly (readonly string[])[] {
  const stacks = columns.map(({ title, unit }) => [...title.split(", "), unit]);
  const height = Math.max(...stacks.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) => [
    "",
    ...stacks.map((stack) => stack[line - (height - stack.length)] ?? ""),
  ]);
}

/** `1183 (1101–1240) 1.24×`: the median, the extremes and the ratio to the reference. */
export function cell(figure: Figure | undefined): string {
  if (!figure) return "";
  const extremes = figure.count > 1 ? ` (${short(figure.min)}–${short(figure.max)})` : "";
  return `${short(figure.median)}${extremes}${figure.ratio === undefined ? "" : ` ${short(figure.ratio)}×`}`;
}

/** About three significant digits, and never an exponent. */
export function short(value: number): string {
  const size = Math.abs(value);
  const digits = size === 0 || size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value.toFixed(digits);
}

/** One line a program and reason: what failed for it. */
function failures(results: Results, link: string): readonly string[] {
  const lines = results.programs.flatMap(({ name, title }) => {
    const reasons = new Map<string, Set<string>>();
    for (const { workload, error, ...sample } of results.samples) {
      if (sample.link !== link || sample.program !== name || error === undefined) continue;
      reasons.set(error, (reasons.get(error) ?? new Set()).add(workload));
    }
    return [...reasons].map(([reason, workloads]) => `! ${title}, ${[...workloads].join(", ")}: ${reason}`);
  });
  const unavailable = results.programs.flatMap(({ title, unavailable }) =>
    unavailable === undefined ? [] : [`! ${title}: ${unavailable}`],
  );
  return [...lines, ...unavailable].length > 0 ? [[...lines, ...unavailable].join("\n")] : [];
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const pad = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  return rows.map((row) => row.map(pad).join("   ").trimEnd()).join("\n");
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
