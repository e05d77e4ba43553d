import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Host } from "../netns/lab/host.ts";
import { removeLeftovers } from "../netns/lab/namespaces.ts";
import { iperf3 } from "../netns/lab/traffic.ts";
import { judge, settled, totalDrops, type Verdict } from "./soak/verdict.ts";
import { type SoakSample, watchHost } from "./soak/watch.ts";
import { links } from "./tunnel/links.ts";
import { describeMachine } from "./tunnel/machine.ts";
import { bidirFigures } from "./tunnel/measure/iperf.ts";
import type { Tunnel } from "./tunnel/programs/contender.ts";
import { type LaneName, ours } from "./tunnel/programs/ours.ts";
import { createSite } from "./tunnel/site.ts";

/*
 * Minutes of a saturated tunnel: `npm run bench -- soak`. Two hosts in namespaces, TCP both ways at once, and every
 * second what each host says of its memory, its event loop, its traffic, its drops and its lane.
 */

const usage = `npm run bench -- soak [OPTION …]     as root on Linux: the tunnel saturated both ways, watched every second
  --minutes N        how long (10)
  --streams N        TCP streams each way (1)
  --lane LANE        media or packets (media)
  --json FILE        every sample goes there`;

const MAX_MINUTES = 24 * 60;
const REPORT_EVERY_SECONDS = 30;
const MIB = 1024 * 1024;
/** A bundle is at dist/bench/NAME.mjs of its checkout. */
const checkout = resolve(dirname(process.argv[1] ?? ""), "../..");
const say = (line: string) => void process.stderr.write(`${line}\n`);

interface Options {
  readonly minutes: number;
  readonly streams: number;
  readonly lane: LaneName;
  readonly json: string | undefined;
}

process.exitCode = await main();

async function main(): Promise<number> {
  const options = parseOptions();
  if (typeof options === "string") {
    say(`${options}\n\n${usage}`);
    return 2;
  }
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    say("This benchmark makes network namespaces: it needs Linux, and root.");
    return 1;
  }
  removeLeftovers();
  const soaked = await soak(options);
  if (options.json !== undefined) {
    mkdirSync(dirname(resolve(options.json)), { recursive: true });
    const results = { benchmark: "soak", machine: await describeMachine(), options, ...soaked };
    writeFileSync(options.json, `${JSON.stringify(results, null, 1)}\n`);
  }
  for (const line of reportLines(soaked)) console.log(line);
  return soaked.verdicts.every(({ met }) => met) ? 0 : 1;
}

function parseOptions(): Options | string {
  const options = { minutes: { type: "string" }, streams: { type: "string" }, lane: { type: "string" } } as const;
  try {
    const { values } = parseArgs({ options: { ...options, json: { type: "string" } } });
    const { minutes = "10", streams = "1", lane = "media", json } = values;
    if (!(Number(minutes) > 0 && Number(minutes) <= MAX_MINUTES)) return "--minutes is a number above 0";
    if (!/^[1-9]\d?$/.test(streams)) return "--streams is a whole number from 1 to 99";
    if (lane !== "media" && lane !== "packets") return `there is no lane "${lane}"`;
    return { minutes: Number(minutes), streams: Number(streams), lane, json };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

interface Soaked {
  readonly a: readonly SoakSample[];
  readonly b: readonly SoakSample[];
  readonly verdicts: readonly Verdict[];
}

async function soak({ minutes, streams, lane }: Options): Promise<Soaked> {
  const [clean] = links;
  if (!clean) throw new Error("there is no link");
  const site = await createSite(clean, "", 1);
  try {
    const tunnel = await ours(lane, checkout).start(site);
    const seconds = Math.ceil(minutes * 60);
    say(`The tunnel is up on the ${lane} lane. TCP both ways, ${streams} each, for ${seconds} s.`);
    let isOver = false;
    const traffic = saturate(site.a, site.b, tunnel, { seconds, streams }).finally(() => {
      isOver = true;
    });
    const [transfer, a, b] = await Promise.all([
      traffic.then(
        ([there, here]) => ({ measured: `${there.toFixed(0)} and ${here.toFixed(0)} Mbit/s to the end`, met: true }),
        (error: Error) => ({ measured: error.message.replaceAll(/\s+/g, " ").slice(0, 300), met: false }),
      ),
      watchHost(site.a.profile, () => isOver, tell),
      watchHost(site.b.profile, () => isOver),
    ]);
    const connections = { about: "TCP connections", limit: "none is lost", ...transfer };
    return { a, b, verdicts: [connections, ...judge("a", a), ...judge("b", b)] };
  } finally {
    await site.remove();
  }
}

/** @returns Mbit/s there and back @throws when a connection broke */
async function saturate(a: Host, b: Host, { address }: Tunnel, options: { seconds: number; streams: number }) {
  return bidirFigures((await iperf3(a, b, address, { ...options, extra: ["--bidir"] })).report);
}

/** A line now and then, while one waits. */
function tell({ at, rssBytes, delayMs, mbitIn, mbitOut, lane }: SoakSample): void {
  if (Math.round(at) % REPORT_EVERY_SECONDS !== 0) return;
  const wait = delayMs ? `loop delay p99 ${delayMs.p99} ms` : "idle";
  say(
    `${at.toFixed(0).padStart(5)} s  ${(rssBytes / MIB).toFixed(0)} MiB, ${wait}, ${mbitIn.toFixed(0)} Mbit/s in, ${mbitOut.toFixed(0)} out, ${lane ?? "no"} lane`,
  );
}

function reportLines({ a, b, verdicts }: Soaked): readonly string[] {
  const drops = [a, b].map((samples, i) => `${"ab"[i]}: ${JSON.stringify(totalDrops(samples))}`);
  return [
    ...verdicts.map(
      ({ about, limit, measured, met }) => `${met ? "ok    " : "FAILED"}  ${about}: ${measured} (${limit})`,
    ),
    `Packets dropped: ${drops.join(", ")}. Memory and delay are of ${settled(a).length} s after the warm-up.`,
  ];
}
