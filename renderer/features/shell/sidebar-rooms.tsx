import { DoorOpen } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { RoomId } from "../../../shared/base/brand.ts";
import { useActions, useHost, useHostList, useModel } from "../../store/context.ts";
import { roomTone } from "../../store/presence.ts";
import { headcount, roomsInOrder, visitorsOf } from "../../store/rooms.ts";
import { StateDot } from "../../ui/badge.tsx";
import { cx } from "../../ui/classes.ts";

export function SidebarRooms() {
  const { t } = useTranslation();
  const ids = useHostList(roomsInOrder);
  return (
    <nav aria-label={t("shell.rooms")} className="flex min-h-0 flex-1 flex-col gap-px overflow-y-auto px-2.5 py-1">
      {ids.map((id) => (
        <SidebarRoom key={id} roomId={id} />
      ))}
    </nav>
  );
}

function SidebarRoom({ roomId }: { readonly roomId: RoomId }) {
  const { t } = useTranslation();
  const { go } = useActions();
  const isCurrent = useModel(({ place }) => place.screen === "room" && place.roomId === roomId);
  const name = useHost(({ rooms }) => rooms[roomId]?.name ?? roomId);
  const count = useHost(({ rooms }) => (rooms[roomId] ? headcount(rooms[roomId]) : 0));
  const visitors = useHost(({ rooms }) => (rooms[roomId] ? visitorsOf(rooms[roomId]).length : 0));
  const tone = useModel((model) => roomTone(model, roomId));
  return (
    <button
      type="button"
      aria-current={isCurrent ? "page" : undefined}
      onClick={() => go({ screen: "room", roomId })}
      className={cx(
        "flex h-8.5 shrink-0 items-center gap-2.5 rounded-control px-2 text-start",
        isCurrent ? "bg-pressed font-medium" : "text-text-2 hover:bg-hover hover:text-text",
      )}
    >
      <span className="flex w-4.5 justify-center">
        <StateDot tone={tone} />
      </span>
      <span className="min-w-0 flex-1 truncate">
        <bdi>{name}</bdi>
      </span>
      {visitors > 0 && (
        <span className="figures inline-flex h-5 shrink-0 items-center gap-1 rounded-full bg-wait-soft px-1.5 font-medium text-wait-text text-xs">
          <DoorOpen size={13} aria-hidden="true" />
          <span aria-hidden="true">{visitors}</span>
          <span className="sr-only">{t("door.waitingCount", { count: visitors })}</span>
        </span>
      )}
      {count > 0 && (
        <>
          <span className="figures text-text-2 text-xs" aria-hidden="true">
            {count}
          </span>
          <span className="sr-only">{t("shell.roomCount", { count })}</span>
        </>
      )}
    </button>
  );
}
