import { ShieldCheck } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { RoomId } from "../../../shared/base/brand.ts";
import { useHost } from "../../store/context.ts";
import { isOutside } from "../../store/rooms.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { RemovedList } from "./removed-list.tsx";
import { RoomReach } from "./room-reach.tsx";
import { RoomRules } from "./room-rules.tsx";

/** Who gets into a room, who lets them in, what they may reach here, and who was removed. */
export default function RoomSettingsDialog({
  roomId,
  onClose,
}: {
  readonly roomId: RoomId;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation();
  const name = useHost(({ rooms }) => rooms[roomId]?.name ?? roomId);
  const isInside = useHost(({ rooms }) => (rooms[roomId] ? !isOutside(rooms[roomId]) : false));
  const isOwner = useHost(({ rooms }) => rooms[roomId]?.trust.role === "owner");
  return (
    <Dialog
      open
      size="medium"
      onClose={onClose}
      title={t("roomSettings.title", { name })}
      description={isOwner ? t("roomSettings.description") : t("roomSettings.descriptionMember")}
    >
      {isInside && <RoomRules roomId={roomId} />}
      <RoomReach roomId={roomId} />
      <RemovedList roomId={roomId} />
      <p className="flex items-start gap-2.5 text-pretty text-sm text-text-2">
        <ShieldCheck size={17} aria-hidden="true" className="mt-px shrink-0 text-text-3" />
        {t("roomSettings.note")}
      </p>
    </Dialog>
  );
}
