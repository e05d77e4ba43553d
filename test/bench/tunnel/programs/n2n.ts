import { setTimeout as passes } from "node:timers/promises";
import { outputOf } from "./command.ts";
import { type Contender, deviceOf, INSIDE, sides, wordsOf } from "./contender.ts";

const PORT = 7654;
const DEVICE = "n2n0";
/** The ends find the direct path between them within a few seconds of traffic; this is looked at this often. */
const REGISTER_MS = 500;

/** n2n 1.3: its supernode runs on machine a, and is counted there, since packets may pass through it. */
export const n2n: Contender = {
  name: "n2n",
  title: "n2n",
  packages: ["n2n"],
  version: async () => /v\.(\S+)/.exec(await outputOf("edge", ["-h"]))?.[1] ?? "",
  async start(site) {
    const supernode = site.a.spawn("supernode", ["-l", String(PORT)]);
    await passes(REGISTER_MS);
    if (!supernode.running) throw new Error(`the supernode ended: ${wordsOf(supernode)}`);
    const pids: { a: number[]; b: number[] } = { a: [supernode.pid], b: [] };
    for (const { host, side, inside } of sides(site)) {
      const network = ["-d", DEVICE, "-a", inside, "-s", "255.255.255.0", "-c", "bench", "-k", "a shared secret"];
      // It would otherwise give up root for a user that may not open the device again.
      const program = host.spawn("edge", [...network, "-u", "0", "-g", "0", "-l", `${site.a.ipv4}:${PORT}`]);
      await deviceOf(program, host, DEVICE);
      pids[side].push(program.pid);
    }
    return { address: INSIDE.b, pids };
  },
};
