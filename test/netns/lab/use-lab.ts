import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { createLab, type Lab, type LabOptions } from "./lab.ts";
import type { Program } from "./program.ts";

/**
 * A lab for the tests of one file or `describe`: made before the first, removed after the last. A failed test prints
 * what the programs said, and those that it started itself are ended: its second try finds their ports free.
 * @returns the lab, to be asked for inside tests
 */
export function useLab(options: LabOptions): () => Lab {
  let lab: Lab | undefined;
  beforeAll(() => {
    lab = createLab(options);
  });
  let earlier: ReadonlySet<Program> = new Set();
  beforeEach(() => {
    earlier = new Set(lab?.running());
  });
  afterEach(async ({ task }) => {
    if (task.result?.state !== "fail") return;
    console.error(lab?.transcript());
    const begun = lab?.running().filter((program) => !earlier.has(program)) ?? [];
    await Promise.all(begun.map((program) => program.kill()));
  });
  afterAll(() => lab?.teardown());
  return () => {
    if (!lab) throw new Error("the lab exists only while tests run");
    return lab;
  };
}
