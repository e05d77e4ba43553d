import { setTimeout as passes } from "node:timers/promises";
import { versionFrom } from "./command.ts";
import { type Contender, deviceOf, INSIDE, sides, tunnelOf, wordsOf } from "./contender.ts";

const PORT = 1337;
const DEVICE = "weron0";
const SIGNALER_MS = 1000;

/**
 * weron: IP over WebRTC data channels, with its own signaling server on machine a.
 * @param program the path it was installed to; throws what it is told when asked for where that failed
 */
export function weron(program: () => string): Contender {
  return {
    name: "weron",
    title: "weron",
    packages: [],
    version: async () => versionFrom(program(), "--version"),
    async start(site) {
      const signaler = site.a.spawn(program(), ["signaler", "--laddr", `:${PORT}`]);
      await passes(SIGNALER_MS);
      if (!signaler.running) throw new Error(`the signaler ended: ${wordsOf(signaler)}`);
      const room = ["--community", "bench", "--password", "password", "--key", "a shared secret"];
      const where = ["--raddr", `ws://${site.a.ipv4}:${PORT}/`, "--ice", ""];
      const programs = [];
      for (const { host, inside } of sides(site)) {
        const address = ["--static", "--ips", `${inside}/${INSIDE.prefix}`, "--dev", DEVICE];
        const end = host.spawn(program(), ["vpn", "ip", ...room, ...where, ...address]);
        await deviceOf(end, host, DEVICE);
        programs.push(end);
      }
      return tunnelOf(programs);
    },
  };
}
