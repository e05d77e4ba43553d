import { type RandomBytes, randomFraction } from "./random.ts";

/**
 * The one retry policy: each step is twice the last, and the wait is a random point in its upper half, so
 * that a crowd that lost the same server does not come back in step ("equal jitter"). Waits lie in [minMs, maxMs].
 */
export interface BackoffPolicy {
  readonly minMs: number;
  readonly maxMs: number;
}

/** Milliseconds to wait before attempt number `failures + 1`, for `failures` >= 1. */
export function backoffMs(failures: number, policy: BackoffPolicy, random: RandomBytes): number {
  const step = Math.min(policy.maxMs, policy.minMs * 2 ** Math.max(1, failures));
  return Math.round(step / 2 + (step / 2) * randomFraction(random));
}
