import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const root = fileURLToPath(new URL("..", import.meta.url));
const project = (name: string, options: object = {}) => ({
  test: { name, root, include: [`test/${name}/**/*.test.{ts,tsx}`], ...options },
});
// Real programs, sockets and clocks on a machine that may be busy with other things: what fails once is tried once more,
// and `npm test` names it at its end. What runs on a fake clock has no such excuse.
const onRealTime = { retry: 1 };
// Real hosts on one machine: each file makes its own namespaces and processes, with time to set up.
const realHosts = { ...onRealTime, testTimeout: 120_000, hookTimeout: 120_000 };
const oneAtATime = { ...realHosts, fileParallelism: false };
/** What measures, and would measure its neighbour too. The others wait most of their time, and do that two at once. */
const measuring = ["two-hosts", "server-loss", "soak", "link-emulator", "tun", "firewall", "twelve-hosts"];
const filesOf = (names: readonly string[]) => names.map((name) => `test/netns/${name}.test.ts`);

export default defineConfig({
  root,
  test: {
    // vitest would leave one processor idle, which is half of a small machine.
    maxWorkers: availableParallelism(),
    projects: [
      // Milliseconds each, but for properties of thousands of packets. The limit is there for what hangs: a busy machine
      // must not fail a test that does not.
      project("unit", { testTimeout: 60_000, hookTimeout: 60_000 }),
      project("adversary", { testTimeout: 60_000, hookTimeout: 60_000 }),
      project("contract", { ...onRealTime, testTimeout: 90_000, hookTimeout: 90_000 }),
      // A parser that takes hundreds of megabytes for one input ends here, and not only on a small machine.
      project("fuzz", {
        testTimeout: 900_000,
        execArgv: ["--max-old-space-size=512"],
        // Nothing but work for the processor, which vitest would leave one of idle; for that it needs a turn of its own.
        // Beside other tests it gets one.
        maxWorkers: Number(process.env.GOVPN_FUZZ_WORKERS ?? availableParallelism()),
        sequence: { groupOrder: 1 },
      }),
      project("netns", { ...realHosts, exclude: filesOf(measuring), maxWorkers: 2, sequence: { groupOrder: 2 } }),
      project("netns-alone", { ...oneAtATime, include: filesOf(measuring), sequence: { groupOrder: 3 } }),
      project("e2e", oneAtATime),
    ],
  },
});
