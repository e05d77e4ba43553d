import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

/** What one run of vitest came to, for build/test.mjs, which adds up several. */
export interface VitestSummary {
  passed: number;
  failed: number;
  skipped: { name: string; reason: string }[];
  /** Test files and how long each took, with its set-up. */
  files: { name: string; ms: number }[];
}

/**
 * Writes the summary to the file that GOVPN_TEST_SUMMARY names. A file that cannot be loaded and an error outside any
 * test count as one failed test each: they must not vanish from the sum.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], strayErrors: readonly unknown[]): void {
    const summary: VitestSummary = { passed: 0, failed: strayErrors.length, skipped: [], files: [] };
    for (const module of modules) add(summary, module);
    const file = process.env.GOVPN_TEST_SUMMARY;
    if (file) writeFileSync(file, JSON.stringify(summary));
  }
}

function add(summary: VitestSummary, module: TestModule): void {
  const { setupDuration, collectDuration, duration } = module.diagnostic();
  summary.files.push({ name: module.relativeModuleId, ms: setupDuration + collectDuration + duration });
  summary.failed += module.errors().length;
  for (const suite of module.children.allSuites()) summary.failed += suite.errors().length;
  for (const test of module.children.allTests()) {
    const result = test.result();
    if (result.state === "passed") summary.passed++;
    else if (result.state === "failed") summary.failed++;
    else {
      const reason = result.state === "skipped" ? result.note : undefined;
      summary.skipped.push({ name: `${module.relativeModuleId} > ${test.fullName}`, reason: reason ?? "" });
    }
  }
}
