/** What a series of probes came to. Times in milliseconds, to the microsecond; absent when nothing came back. */
export interface RoundTrips {
  readonly sent: number;
  readonly received: number;
  readonly minMs?: number;
  readonly avgMs?: number;
  readonly maxMs?: number;
}

/** @param rttMs milliseconds of each answered probe */
export function summarize(sent: number, rttMs: readonly number[]): RoundTrips {
  if (rttMs.length === 0) return { sent, received: 0 };
  const rounded = (ms: number) => Number(ms.toFixed(3));
  const sum = rttMs.reduce((total, rtt) => total + rtt, 0);
  return {
    sent,
    received: rttMs.length,
    minMs: rounded(Math.min(...rttMs)),
    avgMs: rounded(sum / rttMs.length),
    maxMs: rounded(Math.max(...rttMs)),
  };
}

/** "4 of 4 answered, min/avg/max 0.31/0.40/0.55 ms" */
export function roundTripsInWords({ sent, received, minMs, avgMs, maxMs }: RoundTrips): string {
  const answered = `${received} of ${sent} answered`;
  if (minMs === undefined || avgMs === undefined || maxMs === undefined) return answered;
  return `${answered}, min/avg/max ${[minMs, avgMs, maxMs].map((ms) => ms.toFixed(2)).join("/")} ms`;
}
