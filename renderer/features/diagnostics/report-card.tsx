import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useActions } from "../../store/context.ts";
import { Button } from "../../ui/button.tsx";
import { useCopy } from "../../ui/copyable.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { saveAsFile } from "../settings/files.ts";
import { Card } from "./card.tsx";

/** A text for a bug report. It is shown before it can be sent anywhere. */
export function ReportCard() {
  const { t } = useTranslation();
  const { ask, tellFailure } = useActions();
  const [text, setText] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const make = async () => {
    setBusy(true);
    const made = await ask("report", {});
    setBusy(false);
    if (made.ok) setText(made.value.text);
    else tellFailure(made.error);
  };
  return (
    <Card
      title={t("report.title")}
      detail={t("report.detail")}
      action={
        <Button size="small" busy={isBusy} onClick={() => void make()}>
          {t("report.make")}
        </Button>
      }
    >
      {text !== undefined && <ReportDialog text={text} onClose={() => setText(undefined)} />}
    </Card>
  );
}

function ReportDialog({ text, onClose }: { readonly text: string; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const [isCopied, copy] = useCopy();
  return (
    <Dialog open size="medium" onClose={onClose} title={t("report.title")} description={t("report.read")}>
      <textarea
        readOnly
        aria-label={t("report.title")}
        value={text}
        dir="ltr"
        className="h-80 w-full resize-none rounded-control border border-line bg-well p-3 font-mono text-xs"
      />
      <DialogActions>
        <Button onClick={() => saveAsFile("govpn-report.txt", text, "text/plain")}>{t("report.save")}</Button>
        <Button look="primary" onClick={() => copy(text)}>
          {t(isCopied ? "common.copied" : "common.copy")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
