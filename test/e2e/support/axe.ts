import axe, { type AxeResults } from "axe-core";
import type { Page } from "playwright";

/**
 * What axe finds wrong with what the page shows now, a line each: the rule, and where. The script is run through the
 * browser's debugger, past the page's Content-Security-Policy.
 */
export async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const results = await page.evaluate<AxeResults>("axe.run(document, { resultTypes: ['violations'] })");
  return results.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(" ")}\n${failureSummary}`),
  );
}
