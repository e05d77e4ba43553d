import { useId } from "react";
import { useTranslation } from "react-i18next";
import type { InboundRule } from "../../../shared/ipc/contract.ts";
import { ChoiceCard } from "../../ui/choice-card.tsx";
import { PortsField } from "./ports-field.tsx";
import type { RuleDraft } from "./rule-draft.ts";
import { useRuleWords } from "./rule-words.ts";

export interface RuleChoiceProps {
  readonly draft: RuleDraft;
  readonly onChange: (draft: RuleDraft) => void;
  /** The rule that holds without one of its own; absent where there is none to fall back on. */
  readonly roomRule?: InboundRule;
  /** The form was sent off once: from then on ports that are none are pointed at. */
  readonly isTried: boolean;
  readonly label: string;
}

/** What may be begun with this computer: as in the room, anything, some ports, nothing. */
export function RuleChoice({ draft, onChange, roomRule, isTried, label }: RuleChoiceProps) {
  const { t } = useTranslation();
  const name = useId();
  const wordsOf = useRuleWords();
  const choose = (mode: RuleDraft["mode"]) => onChange({ ...draft, mode });
  return (
    <div role="radiogroup" aria-label={label} className="grid gap-2">
      {roomRule && (
        <ChoiceCard
          name={name}
          title={t("reach.asRoom")}
          detail={t("reach.asRoomDetail", { rule: wordsOf(roomRule) })}
          checked={draft.mode === "room"}
          onChoose={() => choose("room")}
        />
      )}
      {(["all", "ports", "none"] as const).map((mode) => (
        <ChoiceCard
          key={mode}
          name={name}
          title={t(`reach.modes.${mode}`)}
          detail={t(`reach.modeDetails.${mode}`)}
          checked={draft.mode === mode}
          onChoose={() => choose(mode)}
        />
      ))}
      {draft.mode === "ports" && (
        <PortsField
          className="mt-1 ps-1"
          draft={draft}
          onChange={onChange}
          isTried={isTried}
          autoFocus={draft.ports === ""}
        />
      )}
    </div>
  );
}
