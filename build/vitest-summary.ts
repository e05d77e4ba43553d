import { writeFileSync } from "node:fs";
import type { Reporter, SerializedError, TestModule } from "vitest/node";

/** What one run of vitest came to, for build/test.mjs, which adds up several. */
export interface VitestSummary {
  passed: number;
  failed: number;
  /** Every failure with the first line of what went wrong, so that the end of a log that was cut still names them. */
  failures: Failure[];
  /** Tests that passed when they were tried again, with what went wrong at first. They count as passed. */
  secondTries: Failure[];
  skipped: { name: string; reason: string }[];
  /** Test files and how long each took, with its set-up. */
  files: { name: string; ms: number }[];
}

export interface Failure {
  name: string;
  error: string;
}

/** Longer lines are mostly a diff or a page of HTML, and push the other failures out of sight. */
const MAX_ERROR_LENGTH = 300;

/**
 * Writes the summary to the file that GOVPN_TEST_SUMMARY names. A file that cannot be loaded and an error outside any
 * test count as one failed test each: they must not vanish from the sum.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], strayErrors: readonly SerializedError[]): void {
    const summary: VitestSummary = {
      passed: 0,
      failed: 0,
      failures: [],
      secondTries: [],
      skipped: [],
      files: [],
    };
    addErrors(summary, "outside any test", strayErrors);
    for (const module of modules) add(summary, module);
    const file = process.env.GOVPN_TEST_SUMMARY;
    if (file) writeFileSync(file, JSON.stringify(summary));
  }
}

function add(summary: VitestSummary, module: TestModule): void {
  const { setupDuration, collectDuration, duration } = module.diagnostic();
  const file = module.relativeModuleId;
  summary.files.push({ name: file, ms: setupDuration + collectDuration + duration });
  addErrors(summary, file, module.errors());
  for (const suite of module.children.allSuites()) addErrors(summary, `${file} > ${suite.fullName}`, suite.errors());
  for (const test of module.children.allTests()) {
    const name = `${file} > ${test.fullName}`;
    const result = test.result();
    if (result.state === "passed") {
      summary.passed++;
      if (test.diagnostic()?.flaky) summary.secondTries.push({ name, error: firstLine(result.errors?.[0]) });
    } else if (result.state === "failed") {
      summary.failed++;
      summary.failures.push({ name, error: firstLine(result.errors[0]) });
    } else {
      const reason = result.state === "skipped" ? result.note : undefined;
      summary.skipped.push({ name, reason: reason ?? "" });
    }
  }
}

function addErrors(summary: VitestSummary, name: string, errors: readonly SerializedError[]): void {
  summary.failed += errors.length;
  for (const error of errors) summary.failures.push({ name, error: firstLine(error) });
}

/** The first line that says something: some messages start with an empty one. */
export function firstLine(error: { readonly message?: string } | undefined): string {
  const lines = (error?.message ?? "").split("\n").map((line) => line.trim());
  return (lines.find((line) => line !== "") ?? "no message").slice(0, MAX_ERROR_LENGTH);
}
