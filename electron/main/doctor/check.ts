import type { Clock } from "../../../shared/base/clock.ts";
import { messageOf } from "../../../shared/base/result.ts";

export type CheckStatus = "ok" | "warn" | "fail" | "skip";

export interface CheckResult {
  readonly status: CheckStatus;
  /** What was found, in a plain sentence or a few words. */
  readonly detail: string;
  /** How to mend it, in one or two plain sentences. On every warn and fail. */
  readonly fix?: string;
}

/** One question about this machine. `Context` is what it needs to answer it, so that a test can give it less. */
export interface Check<Context> {
  /** Stable, for programs: "tun", "server". */
  readonly id: string;
  /** For people: "Network device". */
  readonly title: string;
  /** Milliseconds after which it is given up. */
  readonly withinMs: number;
  run(context: Context): Promise<CheckResult>;
}

export interface Finding extends CheckResult {
  readonly id: string;
  readonly title: string;
}

/** Name resolution may take five seconds to fail, and STUN requests are repeated for seven. */
export const NETWORK_CHECK_WITHIN_MS = 12_000;
export const LOCAL_CHECK_WITHIN_MS = 5_000;

/** Asks everything at once. A check that throws or takes too long becomes a finding; the others are not held up. */
export function runChecks<Context>(
  checks: readonly Check<Context>[],
  context: Context,
  clock: Clock,
): Promise<readonly Finding[]> {
  return Promise.all(checks.map((check) => runCheck(check, context, clock)));
}

async function runCheck<Context>(check: Check<Context>, context: Context, clock: Clock): Promise<Finding> {
  const { id, title, withinMs } = check;
  const result = await new Promise<CheckResult>((resolve) => {
    const late = clock.after(withinMs, () => resolve(tooLate(withinMs)));
    const settle = (value: CheckResult) => {
      late.dispose();
      resolve(value);
    };
    // Inside a promise, so that a check that throws at once is caught like one that rejects.
    Promise.resolve()
      .then(() => check.run(context))
      .then(settle, (error) => settle(broken(error)));
  });
  return { id, title, ...result };
}

function tooLate(withinMs: number): CheckResult {
  return {
    status: "fail",
    detail: `no answer within ${withinMs / 1000} s`,
    fix: "Run govpn doctor again. If it is the same, this part of the system hangs: a restart of the machine often helps.",
  };
}

function broken(error: unknown): CheckResult {
  return {
    status: "fail",
    detail: `the check itself failed: ${messageOf(error)}`,
    fix: "This is a defect of GoVPN. Please report it with this line.",
  };
}
