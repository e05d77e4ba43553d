import { useTranslation } from "react-i18next";
import type { RoomId } from "../../../shared/base/brand.ts";
import { useActions, useHost, useHostList, useModel } from "../../store/context.ts";
import { roomsInOrder, roomTone } from "../../store/rooms.ts";
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
  const count = useHost(({ rooms }) => Object.keys(rooms[roomId]?.members ?? {}).length);
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
