import { setTimeout as passes } from "node:timers/promises";
import { askHost } from "../../../electron/cli/control-client.ts";
import type { DelayView, HostSnapshot } from "../../../shared/ipc/contract.ts";

/** What one host said of itself in one second of the soak. */
export interface SoakSample {
  /** Seconds since the traffic began. */
  readonly at: number;
  /** Memory in RAM. */
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** Of the last full second; absent in one in which the host was not busy. */
  readonly delayMs?: DelayView;
  /** Since the host started, while it was busy. */
  readonly delaySinceStartMs?: DelayView;
  /** Through the tunnel since the sample before, IP packets as a whole. */
  readonly mbitIn: number;
  readonly mbitOut: number;
  /** Packets dropped since the sample before, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** How packets travelled to the other host; undefined while there was no link. */
  readonly lane: string | undefined;
}

const SAMPLE_EVERY_MS = 1_000;

/**
 * Asks the running host of a profile once a second how it fares.
 * @param isOver asked before each sample
 * @throws when the host does not answer
 */
export async function watchHost(
  profile: string,
  isOver: () => boolean,
  onSample: (sample: SoakSample) => void = () => {},
): Promise<readonly SoakSample[]> {
  const begun = performance.now();
  const samples: SoakSample[] = [];
  let before = { at: begun, status: await statusOf(profile) };
  for (let due = begun + SAMPLE_EVERY_MS; ; due += SAMPLE_EVERY_MS) {
    await passes(Math.max(0, due - performance.now()));
    if (isOver()) return samples;
    const now = { at: performance.now(), status: await statusOf(profile) };
    const sample = sampleOf(before, now, begun);
    samples.push(sample);
    onSample(sample);
    before = now;
  }
}

async function statusOf(profile: string): Promise<HostSnapshot> {
  const status = await askHost(profile, "status", {});
  if (!status.ok) throw new Error(`a host does not answer: ${status.error.message}`);
  return status.value;
}

interface Look {
  readonly at: number;
  readonly status: HostSnapshot;
}

function sampleOf(before: Look, now: Look, begun: number): SoakSample {
  const { traffic, runtime } = now.status;
  const { lastSecond, sinceStart } = runtime.eventLoopDelayMs;
  const mbit = (bytes: number) => (bytes * 8) / 1000 / (now.at - before.at);
  return {
    at: (now.at - begun) / 1000,
    rssBytes: runtime.rssBytes,
    heapBytes: runtime.heapBytes,
    ...(lastSecond && { delayMs: lastSecond }),
    ...(sinceStart && { delaySinceStartMs: sinceStart }),
    mbitIn: mbit(traffic.bytesIn - before.status.traffic.bytesIn),
    mbitOut: mbit(traffic.bytesOut - before.status.traffic.bytesOut),
    dropped: increase(before.status.traffic.dropped, traffic.dropped),
    lane: now.status.rooms.flatMap(({ members }) => members).find(({ state }) => state !== "self")?.lane,
  };
}

function increase(before: Readonly<Record<string, number>>, now: Readonly<Record<string, number>>) {
  const more = Object.entries(now).map(([reason, count]) => [reason, count - (before[reason] ?? 0)] as const);
  return Object.fromEntries(more.filter(([, count]) => count > 0));
}
