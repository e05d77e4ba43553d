import type { EventProgram, ProgramEvent } from "../../../netns/lab/events.ts";
import type { Host } from "../../../netns/lab/host.ts";
import { outputOf } from "./command.ts";
import type { Contender, Tunnel } from "./contender.ts";

export type LaneName = "media" | "packets";

const START_MS = 15_000;
/** A link begins on the packets channel and moves to the media lane once that has been probed. */
const LANE_MS = 10_000;
const PORT = 8080;

/**
 * The product as people run it: `govpn serve` on machine a, `govpn up` on both, traffic over the lane.
 * @param checkout its top folder, with dist/
 */
export function ours(lane: LaneName, checkout: string): Contender {
  const program = `${checkout}/dist/govpn.mjs`;
  return {
    name: `ours-${lane}`,
    title: `govpn, ${lane} lane`,
    ours: true,
    packages: [],
    version: async () => (await outputOf(process.execPath, [program, "--version"])).trim(),
    async start({ a, b }): Promise<Tunnel> {
      const run = (host: Host, ...args: string[]) =>
        host.spawnEvents(process.execPath, [program, ...args, "--json", "--profile", host.profile]);
      const listen = ["--host", a.ipv4, "--port", String(PORT), "--memory", "--rate-limit", "0"];
      // A profile of its own: `up` on the same machine has the other one.
      const server = a.spawnEvents(process.execPath, [
        program,
        "serve",
        "--json",
        "--profile",
        a.newProfile(),
        ...listen,
      ]);
      const url = String((await server.waitFor(({ event }) => event === "listening", START_MS)).url);
      const options = [
        "--server",
        url,
        "--tun",
        "required",
        "--no-stun",
        "--pin",
        "1234",
        ...(await laneOption(program, lane)),
      ];
      const first = run(a, "up", ...options, "--create", "Bench");
      const { link, room_id } = await first.waitFor(({ event }) => event === "invitation", START_MS);
      // A checkout from before there were links has rooms that an id opens.
      const second = run(b, "up", ...options, "--join", String(link ?? room_id));
      const peer = await first.waitFor(isConnected, START_MS);
      await onLane(first, lane);
      await onLane(second, lane);
      return {
        address: String(peer.ipv4),
        pids: { a: [first.pid], b: [second.pid] },
        async objection() {
          const now = first.events.findLast(isConnected)?.lane;
          return now === lane ? undefined : `the link had moved to the ${now} lane by the end`;
        },
      };
    },
  };
}

/** How a product that lets people choose the lane is told which. */
async function laneOption(program: string, lane: LaneName): Promise<readonly string[]> {
  const help = await outputOf(process.execPath, [program, "up", "--help"]);
  // "auto" takes the media lane wherever it works; the wait below insists on it.
  return help.includes("--lane ") ? ["--lane", lane === "media" ? "auto" : lane] : [];
}

async function onLane(up: EventProgram, lane: LaneName): Promise<void> {
  try {
    await up.waitFor((event) => isConnected(event) && event.lane === lane, LANE_MS);
  } catch {
    const used = up.events.findLast(isConnected)?.lane;
    throw new Error(used === undefined ? "the two did not connect" : `no ${lane} lane: the link is on ${used}`);
  }
}

function isConnected({ event, state }: ProgramEvent): boolean {
  return event === "peer" && state === "connected";
}
