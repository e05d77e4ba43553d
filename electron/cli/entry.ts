import { text as textOf } from "node:stream/consumers";
import { InvalidArgumentError } from "commander";
import { ok, type Result } from "../../shared/base/result.ts";
import type { ServerView } from "../../shared/ipc/contract.ts";
import { type JoinLink, parseJoinLink } from "../../shared/room/link.ts";
import { parseServerUrl } from "../../shared/signaling/url.ts";
import { type InboundRule, parseInboundRule } from "../../shared/tunnel/inbound-rule.ts";

/** Which room somebody wants to enter, and what an invitation's link says of it. */
export interface Entry extends Pick<JoinLink, "server" | "key" | "owner"> {
  readonly roomId: string;
}

/** Where a link would show: in the list of processes, and in the shell's history. */
export const FROM_INPUT = "-";

/**
 * Reads what people name a room by who want in: its id, an invitation's link, or `-` for either on standard input.
 * Fails as `parseJoinLink` does; an id is checked by the host.
 */
export async function readEntry(named: string, input: NodeJS.ReadableStream = process.stdin): Promise<Result<Entry>> {
  const typed = (named === FROM_INPUT ? await textOf(input) : named).trim();
  if (!/^govpn:/i.test(typed)) return ok({ roomId: typed });
  const link = parseJoinLink(typed);
  if (!link.ok) return link;
  const { roomId, server, key, owner } = link.value;
  return ok({
    roomId,
    ...(server !== undefined && { server }),
    ...(key !== undefined && { key }),
    ...(owner !== undefined && { owner }),
  });
}

/** Whether an address in a link is the server in use: by the name it is dialled under here, or elsewhere. */
export function isServerInUse(address: string, { url, publicUrl }: Pick<ServerView, "url" | "publicUrl">): boolean {
  const wanted = parseServerUrl(address);
  return wanted.ok && [url, publicUrl].includes(wanted.value);
}

/** For `--reach` of any command, and for `govpn reach`. */
export function reachArgument(text: string): InboundRule {
  const rule = parseInboundRule(text);
  if (rule.ok) return rule.value;
  throw new InvalidArgumentError('Say "all", "none", or ports such as tcp:22,udp:27015-27030.');
}
