import { afterAll, afterEach, beforeAll } from "vitest";
import { createLab, type Lab, type LabOptions } from "./lab.ts";

/**
 * A lab for the tests of one file or `describe`: made before the first, removed after the last; a failed test prints
 * what the programs said.
 * @returns the lab, to be asked for inside tests
 */
export function useLab(options: LabOptions): () => Lab {
  let lab: Lab | undefined;
  beforeAll(() => {
    lab = createLab(options);
  });
  afterEach(({ task }) => {
    if (task.result?.state === "fail") console.error(lab?.transcript());
  });
  afterAll(() => lab?.teardown());
  return () => {
    if (!lab) throw new Error("the lab exists only while tests run");
    return lab;
  };
}
