import * as v from "valibot";
import { fail, ok, type Result } from "../base/result.ts";

/** More ports than this are a person who wants "all". */
export const MAX_PORT_RANGES = 32;
const MAX_PORT = 65_535;

const Port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_PORT));
const PortRange = v.pipe(
  v.object({ protocol: v.picklist(["tcp", "udp"]), from: Port, to: Port }),
  v.check(({ from, to }) => from <= to, "a range of ports goes from the smaller to the larger"),
);

/**
 * What a member may begin with this computer. Replies to what this computer began pass under every rule.
 * - `all`: anything.
 * - `ports`: these TCP and UDP ports, both ends of a range included, and ping.
 * - `none`: nothing.
 */
export const InboundRule = v.variant("mode", [
  v.object({ mode: v.picklist(["all", "none"]) }),
  v.object({
    mode: v.literal("ports"),
    ports: v.pipe(v.array(PortRange), v.minLength(1), v.maxLength(MAX_PORT_RANGES)),
  }),
]);
export type InboundRule = v.InferOutput<typeof InboundRule>;
export type PortRange = v.InferOutput<typeof PortRange>;

/** `all`, `none`, or ports as a person types them: `tcp:22, udp:27015-27030`. Fails with "invalid_rule". */
export function parseInboundRule(text: string): Result<InboundRule> {
  const typed = text.trim().toLowerCase();
  if (typed === "all" || typed === "none") return ok({ mode: typed });
  const parts = typed.split(/[\s,;]+/).filter((part) => part !== "");
  const ports = parts.map(readRange);
  const rule = v.safeParse(InboundRule, { mode: "ports", ports });
  if (rule.success) return ok(rule.output);
  return fail("invalid_rule", 'say "all", "none", or up to 32 ports such as tcp:22, udp:27015-27030');
}

/** What `parseInboundRule` reads. */
export function formatInboundRule(rule: InboundRule): string {
  if (rule.mode !== "ports") return rule.mode;
  const texts = rule.ports.map(({ protocol, from, to }) => `${protocol}:${from === to ? from : `${from}-${to}`}`);
  return texts.join(", ");
}

/** Whether whoever comes to a port of this computer may, by the rule alone. */
export function isPortOpen(rule: InboundRule, protocol: PortRange["protocol"], port: number): boolean {
  if (rule.mode !== "ports") return rule.mode === "all";
  for (const range of rule.ports) {
    if (range.protocol === protocol && range.from <= port && port <= range.to) return true;
  }
  return false;
}

/** Whether everything that `narrow` lets in, `wide` does too. A range counts as covered only by a single other. */
export function isWithin(narrow: InboundRule, wide: InboundRule): boolean {
  if (narrow.mode !== "ports" || wide.mode !== "ports") return wide.mode === "all" || narrow.mode === "none";
  return narrow.ports.every(({ protocol, from, to }) =>
    wide.ports.some((range) => range.protocol === protocol && range.from <= from && to <= range.to),
  );
}

function readRange(part: string): PortRange | undefined {
  const [, protocol, from, to = from] = /^(tcp|udp):(\d{1,5})(?:-(\d{1,5}))?$/.exec(part) ?? [];
  if (protocol !== "tcp" && protocol !== "udp") return undefined;
  return { protocol, from: Number(from), to: Number(to) };
}
