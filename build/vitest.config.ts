import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL("..", import.meta.url));
const project = (name: string, options: object = {}) => ({
  test: { name, root, include: [`test/${name}/**/*.test.ts`], ...options },
});
// Real hosts on one machine: each file makes its own namespaces and processes, one at a time, with time to set up.
const oneAtATime = { fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 };

export default defineConfig({
  root,
  test: {
    projects: [
      project("unit"),
      project("contract", { testTimeout: 30_000 }),
      project("fuzz", { testTimeout: 300_000 }),
      project("netns", oneAtATime),
    ],
  },
});
