import { ShieldHalf } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { RoomId } from "../../../shared/base/brand.ts";
import { useActions, useHost } from "../../store/context.ts";
import { isOutside } from "../../store/rooms.ts";
import { Badge } from "../../ui/badge.tsx";
import { Tooltip } from "../../ui/tooltip.tsx";

/** Why the others may not get through to this computer, where they may not: a rule that is forgotten looks like a fault. */
export function ReachBadge({ roomId }: { readonly roomId: RoomId }) {
  const { t } = useTranslation();
  const { openDialog } = useActions();
  const mode = useHost(({ rooms }) => rooms[roomId]?.trust.inbound.mode ?? "all");
  const isBeforeDoor = useHost(({ rooms }) => rooms[roomId] !== undefined && isOutside(rooms[roomId]));
  if (mode === "all" || isBeforeDoor) return null;
  return (
    <Tooltip text={t(`reach.badgeWhy.${mode}`)}>
      <button
        type="button"
        className="hit shrink-0 rounded-full"
        onClick={() => openDialog({ kind: "room_settings", roomId })}
      >
        <Badge icon={<ShieldHalf size={11} strokeWidth={2.2} aria-hidden="true" />}>{t(`reach.badges.${mode}`)}</Badge>
      </button>
    </Tooltip>
  );
}
