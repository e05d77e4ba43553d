/** Horizontal bar charts as SVG: text and rectangles, light and dark, readable without colour. */

export interface Bar {
  readonly label: string;
  /** Absent where there is nothing to draw; `note` then says why. */
  readonly value?: number;
  readonly min?: number;
  readonly max?: number;
  readonly note?: string;
  /** What the chart is about, or what it is compared with: a bar that is not limited by a program. */
  readonly kind?: "ours" | "baseline";
}

export interface Panel {
  readonly title: string;
  /** Unit, and what is better: "Mbit/s, more is better". */
  readonly subtitle: string;
  readonly bars: readonly Bar[];
}

export interface Chart {
  readonly title: string;
  /** The chart in a sentence, for those who cannot see it. */
  readonly description: string;
  readonly panels: readonly Panel[];
}

const PANEL = 424;
const GAP = 24;
const MARGIN = 20;
const HEAD = 52;
const PANEL_HEAD = 44;
const ROW = 22;
const BAR = 14;
const LABEL = 166;
const FIGURE = 54;
/** Longest bar: what the label and the figure leave of a panel. */
const LENGTH = PANEL - LABEL - FIGURE;
/** A baseline this much beyond every other bar is cut, lest it squash them. */
const CUT = 1.15;

const STYLE = `
  svg { font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
  .paper { fill: #fff } .text { fill: #1f2328 } .soft { fill: #59636e }
  .title { font-size: 17px; font-weight: 600 } .panel { font-weight: 600 } .small { font-size: 11.5px }
  .bar { fill: #a3adba } .ours { fill: #0b6bcb } .baseline { fill: #d5dae1 }
  .range { stroke: #1f2328; stroke-width: 1.2; opacity: .65 } .axis { stroke: #d1d9e0 }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117 } .text { fill: #e6edf3 } .soft { fill: #9198a1 }
    .bar { fill: #5d6773 } .ours { fill: #4ea1ff } .baseline { fill: #333b45 }
    .range { stroke: #e6edf3 } .axis { stroke: #3d444d }
  }`;

export function svg({ title, description, panels }: Chart): string {
  const columns = Math.min(2, panels.length);
  const width = 2 * MARGIN + columns * PANEL + (columns - 1) * GAP;
  let y = HEAD;
  const parts: string[] = [];
  for (let first = 0; first < panels.length; first += columns) {
    const row = panels.slice(first, first + columns);
    for (const [column, panel] of row.entries()) parts.push(drawPanel(panel, MARGIN + column * (PANEL + GAP), y));
    y += PANEL_HEAD + Math.max(...row.map(({ bars }) => bars.length)) * ROW + GAP;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" role="img" aria-labelledby="title description">
<title id="title">${xml(title)}</title>
<desc id="description">${xml(description)}</desc>
<style>${STYLE}
</style>
<rect class="paper" width="${width}" height="${y}" rx="8"/>
<text class="text title" x="${MARGIN}" y="34">${xml(title)}</text>
${parts.join("\n")}
</svg>
`;
}

function drawPanel({ title, subtitle, bars }: Panel, x: number, y: number): string {
  const scale = LENGTH / fullScale(bars);
  const axis = x + LABEL;
  const rows = bars.map((bar, index) => drawBar(bar, x, y + PANEL_HEAD + index * ROW, scale));
  const end = y + PANEL_HEAD + bars.length * ROW;
  return `<text class="text panel" x="${x}" y="${y + 16}">${xml(title)}</text>
<text class="soft small" x="${x}" y="${y + 32}">${xml(subtitle)}</text>
<line class="axis" x1="${axis}" x2="${axis}" y1="${y + PANEL_HEAD - 3}" y2="${end}"/>
${rows.join("\n")}`;
}

function drawBar(bar: Bar, x: number, y: number, scale: number): string {
  const { label, value, kind, note = "no figure" } = bar;
  const [axis, base, middle] = [x + LABEL, y + 12, y + 1 + BAR / 2];
  const name = `<text class="${kind === "ours" ? "text panel" : "text"}" x="${axis - 8}" y="${base}" text-anchor="end">${xml(label)}</text>`;
  if (value === undefined) return `${name}\n<text class="soft small" x="${axis + 6}" y="${base}">${xml(note)}</text>`;
  const length = Math.min(value * scale, LENGTH);
  const isCut = value * scale > LENGTH;
  const tip = isCut
    ? `<path class="paper" d="M${axis + LENGTH - 22} ${y + BAR + 3} l6 -${BAR + 4} h4 l-6 ${BAR + 4} z"/>`
    : range(bar, axis, middle, scale);
  const figureAt = axis + (isCut ? LENGTH : Math.min(LENGTH, Math.max(length, (bar.max ?? 0) * scale))) + 6;
  return `${name}
<rect class="${kind ?? "bar"}" x="${axis}" y="${y + 1}" width="${Math.max(1, length).toFixed(1)}" height="${BAR}"/>${tip}
<text class="text small" x="${figureAt.toFixed(1)}" y="${base}">${xml(figure(value))}</text>`;
}

/** From the least to the most that was measured. */
function range({ min, max }: Bar, axis: number, y: number, scale: number): string {
  if (min === undefined || max === undefined || min === max) return "";
  const [from, to] = [axis + Math.min(min * scale, LENGTH), axis + Math.min(max * scale, LENGTH)].map((at) =>
    at.toFixed(1),
  );
  const tick = (at: string | undefined) => `M${at} ${y - 3} v6`;
  return `<path class="range" fill="none" d="M${from} ${y} H${to} ${tick(from)} ${tick(to)}"/>`;
}

function fullScale(bars: readonly Bar[]): number {
  const tops = (some: readonly Bar[]) => some.flatMap(({ value, max }) => (value === undefined ? [] : [max ?? value]));
  const programs = Math.max(0, ...tops(bars.filter(({ kind }) => kind !== "baseline")));
  const all = Math.max(0, ...tops(bars));
  return programs > 0 && all > programs * CUT ? programs * CUT : all || 1;
}

/** As many digits as mean something. */
export function figure(value: number): string {
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} k`;
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function xml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
