import { mean, percentile } from "../statistics.ts";

export interface PingFigures {
  /** In milliseconds. */
  readonly average: number;
  readonly p99: number;
  /** Requests without a reply, of all, in percent. */
  readonly loss: number;
}

/** Reads each reply that iputils' ping printed: its summary has no percentiles. @throws when there was no reply */
export function pingFigures(output: string, sent: number): PingFigures {
  const times = [...output.matchAll(/ time=([\d.]+) ms(?!.*DUP)/g)].map(([, time]) => Number(time));
  if (times.length === 0) throw new Error("no reply came");
  return { average: mean(times), p99: percentile(times, 99), loss: Math.max(0, 100 * (1 - times.length / sent)) };
}
