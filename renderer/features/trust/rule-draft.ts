import { formatInboundRule, type InboundRule, parseInboundRule } from "../../../shared/ipc/contract.ts";

/** A rule as it is being chosen: the ports stay typed while another choice is looked at. */
export interface RuleDraft {
  readonly mode: InboundRule["mode"] | "room";
  readonly ports: string;
}

/** @param rule none: as the room's */
export function draftOf(rule: InboundRule | undefined): RuleDraft {
  return { mode: rule?.mode ?? "room", ports: rule?.mode === "ports" ? formatInboundRule(rule) : "" };
}

/** The rule that is chosen; "room" for that of the room; undefined where what was typed is none. */
export function ruleOf({ mode, ports }: RuleDraft): InboundRule | "room" | undefined {
  if (mode !== "ports") return mode === "room" ? "room" : { mode };
  const read = parseInboundRule(ports);
  return read.ok && read.value.mode === "ports" ? read.value : undefined;
}
