import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { failureText } from "../../i18n/failures.ts";
import { useActions } from "../../store/context.ts";
import { Banner } from "../../ui/banner.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { FormProblem } from "../../ui/form-problem.tsx";
import { saveAsFile } from "./files.ts";

/** Below this a stolen file is opened by trying. */
const MIN_LENGTH = 10;

export interface PassphraseDialogProps {
  /** A backup to take the identity from; without one, a backup is made. */
  readonly backup?: string;
  readonly onClose: () => void;
}

/** Asks for the passphrase that seals a backup of the identity, or opens one. */
export function PassphraseDialog({ backup, onClose }: PassphraseDialogProps) {
  const { t } = useTranslation();
  const { ask, toast } = useActions();
  const [passphrase, setPassphrase] = useState("");
  const [again, setAgain] = useState("");
  const [isTried, setTried] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const isImport = backup !== undefined;
  const isShort = !isImport && passphrase.length < MIN_LENGTH;
  const differs = !isImport && again !== passphrase;

  const run = async () => {
    if (isImport) {
      const imported = await ask("importIdentity", { text: backup, passphrase });
      if (!imported.ok) return setProblem(failureText(t, imported.error));
      toast("good", { kind: "said", key: "settings.identityImported" });
      return onClose();
    }
    const exported = await ask("exportIdentity", { passphrase });
    if (!exported.ok) return setProblem(failureText(t, exported.error));
    saveAsFile("govpn-identity.json", exported.value.text);
    toast("good", { kind: "said", key: "settings.identityExported" });
    onClose();
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (isBusy || passphrase === "" || isShort || differs) return;
    setBusy(true);
    setProblem(undefined);
    await run();
    setBusy(false);
  };

  return (
    <Dialog
      open
      onClose={onClose}
      title={t(isImport ? "settings.importIdentity" : "settings.exportIdentity")}
      description={t(isImport ? "settings.importPassphrase" : "settings.exportPassphrase")}
    >
      <form onSubmit={(event) => void submit(event)} noValidate>
        {isImport && (
          <div className="mb-4">
            <Banner tone="wait" title={t("settings.importWarning")}>
              {t("settings.importWarningDetail")}
            </Banner>
          </div>
        )}
        <Field
          label={t("settings.passphrase")}
          type="password"
          value={passphrase}
          dir="ltr"
          autoFocus
          autoComplete={isImport ? "current-password" : "new-password"}
          hint={isImport ? undefined : t("settings.passphraseHint", { count: MIN_LENGTH })}
          problem={isTried && isShort ? t("settings.passphraseHint", { count: MIN_LENGTH }) : undefined}
          onChange={({ target }) => setPassphrase(target.value)}
        />
        {!isImport && (
          <Field
            className="mt-2"
            label={t("settings.passphraseAgain")}
            type="password"
            value={again}
            dir="ltr"
            autoComplete="new-password"
            problem={isTried && differs ? t("settings.passphraseDiffers") : undefined}
            onChange={({ target }) => setAgain(target.value)}
          />
        )}
        <FormProblem text={problem} />
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={isBusy}>
            {t(isImport ? "settings.import" : "settings.export")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
