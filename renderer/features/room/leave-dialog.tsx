import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { RoomId } from "../../../shared/base/brand.ts";
import { useActions, useHost } from "../../store/context.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";

/** What leaving does is not the same for who made the room, so it is said, and asked. */
export function LeaveDialog({ roomId, onClose }: { readonly roomId: RoomId; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { leave, toast } = useActions();
  // As they were when the question was asked: the answer is about them.
  const room = useHost(({ rooms }) => rooms[roomId]);
  const isOnline = useHost(({ server }) => server.state === "online");
  const [asked] = useState(() => ({
    name: room?.name ?? roomId,
    isOwner: room?.owner ?? false,
    others: Object.values(room?.members ?? {}).filter(({ state }) => state !== "self").length,
  }));
  const { name, isOwner, others } = asked;
  const confirm = async () => {
    onClose();
    const isDone = await leave(roomId);
    if (isDone) toast("plain", { kind: "said", key: isOwner ? "leave.closeDone" : "leave.done", values: { name } });
  };
  return (
    <Dialog
      open
      onClose={onClose}
      modal="question"
      title={isOwner ? t("leave.closeTitle", { name }) : t("leave.title", { name })}
      description={isOwner ? t("leave.closeDescription", { count: others }) : t("leave.description")}
    >
      {isOwner && others > 0 && <p className="text-pretty text-text-2">{t("leave.handOverFirst")}</p>}
      {!isOnline && <p className="text-text-2">{t("leave.offline")}</p>}
      <DialogActions>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button look="danger" onClick={() => void confirm()}>
          {isOwner ? t("leave.closeSubmit") : t("leave.submit")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
