import { Copy, Ellipsis, LogOut, Pencil, ShieldCheck, Trash2, UserPlus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { RoomId } from "../../../shared/base/brand.ts";
import { useActions, useHost } from "../../store/context.ts";
import { isOutside } from "../../store/rooms.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { Menu, MenuItem, MenuSeparator } from "../../ui/menu.tsx";
import { RoomState } from "../rooms/room-state.tsx";
import { ReachBadge } from "../trust/reach-badge.tsx";
import { SealBadge } from "../trust/seal-badge.tsx";
import { useCopyWithToast } from "../use-copy-with-toast.ts";
import { LeaveDialog } from "./leave-dialog.tsx";
import { RenameDialog } from "./rename-dialog.tsx";

export function RoomHeader({ roomId }: { readonly roomId: RoomId }) {
  const { t } = useTranslation();
  const { openDialog } = useActions();
  const copy = useCopyWithToast();
  const name = useHost(({ rooms }) => rooms[roomId]?.name ?? roomId);
  const isOwner = useHost(({ rooms }) => rooms[roomId]?.owner ?? false);
  const isBeforeDoor = useHost(({ rooms }) => rooms[roomId] !== undefined && isOutside(rooms[roomId]));
  const [open, setOpen] = useState<"rename" | "leave">();
  return (
    <div className="mb-4 flex flex-wrap items-start gap-x-3 gap-y-2">
      <div className="min-w-0 flex-1 basis-40">
        <div className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1">
          <h1 className="min-w-0 truncate font-semibold text-xl tracking-tight" title={name}>
            <bdi>{name}</bdi>
          </h1>
          {isOwner && <Badge>{t("rooms.owner")}</Badge>}
          <SealBadge roomId={roomId} />
          <ReachBadge roomId={roomId} />
        </div>
        <p className="text-text-2">
          <RoomState roomId={roomId} />
        </p>
      </div>
      <div className="flex items-center gap-1.5">
        <Button
          look={isBeforeDoor ? "secondary" : "primary"}
          icon={<UserPlus size={16} />}
          onClick={() => openDialog({ kind: "invite", roomId })}
        >
          {t("room.invite")}
        </Button>
        <Menu
          label={t("room.menu")}
          trigger={<IconButton label={t("room.menu")} icon={<Ellipsis size={18} />} opensMenu />}
        >
          {isOwner && (
            <MenuItem icon={<Pencil size={15} />} opensDialog onSelect={() => setOpen("rename")}>
              {t("room.rename")}
            </MenuItem>
          )}
          <MenuItem
            icon={<ShieldCheck size={15} />}
            opensDialog
            onSelect={() => openDialog({ kind: "room_settings", roomId })}
          >
            {t("room.settings")}
          </MenuItem>
          <MenuItem icon={<Copy size={15} />} aside={roomId} onSelect={() => copy(roomId)}>
            {t("room.copyId")}
          </MenuItem>
          <MenuSeparator />
          <MenuItem
            danger
            opensDialog
            icon={isOwner ? <Trash2 size={15} /> : <LogOut size={15} className="rtl:-scale-x-100" />}
            onSelect={() => setOpen("leave")}
          >
            {isOwner ? t("room.close") : t("room.leave")}
          </MenuItem>
        </Menu>
      </div>
      {open === "rename" && <RenameDialog roomId={roomId} onClose={() => setOpen(undefined)} />}
      {open === "leave" && <LeaveDialog roomId={roomId} onClose={() => setOpen(undefined)} />}
    </div>
  );
}
