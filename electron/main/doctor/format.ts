import type { CheckStatus, Finding } from "./check.ts";
import { detailText, fixText } from "./words.ts";

const marks: Readonly<Record<CheckStatus, string>> = { ok: "✓", warn: "!", fail: "✗", skip: "–" };
/** Columns of the usual terminal; longer findings are wrapped beside the titles. */
const LINE_LENGTH = 80;

/** The table for people: a line a check, and how to mend it below each that needs it. */
export function formatFindings(findings: readonly Finding[]): readonly string[] {
  const width = Math.max(...findings.map(({ title }) => title.length));
  const indent = " ".repeat(width + 4);
  const room = LINE_LENGTH - indent.length;
  return findings.flatMap(({ status, title, detail, fix = [] }) => [
    ...wrap(detailText(detail), room).map(
      (line, i) => `${i === 0 ? `${marks[status]} ${title.padEnd(width)}  ` : indent}${line}`,
    ),
    ...wrap(fixText(fix), room - 2).map((line, i) => `${indent}${i === 0 ? "→ " : "  "}${line}`),
  ]);
}

/** The same for programs: the sentences in English, as text. */
export function plainFinding({ detail, fix, ...finding }: Finding) {
  return { ...finding, detail: detailText(detail), ...(fix && { fix: fixText(fix) }) };
}

/** "Nothing needs mending." or how much does. */
export function summariseFindings(findings: readonly Finding[]): string {
  const count = (status: CheckStatus) => findings.filter((finding) => finding.status === status).length;
  const [fails, warnings] = [count("fail"), count("warn")];
  if (fails === 0 && warnings === 0) return "Nothing needs mending.";
  const parts = [fails > 0 ? plural(fails, "failure") : "", warnings > 0 ? plural(warnings, "warning") : ""];
  return `${parts.filter((part) => part !== "").join(", ")}.`;
}

export function hasFailure(findings: readonly Finding[]): boolean {
  return findings.some(({ status }) => status === "fail");
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ").filter((part) => part !== "")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
