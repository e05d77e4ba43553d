import { useTranslation } from "react-i18next";
import { useActions, useHost } from "../../store/context.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import type { MemberRef } from "../room/member-ref.ts";

/** Giving a room away is asked about: only the new owner can give it back. */
export default function HandOverDialog({ roomId, publicKey, onClose }: MemberRef & { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { order } = useActions();
  const room = useHost(({ rooms }) => rooms[roomId]?.name ?? roomId);
  const name = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.username ?? "");
  const confirm = () => {
    onClose();
    const done = { kind: "said", key: "handOver.done", values: { name, room } } as const;
    void order("handOver", { roomId, member: publicKey }, done);
  };
  return (
    <Dialog
      open
      onClose={onClose}
      modal="question"
      title={t("handOver.title", { name, room })}
      description={t("handOver.description", { name })}
    >
      <DialogActions>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button look="danger" onClick={confirm}>
          {t("handOver.submit")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
