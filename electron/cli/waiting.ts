import type { Clock } from "../../shared/base/clock.ts";
import type { Disposable } from "../../shared/base/disposable.ts";
import type { Result } from "../../shared/base/result.ts";
import type { HostSnapshot } from "../../shared/ipc/contract.ts";
import { RATE_LIMIT_PER_MINUTE } from "../../shared/protocols/govpn/limits.ts";
import type { Output } from "./output.ts";

/** A server in reach answers sooner. */
const TELL_AFTER_MS = 500;

export interface WaitPorts {
  readonly clock: Clock;
  readonly output: Pick<Output, "say">;
  /** What the running host says of itself. */
  readonly status: () => Promise<Result<HostSnapshot>>;
}

/** Until when something waits for its turn, in milliseconds since 1970. */
export type QueuedUntil = (host: HostSnapshot) => number | undefined;

/**
 * Tells a person what a request waits for that is not answered soon: its turn under the server's limit, or the server
 * itself. To be disposed of when the answer is there.
 */
export function tellOfWait(queuedUntil: QueuedUntil, { clock, output, status }: WaitPorts): Disposable {
  let isAnswered = false;
  const tell = async () => {
    const host = await status();
    const words = host.ok ? waitInWords(host.value, queuedUntil, clock.wallTime()) : undefined;
    if (words !== undefined && !isAnswered) output.say(words);
  };
  const timer = clock.after(TELL_AFTER_MS, () => void tell());
  return {
    dispose: () => {
      isAnswered = true;
      timer.dispose();
    },
  };
}

function waitInWords(host: HostSnapshot, queuedUntil: QueuedUntil, now: number): string | undefined {
  const until = queuedUntil(host);
  if (until !== undefined) return queuedInWords(until - now);
  const { state, url, reason = "it does not answer" } = host.server;
  return state === "waiting" ? `The signaling server ${url} is away (${reason}); waiting for it.` : undefined;
}

/** @param what of several; left out, it is the one that was asked for. */
export function queuedInWords(ms: number, what = "this one"): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  return `The server lets a machine create and join ${RATE_LIMIT_PER_MINUTE} rooms a minute: the turn of ${what} comes in ${seconds} s.`;
}
