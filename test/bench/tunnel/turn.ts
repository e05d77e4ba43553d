import { cpus } from "node:os";
import { setTimeout as passes } from "node:timers/promises";
import { firstReply } from "../../netns/lab/traffic.ts";
import type { Link } from "./links.ts";
import { measure, warmUp } from "./measure/measure.ts";
import type { Contender, Tunnel } from "./programs/contender.ts";
import type { Sample } from "./samples.ts";
import { createSite, type Site } from "./site.ts";
import { machineCpuSeconds, peakBytesOf } from "./usage.ts";
import { type Workload, workloadName } from "./workloads.ts";

/** One program's turn on one link: it starts, everything is measured, it ends. */
export interface Turn {
  readonly link: Link;
  readonly contender: Contender;
  readonly round: number;
  readonly workloads: readonly Workload[];
  readonly seconds: number;
  readonly emulator: string;
}

/** From the start to the first ping reply; a program that takes longer does not work here. */
const START_MS = 45_000;
const FIRST_REPLY_MS = 20_000;
const PING_INTERVAL_MS = 50;
const LOOK_MS = 400;
const MIB = 1024 * 1024;

/** Never fails: what went wrong is a sample with its reason. */
export async function takeTurn(turn: Turn): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  const about = { link: turn.link.name, program: turn.contender.name, round: turn.round };
  const note = async (workload: string, get: () => Promise<Readonly<Record<string, number>>>) => {
    try {
      samples.push({ ...about, workload, values: await get() });
      return true;
    } catch (error) {
      samples.push({ ...about, workload, error: sentenceOf(error) });
      return false;
    }
  };
  let site: Site | undefined;
  try {
    const made = await createSite(turn.link, turn.emulator, turn.round);
    site = made;
    let tunnel: Tunnel | undefined;
    const busyBefore = await busyPercent();
    const started = await note("start", async () => {
      const begun = performance.now();
      tunnel = await inTime(bringUp(turn.contender, made));
      return { seconds: (performance.now() - begun) / 1000, busyBefore };
    });
    if (started && tunnel) await measureAll(turn, made, tunnel, note);
    const objection = await tunnel?.objection?.();
    if (objection !== undefined) return [{ ...about, workload: "start", error: objection }];
  } catch (error) {
    samples.push({ ...about, workload: "start", error: sentenceOf(error) });
  } finally {
    const counters = await site?.remove();
    if (counters) samples.push({ ...about, workload: "link", values: flat(counters) });
  }
  return samples;
}

/** How much of the machine is taken by what is not ours: figures of a turn that began on a busy one mean less. */
async function busyPercent(): Promise<number> {
  const [before, begun] = [machineCpuSeconds(), performance.now()];
  await passes(LOOK_MS);
  const possible = (cpus().length * (performance.now() - begun)) / 1000;
  return Math.min(100, (100 * (machineCpuSeconds() - before)) / possible);
}

type Note = (workload: string, get: () => Promise<Readonly<Record<string, number>>>) => Promise<boolean>;

async function measureAll({ workloads, seconds }: Turn, site: Site, tunnel: Tunnel, note: Note): Promise<void> {
  await warmUp(site.a, tunnel.address);
  for (const workload of workloads) {
    await note(workloadName(workload), () => measure(workload, { site, tunnel, seconds }));
  }
  const { a, b } = tunnel.pids;
  if (a.length > 0) await note("memory", async () => ({ peakMiB: Math.max(peakBytesOf(a), peakBytesOf(b)) / MIB }));
}

async function bringUp(contender: Contender, site: Site): Promise<Tunnel> {
  const tunnel = await contender.start(site);
  await firstReply(site.a, tunnel.address, { intervalMs: PING_INTERVAL_MS, timeoutMs: FIRST_REPLY_MS });
  return tunnel;
}

async function inTime(starting: Promise<Tunnel>): Promise<Tunnel> {
  const abort = new AbortController();
  const late = passes(START_MS, undefined, { signal: abort.signal }).then(() => {
    throw new Error(`did not start within ${START_MS / 1000} s`);
  });
  // The loser of the race is told to nobody: it fails when the site goes, or is aborted.
  starting.catch(() => {});
  late.catch(() => {});
  try {
    return await Promise.race([starting, late]);
  } finally {
    abort.abort();
  }
}

/** `{ab: {lost: 1}}` as `{"ab.lost": 1}`. */
function flat(counters: object): Readonly<Record<string, number>> {
  const entries = Object.entries(counters).flatMap(([direction, counts]) =>
    typeof counts === "object" && counts !== null
      ? Object.entries(counts).map(([name, value]) => [`${direction}.${name}`, Number(value)] as const)
      : [],
  );
  return Object.fromEntries(entries);
}

/** Programs say much when they fail: a table wants a line. */
function sentenceOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s+/g, " ").trim().slice(0, 400);
}
