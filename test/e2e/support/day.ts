import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright";
import { afterEach, beforeEach } from "vitest";
import { violations } from "./axe.ts";
import type { Person } from "./person.ts";
import { electron } from "./sit-down.ts";

const output = fileURLToPath(new URL("../../../.test-output/", import.meta.url));

/** A page as a PNG in .test-output/screenshots, or screenshots-electron, for people to look at. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const folder = `${output}screenshots${electron === undefined ? "" : "-electron"}`;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png` });
}

/**
 * For tests of which each goes on where the one before it ended: after a failure the rest is skipped, and what every
 * page showed at that moment is kept in .test-output/failed. A step cannot be taken twice, so it is not tried again.
 */
export function useSteps(people: () => Readonly<Record<string, Person | undefined>>): void {
  let failed: string | undefined;
  beforeEach((test) => {
    if (failed === test.task.name) throw new Error("a step that failed leaves no place to try it again from");
    if (failed !== undefined) test.skip(`"${failed}" failed before it`);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state !== "fail") return;
    failed ??= task.name;
    for (const [name, person] of Object.entries(people())) {
      if (!person) continue;
      const file = `${output}failed/${task.name.replaceAll(/\W+/g, "-")}-${name}`;
      await person.page.screenshot({ path: `${file}.png` }).catch(() => {});
      const shown = await person.page
        .locator("body")
        .ariaSnapshot()
        .catch((error: unknown) => String(error));
      console.error(`${name}'s page showed:\n${shown}\n${person.trouble.join("\n")}`);
    }
  });
}

/** Collects what axe finds on screen after screen, so that one run tells all of it. */
export class Audit {
  readonly #found = new Map<string, string[]>();

  async of(page: Page, screen: string): Promise<void> {
    for (const violation of await violations(page)) {
      const screens = this.#found.get(violation) ?? [];
      screens.push(screen);
      this.#found.set(violation, screens);
    }
  }

  /** Each violation, after the screens that have it. */
  get findings(): readonly string[] {
    return [...this.#found].map(([violation, screens]) => `${screens.join(", ")}: ${violation}`);
  }
}
