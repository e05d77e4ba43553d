import { useTranslation } from "react-i18next";
import { Field } from "../../ui/field.tsx";
import { type RuleDraft, ruleOf } from "./rule-draft.ts";

interface PortsFieldProps {
  readonly draft: RuleDraft;
  readonly onChange: (draft: RuleDraft) => void;
  /** The form was sent off once: from then on ports that are none are pointed at. */
  readonly isTried: boolean;
  readonly className: string;
  readonly autoFocus?: boolean;
}

/** The ports that may be begun with this computer, as a person types them. */
export function PortsField({ draft, onChange, isTried, className, autoFocus = false }: PortsFieldProps) {
  const { t } = useTranslation();
  return (
    <Field
      className={className}
      label={t("reach.ports")}
      placeholder={t("reach.portsExample")}
      hint={t("reach.portsHint")}
      value={draft.ports}
      mono
      dir="ltr"
      autoFocus={autoFocus}
      onChange={({ target }) => onChange({ ...draft, ports: target.value })}
      problem={isTried && ruleOf(draft) === undefined ? t("failures.invalid_rule") : undefined}
    />
  );
}
