import { useState } from "react";
import { useTranslation } from "react-i18next";
import { failureText } from "../../i18n/failures.ts";
import { useActions } from "../../store/context.ts";
import { Button } from "../../ui/button.tsx";
import { ChoiceCard } from "../../ui/choice-card.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { FormProblem } from "../../ui/form-problem.tsx";

/** Back to the start: the settings alone, or this computer's identity with them. */
export function ResetDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { ask, toast } = useActions();
  const [identity, setIdentity] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const reset = async () => {
    setBusy(true);
    const result = await ask("reset", { identity });
    setBusy(false);
    if (!result.ok) return setProblem(failureText(t, result.error));
    toast("good", { kind: "said", key: "settings.resetDone" });
    onClose();
  };
  return (
    <Dialog
      open
      modal="question"
      onClose={onClose}
      title={t("settings.reset")}
      description={t("settings.resetQuestion")}
    >
      <div className="grid gap-2" role="radiogroup" aria-label={t("settings.reset")}>
        <ChoiceCard
          name="reset"
          title={t("settings.resetSettings")}
          detail={t("settings.resetSettingsDetail")}
          checked={!identity}
          onChoose={() => setIdentity(false)}
        />
        <ChoiceCard
          name="reset"
          title={t("settings.resetIdentity")}
          detail={t("settings.resetIdentityDetail")}
          checked={identity}
          onChoose={() => setIdentity(true)}
        />
      </div>
      <FormProblem text={problem} />
      <DialogActions>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button look="danger" busy={isBusy} onClick={() => void reset()}>
          {t("settings.resetAction")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
