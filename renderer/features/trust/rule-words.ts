import { useTranslation } from "react-i18next";
import { formatInboundRule, type InboundRule } from "../../../shared/ipc/contract.ts";

/** A rule in a few words: "anything", "tcp:22, udp:27015-27030", "nothing". */
export function useRuleWords(): (rule: InboundRule) => string {
  const { t } = useTranslation();
  return (rule) => (rule.mode === "ports" ? formatInboundRule(rule) : t(`reach.short.${rule.mode}`));
}
