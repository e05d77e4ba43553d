import { DoorClosed, Lock, LockOpen } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { RoomId } from "../../../shared/base/brand.ts";
import { useActions, useHost } from "../../store/context.ts";
import { Badge } from "../../ui/badge.tsx";
import { Tooltip } from "../../ui/tooltip.tsx";

const looks = {
  sealed: { Icon: Lock, tone: "neutral" },
  open: { Icon: LockOpen, tone: "wait" },
  waiting: { Icon: DoorClosed, tone: "wait" },
} as const;

/** Who gets into the room, in a word; pointed at, in a sentence; clicked, all of it. */
export function SealBadge({ roomId }: { readonly roomId: RoomId }) {
  const { t } = useTranslation();
  const { openDialog } = useActions();
  const kind = useHost(({ rooms }) => {
    const { seal, waiting } = rooms[roomId]?.trust ?? {};
    return waiting ? "waiting" : seal;
  });
  if (kind === undefined || kind === "unknown") return null;
  const { Icon, tone } = looks[kind];
  return (
    <Tooltip text={t(`seal.${kind}Why`)}>
      <button
        type="button"
        className="hit shrink-0 rounded-full"
        onClick={() => openDialog({ kind: "room_settings", roomId })}
      >
        <Badge tone={tone} icon={<Icon size={11} strokeWidth={2.4} aria-hidden="true" />}>
          {t(`seal.${kind}`)}
        </Badge>
      </button>
    </Tooltip>
  );
}
