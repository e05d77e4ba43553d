import * as v from "valibot";
import { type Failure, fail, ok, type Result } from "../base/result.ts";
import { type Method, type Params, requests } from "./contract.ts";

/** One JSON object a line each way. A request: `{id, method, params}`; its reply: `{id, value}` or `{id, error}`. */

/** A snapshot of 50 members with counters is under 64 KiB; a request is far smaller. */
export const MAX_REQUEST_LENGTH = 16 * 1024;
export const MAX_REPLY_LENGTH = 4 * 1024 * 1024;

const RequestFrame = v.object({
  id: v.pipe(v.number(), v.safeInteger()),
  method: v.string(),
  params: v.optional(v.unknown()),
});
const ReplyFrame = v.object({
  id: v.pipe(v.number(), v.safeInteger()),
  value: v.optional(v.unknown()),
  error: v.optional(v.object({ code: v.string(), message: v.string() })),
});

export type Call = { [M in Method]: { readonly id: number; readonly method: M; readonly params: Params<M> } }[Method];

export interface BadCall extends Failure {
  /** Where it could be read, so that the reply finds its asker. */
  readonly id?: number;
}

/** Failures: "malformed", "unknown_method", "bad_params". */
export function decodeCall(line: string): Result<Call, BadCall> {
  const frame = line.length <= MAX_REQUEST_LENGTH ? v.safeParse(RequestFrame, parse(line)) : undefined;
  if (!frame?.success) return fail("malformed", "not a request");
  const { id, method, params } = frame.output;
  if (!Object.hasOwn(requests, method)) {
    return {
      ok: false,
      error: { id, code: "unknown_method", message: `this version does not know "${method.slice(0, 40)}"` },
    };
  }
  const checked = v.safeParse(requests[method as Method], params ?? {});
  if (!checked.success) {
    const where = v.getDotPath(checked.issues[0]) ?? "the parameters";
    return { ok: false, error: { id, code: "bad_params", message: `${method}: ${where} is missing or malformed` } };
  }
  return ok({ id, method, params: checked.output } as Call);
}

export function encodeReply(id: number, result: Result<unknown>): string {
  const { ok: isOk } = result;
  const body = isOk ? { value: result.value } : { error: { code: result.error.code, message: result.error.message } };
  return JSON.stringify({ id, ...body });
}

/** The reply's id and outcome; undefined when the line is not a reply. */
export function decodeReply(line: string): { readonly id: number; readonly result: Result<unknown> } | undefined {
  const frame = v.safeParse(ReplyFrame, parse(line));
  if (!frame.success) return undefined;
  const { id, value, error } = frame.output;
  return { id, result: error ? { ok: false, error } : ok(value) };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
