import * as v from "valibot";
import { type Failure, fail, ok, type Result } from "../base/result.ts";

/**
 * One JSON object a message (a line, where the transport has no messages). A request: `{id, method, params}`; its reply:
 * `{id, value}` or `{id, error}`; and to whoever watches, unasked, `{patch}`: what changed in the state.
 */

/** A request of the command line: ids, names, a PIN. */
export const MAX_REQUEST_LENGTH = 16 * 1024;
/** A request of a window may carry a file of settings or an identity, with its quotes escaped. */
export const MAX_APP_REQUEST_LENGTH = 64 * 1024;
/** A snapshot of 32 rooms of 50 members with counters is about 1 MiB. */
export const MAX_REPLY_LENGTH = 4 * 1024 * 1024;

/** Method by method: what goes in. */
export type RequestTable = Readonly<Record<string, v.GenericSchema>>;
export type CallOf<Table extends RequestTable> = {
  [M in keyof Table & string]: { readonly id: number; readonly method: M; readonly params: v.InferOutput<Table[M]> };
}[keyof Table & string];

export interface BadCall extends Failure {
  /** Where it could be read, so that the reply finds its asker. */
  readonly id?: number;
}

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
/** A merge patch of a state, which is an object, is an object. */
const PushFrame = v.object({
  patch: v.custom<object>((patch) => typeof patch === "object" && patch !== null && !Array.isArray(patch)),
});

/**
 * Reads requests of one table, up to so many characters each. Failures: "malformed", "unknown_method", "bad_params";
 * none of them repeats what was sent but the beginning of a method's name.
 */
export function callDecoder<Table extends RequestTable>(
  table: Table,
  maxLength: number,
): (text: string) => Result<CallOf<Table>, BadCall> {
  return (text) => {
    const frame = text.length <= maxLength ? v.safeParse(RequestFrame, parse(text)) : undefined;
    if (!frame?.success) return fail("malformed", "not a request");
    const { id, method, params } = frame.output;
    const schema = Object.hasOwn(table, method) ? table[method] : undefined;
    if (!schema) {
      const message = `this version does not know "${method.slice(0, 40)}"`;
      return { ok: false, error: { id, code: "unknown_method", message } };
    }
    const checked = v.safeParse(schema, params ?? {});
    if (!checked.success) {
      const where = v.getDotPath(checked.issues[0]) ?? "the parameters";
      return { ok: false, error: { id, code: "bad_params", message: `${method}: ${where} is missing or malformed` } };
    }
    // The compiler cannot see that the schema is the method's own.
    return ok({ id, method, params: checked.output } as CallOf<Table>);
  };
}

export function encodeCall(id: number, method: string, params: unknown): string {
  return JSON.stringify({ id, method, params });
}

export function encodeReply(id: number, result: Result<unknown>): string {
  const { ok: isOk } = result;
  const body = isOk ? { value: result.value } : { error: { code: result.error.code, message: result.error.message } };
  return JSON.stringify({ id, ...body });
}

export interface Reply {
  readonly id: number;
  readonly result: Result<unknown>;
}

/** The reply's id and outcome; undefined when the text is not a reply. */
export function decodeReply(text: string): Reply | undefined {
  return replyFrom(parse(text));
}

export function encodePush(patch: unknown): string {
  return JSON.stringify({ patch });
}

/** What a window hears from the host; undefined when it is neither. */
export function decodeAnswer(text: string): ({ readonly kind: "reply" } & Reply) | Push | undefined {
  if (text.length > MAX_REPLY_LENGTH) return undefined;
  const json = parse(text);
  const push = v.safeParse(PushFrame, json);
  if (push.success) return { kind: "push", patch: push.output.patch };
  const reply = replyFrom(json);
  return reply && { kind: "reply", ...reply };
}

export interface Push {
  readonly kind: "push";
  readonly patch: unknown;
}

function replyFrom(json: unknown): Reply | undefined {
  const frame = v.safeParse(ReplyFrame, json);
  if (!frame.success) return undefined;
  const { id, value, error } = frame.output;
  return { id, result: error ? { ok: false, error } : ok(value) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
