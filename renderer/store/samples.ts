import type { PublicKey } from "../../shared/base/brand.ts";
import type { AppState } from "../../shared/ipc/app.ts";
import type { TrafficView } from "../../shared/ipc/contract.ts";

/** How long a chart looks back, at one sample a second. */
export const SAMPLE_COUNT = 60;

/** One link's last minute. Lists run from old to new and hold at most `SAMPLE_COUNT` values. */
export interface Samples {
  /** Milliseconds; null: no answer known in that second. */
  readonly rttMs: readonly (number | null)[];
  /** Bytes a second. */
  readonly inBps: readonly number[];
  readonly outBps: readonly number[];
  /** The counters as they were at the newest sample. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export const noSamples: Samples = { rttMs: [], inBps: [], outBps: [], bytesIn: -1, bytesOut: -1 };

/**
 * The samples with one more. A link on which nothing moves and never did keeps its object, so that its row is not drawn
 * again: a flat line shifted is the same flat line.
 */
export function withSample(
  before: Samples,
  rttMs: number | undefined,
  traffic: TrafficView | undefined,
  elapsedMs: number,
): Samples {
  const bytesIn = traffic?.bytesIn ?? 0;
  const bytesOut = traffic?.bytesOut ?? 0;
  const isFirst = before.bytesIn < 0;
  // Counters start over when a link is remade.
  const rate = (now: number, then: number) => (isFirst || now < then ? 0 : ((now - then) * 1000) / elapsedMs);
  const sample = { rtt: rttMs ?? null, in: rate(bytesIn, before.bytesIn), out: rate(bytesOut, before.bytesOut) };
  if (isFlat(before, sample)) return before;
  return {
    rttMs: pushed(before.rttMs, sample.rtt),
    inBps: pushed(before.inBps, sample.in),
    outBps: pushed(before.outBps, sample.out),
    bytesIn,
    bytesOut,
  };
}

/** One sample of every link and of the whole. Links that are gone are forgotten. */
export function sampleAll(
  before: { readonly samples: Readonly<Record<PublicKey, Samples>>; readonly total: Samples },
  state: AppState,
  elapsedMs: number,
) {
  const next: Record<PublicKey, Samples> = {};
  let isSame = true;
  for (const room of Object.values(state.rooms)) {
    for (const member of Object.values(room.members)) {
      // A member of two rooms has one link.
      if (member.state === "self" || next[member.publicKey]) continue;
      const old = before.samples[member.publicKey];
      const made = withSample(old ?? noSamples, member.rttMs, member.traffic, elapsedMs);
      next[member.publicKey] = made;
      isSame &&= made === old;
    }
  }
  isSame &&= Object.keys(before.samples).length === Object.keys(next).length;
  return {
    samples: isSame ? before.samples : next,
    total: withSample(before.total, undefined, state.traffic, elapsedMs),
  };
}

export function last<T>(list: readonly T[]): T | undefined {
  return list[list.length - 1];
}

function pushed<T>(list: readonly T[], value: T): readonly T[] {
  return [...list.slice(list.length >= SAMPLE_COUNT ? 1 : 0), value];
}

function isFlat(before: Samples, sample: { rtt: number | null; in: number; out: number }): boolean {
  return (
    before.rttMs.length >= SAMPLE_COUNT &&
    sample.in === 0 &&
    sample.out === 0 &&
    before.rttMs.every((value) => value === sample.rtt) &&
    before.inBps.every((value) => value === 0) &&
    before.outBps.every((value) => value === 0)
  );
}
