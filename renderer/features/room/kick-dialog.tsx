import { useTranslation } from "react-i18next";
import type { RoomId } from "../../../shared/base/brand.ts";
import type { MemberView } from "../../../shared/ipc/contract.ts";
import { useActions } from "../../store/context.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";

export interface KickDialogProps {
  readonly roomId: RoomId;
  readonly member: MemberView;
  readonly onClose: () => void;
}

export function KickDialog({ roomId, member, onClose }: KickDialogProps) {
  const { t } = useTranslation();
  const { kick, toast } = useActions();
  const name = member.username;
  const confirm = async () => {
    onClose();
    const isDone = await kick(roomId, member.publicKey);
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
