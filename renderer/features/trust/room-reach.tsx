import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { RoomId } from "../../../shared/base/brand.ts";
import type { InboundRule } from "../../../shared/ipc/contract.ts";
import { useActions, useHost } from "../../store/context.ts";
import { Button } from "../../ui/button.tsx";
import { Select } from "../../ui/select.tsx";
import { SettingGroup, SettingRow } from "../settings/setting-row.tsx";
import { PortsField } from "./ports-field.tsx";
import { draftOf, ruleOf } from "./rule-draft.ts";

const MODES = ["all", "ports", "none"] as const;
const NOTHING: InboundRule = { mode: "none" };

/** What members of a room may begin with this computer. "All" and "nothing" hold at once, ports when they are saved. */
export function RoomReach({ roomId }: { readonly roomId: RoomId }) {
  const { t } = useTranslation();
  const { order } = useActions();
  const current = useHost(({ rooms }) => rooms[roomId]?.trust.inbound) ?? NOTHING;
  const exceptions = useHost(
    ({ rooms }) => Object.values(rooms[roomId]?.members ?? {}).filter(({ inbound }) => inbound.own).length,
  );
  const [draft, setDraft] = useState(() => draftOf(current));
  const [isTried, setTried] = useState(false);
  const typed = ruleOf(draft);
  const set = (rule: InboundRule) => order("setInbound", { roomId, rule }, { kind: "said", key: "reach.savedRoom" });
  const choose = (mode: (typeof MODES)[number]) => {
    setDraft({ ...draft, mode });
    if (mode !== "ports") void set({ mode });
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (typed !== undefined && typed !== "room") void set(typed);
  };
  return (
    <SettingGroup title={t("reach.here")}>
      <SettingRow
        label={t("reach.room")}
        detail={
          exceptions > 0 ? t("reach.exceptions", { count: exceptions }) : t(`reach.modeDetails.${draft.mode as "all"}`)
        }
        control={(id) => (
          <Select
            id={id}
            value={draft.mode === "room" ? "all" : draft.mode}
            options={MODES.map((value) => ({ value, label: t(`reach.modes.${value}`) }))}
            onChange={choose}
          />
        )}
      >
        {draft.mode === "ports" && (
          <form onSubmit={save} noValidate className="mt-3 flex items-start gap-2">
            <PortsField className="min-w-0 flex-1" draft={draft} onChange={setDraft} isTried={isTried} />
            <Button type="submit" className="mt-[1.7rem]">
              {t("common.save")}
            </Button>
          </form>
        )}
      </SettingRow>
    </SettingGroup>
  );
}
