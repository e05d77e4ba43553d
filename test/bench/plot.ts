import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { charts } from "./plot/charts.ts";
import { withFigures } from "./plot/markdown.ts";
import { svg } from "./plot/svg.ts";
import { mergeResults } from "./tunnel/merge.ts";
import type { Results } from "./tunnel/samples.ts";

/*
 * Draws what `npm run bench -- tunnel` measured: `npm run bench -- plot FILE.json …` writes docs/performance/*.svg and
 * the figures in docs/performance.md. Several files are runs in parts, put together.
 */

/** A bundle is at dist/bench/NAME.mjs of its checkout. */
const docs = resolve(dirname(process.argv[1] ?? ""), "../../docs");
const [file, ...others] = process.argv.slice(2);

if (file === undefined || file.startsWith("-")) {
  console.error(
    "npm run bench -- plot FILE.json …   each FILE.json is what npm run bench -- tunnel wrote, of one machine",
  );
  process.exitCode = 2;
} else {
  draw(mergeResults([readResults(file), ...others.map(readResults)]));
}

function draw(results: Results): void {
  const folder = join(docs, "performance");
  const page = join(docs, "performance.md");
  const drawn = charts(results);
  mkdirSync(folder, { recursive: true });
  for (const chart of drawn) {
    const path = join(folder, `${chart.name}.svg`);
    writeFileSync(path, svg(chart));
    console.log(path);
  }
  writeFileSync(page, withFigures(readFileSync(page, "utf8"), results, drawn));
  console.log(page);
}

function readResults(path: string): Results {
  const value: unknown = JSON.parse(readFileSync(path, "utf8"));
  const isOurs = typeof value === "object" && value !== null && "benchmark" in value && value.benchmark === "tunnel";
  if (!isOurs) throw new Error(`${path} is not what "npm run bench -- tunnel" writes`);
  return value as Results;
}
