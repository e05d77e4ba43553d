import { useTranslation } from "react-i18next";
import type { InboundRule } from "../../../shared/ipc/contract.ts";
import { SwitchRow } from "../settings/setting-row.tsx";

/** What a person says of a room when it is entered: the finer choices come later, in the room. */
export function ReachSwitch({ on, onChange }: { readonly on: boolean; readonly onChange: (on: boolean) => void }) {
  const { t } = useTranslation();
  return (
    <SwitchRow
      label={t("reach.switch")}
      detail={on ? t("reach.switchOn") : t("reach.switchOff")}
      checked={on}
      onChange={onChange}
    />
  );
}

export function ruleFor(on: boolean): InboundRule {
  return { mode: on ? "all" : "none" };
}
