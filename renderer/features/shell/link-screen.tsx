import { RotateCw } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useActions, useModel } from "../../store/context.ts";
import { Button } from "../../ui/button.tsx";
import { Copyable } from "../../ui/copyable.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Spinner } from "../../ui/spinner.tsx";
import { Mark } from "./mark.tsx";

/** Before the program has spoken, and where it refuses this browser. */
export function LinkScreen() {
  const kind = useModel(({ link }) => link.kind);
  return (
    <main className="grid h-full place-items-center overflow-y-auto p-4">
      {kind === "signed_out" ? <SignedOut /> : kind === "waiting" ? <Waiting /> : <Starting />}
    </main>
  );
}

/** Most starts are over before a person could read this, so it only fades in. */
function Starting() {
  const { t } = useTranslation();
  return (
    <div role="status" className="flex flex-col items-center gap-4 text-text-3">
      <Mark size={48} />
      <h1 className="sr-only">{t("shell.product")}</h1>
      <p className="flex items-center gap-2">
        <Spinner />
        {t("link.loading")}
      </p>
    </div>
  );
}

function Waiting() {
  const { t } = useTranslation();
  const { reconnect } = useActions();
  return (
    <EmptyState
      picture={<Mark size={48} />}
      level={1}
      title={t("link.lostEmpty")}
      actions={
        <Button look="primary" icon={<RotateCw size={16} />} onClick={reconnect}>
          {t("link.retry")}
        </Button>
      }
    >
      {t("link.lostEmptyDetail")}
    </EmptyState>
  );
}

function SignedOut() {
  const { t } = useTranslation();
  const command = t("link.signedOutCommand");
  return (
    <EmptyState picture={<Mark size={48} />} level={1} title={t("link.signedOut")}>
      <p>{t("link.signedOutDetail")}</p>
      <p className="mx-auto mt-4 w-48 rounded-control bg-well px-3 py-1.5 font-mono text-text">
        <Copyable text={command} label={t("link.signedOut")} isPlain className="w-full justify-between" />
      </p>
    </EmptyState>
  );
}
