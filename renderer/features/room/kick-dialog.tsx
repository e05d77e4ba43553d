import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useActions, useHost } from "../../store/context.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import type { MemberRef } from "./member-ref.ts";

export interface KickDialogProps extends MemberRef {
  /** Not even to knock again. */
  readonly isBan: boolean;
  readonly onClose: () => void;
}

export default function KickDialog({ roomId, publicKey, isBan, onClose }: KickDialogProps) {
  const { t } = useTranslation();
  const { kick, toast } = useActions();
  const username = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.username ?? "");
  // As it was when the question was asked.
  const [name] = useState(username);
  const isSealed = useHost(({ rooms }) => rooms[roomId]?.trust.seal === "sealed");
  const deed = isBan ? "ban" : "kick";
  const confirm = async () => {
    onClose();
    const isDone = await kick(roomId, publicKey, isBan);
    if (isDone) toast("plain", { kind: "said", key: `removal.${deed}.done`, values: { name } });
  };
  return (
    <Dialog
      open
      onClose={onClose}
      modal="question"
      title={t(`removal.${deed}.title`, { name })}
      description={t(`removal.${deed}.description`)}
    >
      {isSealed && <p className="text-pretty text-text-2">{t("removal.newKey")}</p>}
      <DialogActions>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button look="danger" onClick={() => void confirm()}>
          {t(`removal.${deed}.submit`)}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
