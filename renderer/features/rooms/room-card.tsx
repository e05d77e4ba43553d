import { DoorOpen, UserPlus } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { RoomId } from "../../../shared/base/brand.ts";
import type { MemberView } from "../../../shared/ipc/contract.ts";
import { useActions, useHost, useHostList, useModel } from "../../store/context.ts";
import { roomTone } from "../../store/presence.ts";
import { headcount, membersInOrder, visitorsOf } from "../../store/rooms.ts";
import { Avatar } from "../../ui/avatar.tsx";
import { Badge, StateDot } from "../../ui/badge.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { RoomState } from "./room-state.tsx";

/** As many faces as fit the narrowest card. */
const MAX_FACES = 6;

export function RoomCard({ roomId }: { readonly roomId: RoomId }) {
  const { t } = useTranslation();
  const { go, openDialog } = useActions();
  const name = useHost(({ rooms }) => rooms[roomId]?.name ?? roomId);
  const isOwner = useHost(({ rooms }) => rooms[roomId]?.owner ?? false);
  const visitors = useHost(({ rooms }) => (rooms[roomId] ? visitorsOf(rooms[roomId]).length : 0));
  const tone = useModel((model) => roomTone(model, roomId));
  return (
    <li className="card group relative flex flex-col p-4 transition-colors duration-(--fast) hover:border-line-strong/60">
      <div className="flex items-center gap-2.5">
        <StateDot tone={tone} />
        <h2 className="min-w-0 flex-1 truncate font-semibold text-lg tracking-tight">
          {/* The whole card is the button; what is on it and acts by itself lies above. */}
          <button
            type="button"
            className="max-w-full truncate text-start after:absolute after:inset-0 after:rounded-card"
            onClick={() => go({ screen: "room", roomId })}
          >
            <bdi>{name}</bdi>
          </button>
        </h2>
        {visitors > 0 && (
          <Badge tone="wait" icon={<DoorOpen size={12} aria-hidden="true" />}>
            {t("door.waitingCount", { count: visitors })}
          </Badge>
        )}
        {isOwner && <Badge>{t("rooms.owner")}</Badge>}
      </div>
      <p className="mt-0.5 ms-4.5 text-sm text-text-2">
        <RoomState roomId={roomId} />
      </p>
      <div className="mt-4 flex h-8 items-center">
        <Faces roomId={roomId} />
        <IconButton
          label={t("room.invite")}
          icon={<UserPlus size={17} />}
          size="small"
          className="relative z-10 ms-auto"
          onClick={() => openDialog({ kind: "invite", roomId })}
        />
      </div>
    </li>
  );
}

function Faces({ roomId }: { readonly roomId: RoomId }) {
  const members = useHostList(({ rooms }) => faces(rooms[roomId] && membersInOrder(rooms[roomId])));
  const keys = members.filter((_, i) => i % 2 === 0);
  const total = useHost(({ rooms }) => (rooms[roomId] ? headcount(rooms[roomId]) : 0));
  return (
    <div className="flex" aria-hidden="true">
      {keys.slice(0, MAX_FACES).map((key, i) => (
        <span key={key} className="-me-1.5 rounded-[11px] border-2 border-surface">
          <Avatar publicKey={key} name={members[i * 2 + 1] ?? ""} size={28} />
        </span>
      ))}
      {total > MAX_FACES && <span className="figures ms-3 self-center text-text-3 text-xs">+{total - MAX_FACES}</span>}
    </div>
  );
}

/** Keys and names in turn: figures that change every second are no reason to draw faces again. */
function faces(members: readonly MemberView[] = []): readonly string[] {
  return members.slice(0, MAX_FACES).flatMap(({ publicKey, username }) => [publicKey, username]);
}
