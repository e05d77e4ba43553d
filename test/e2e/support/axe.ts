import axe, { type AxeResults, type Result } from "axe-core";
import type { Page } from "playwright";

/** Menus and tooltips are drawn at the end of the page and belong to what opened them, not to a part of the page. */
const OVERLAY = "data-radix-popper-content-wrapper";

/**
 * What axe finds wrong with what the page shows now, a line each: the rule, and where. The script is run through the
 * browser's debugger, past the page's Content-Security-Policy.
 */
export async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const results = await page.evaluate<AxeResults>("axe.run(document, { resultTypes: ['violations'] })");
  return results.violations.flatMap(linesOf);
}

function linesOf({ id, nodes }: Result): readonly string[] {
  return nodes
    .filter(({ target }) => id !== "region" || !target.join(" ").includes(OVERLAY))
    .map(
      ({ target, failureSummary = "" }) => `${id} at ${target.join(" ")}: ${failureSummary.replaceAll(/\s+/g, " ")}`,
    );
}
