import * as v from "valibot";
import { fail, ok, type Result } from "../../base/result.ts";
import { MAX_FRAME_BYTES } from "./limits.ts";
import { MAX_SERVER_FRAME_BYTES, ServerMessage } from "./messages.ts";

/**
 * Reads a server's frame. An unknown type is a failure of its own ("unknown_type"), so that a newer server's pushes
 * can be ignored while a broken one's are counted.
 */
export function decodeServerFrame(text: string): Result<ServerMessage> {
  const parsed = parseFrame(text, MAX_SERVER_FRAME_BYTES);
  if (!parsed.ok) return parsed;
  const message = v.safeParse(ServerMessage, parsed.value);
  if (message.success) return ok(message.output);
  const { type } = parsed.value;
  const known = ServerMessage.options.find((option) => option.entries.type.literal === type);
  if (known) {
    return fail("bad_message", `the server sent a malformed ${known.entries.type.literal}: ${issueOf(message.issues)}`);
  }
  // String() of an object runs what the object says, and a server may send one that has no text.
  const named = typeof type === "string" ? type.slice(0, 40) : typeof type;
  return fail("unknown_type", `the server sent an unknown message type: ${named}`);
}

/** Text to a JSON object, its keys in the order received. */
export function parseFrame(text: string, maxBytes = MAX_FRAME_BYTES): Result<Record<string, unknown>> {
  // A character is at least a byte, so this bounds the bytes from below; the socket bounds them from above.
  if (text.length > maxBytes) return fail("too_large", `the frame is over ${maxBytes} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail("not_json", "the frame is not valid JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return fail("not_json", "the frame is not a JSON object");
  }
  return ok(value as Record<string, unknown>);
}

function issueOf(issues: readonly v.BaseIssue<unknown>[]): string {
  const [issue] = issues;
  return issue ? `${v.getDotPath(issue) ?? "message"}` : "message";
}
