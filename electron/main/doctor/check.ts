import type { Clock } from "../../../shared/base/clock.ts";
import { messageOf } from "../../../shared/base/result.ts";
import type { DoctorFinding } from "../../../shared/ipc/app.ts";
import { say } from "./words.ts";

export type Finding = DoctorFinding;
/** What was found, and on every warn and fail how to mend it. */
export type CheckResult = Pick<Finding, "status" | "detail" | "fix">;
export type CheckStatus = Finding["status"];

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
  return { status: "fail", detail: [say("too_late", { seconds: withinMs / 1000 })], fix: [say("too_late_fix")] };
}

function broken(error: unknown): CheckResult {
  return { status: "fail", detail: [say("check_broken", { why: messageOf(error) })], fix: [say("check_broken_fix")] };
}
