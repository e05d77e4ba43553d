import { useTranslation } from "react-i18next";
import { useActions } from "../../store/context.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import type { MemberRef } from "./member-ref.ts";

export interface KickDialogProps extends MemberRef {
  readonly name: string;
  readonly onClose: () => void;
}

export function KickDialog({ roomId, publicKey, name, onClose }: KickDialogProps) {
  const { t } = useTranslation();
  const { kick, toast } = useActions();
  const confirm = async () => {
    onClose();
    const isDone = await kick(roomId, publicKey);
    if (isDone) toast("plain", { kind: "said", key: "kick.done", values: { name } });
  };
  return (
    <Dialog
      open
      onClose={onClose}
      modal="question"
      title={t("kick.title", { name })}
      description={t("kick.description")}
    >
      <DialogActions>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button look="danger" onClick={() => void confirm()}>
          {t("kick.submit")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
