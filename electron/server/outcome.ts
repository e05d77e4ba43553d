import type { ServerMessage } from "../../shared/protocols/govpn/messages.ts";
import { type Refusal, refusal } from "./refusal.ts";

/** What the sender of a message is told; undefined where the reference gives no answer (relayed messages). */
export type Outcome = { readonly reply: ServerMessage } | { readonly refusal: Refusal } | undefined;

export function refuse(...why: Parameters<typeof refusal>): Outcome {
  return { refusal: refusal(...why) };
}
