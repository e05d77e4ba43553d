import { LogIn, Plus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useActions, useHostList } from "../../store/context.ts";
import { roomsInOrder } from "../../store/rooms.ts";
import { Button } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { NetworkPicture } from "../welcome/network-picture.tsx";
import { RoomCard } from "./room-card.tsx";

export function RoomsPage() {
  const { t } = useTranslation();
  const { openDialog } = useActions();
  const ids = useHostList(roomsInOrder);
  const join = (
    <Button icon={<LogIn size={16} />} onClick={() => openDialog({ kind: "join" })}>
      {t("shell.join")}
    </Button>
  );
  const create = (
    <Button look="primary" icon={<Plus size={16} />} onClick={() => openDialog({ kind: "create" })}>
      {t("shell.create")}
    </Button>
  );
  if (ids.length === 0) {
    return (
      <EmptyState
        picture={<NetworkPicture width={220} />}
        level={1}
        title={t("rooms.emptyTitle")}
        actions={
          <>
            {create}
            {join}
          </>
        }
      >
        {t("rooms.emptyDetail")}
      </EmptyState>
    );
  }
  return (
    <>
      <div className="mb-4 flex flex-wrap items-center gap-2">
        <h1 className="me-auto font-semibold text-xl tracking-tight">{t("rooms.title")}</h1>
        <div className="flex flex-wrap gap-2 max-sm:w-full max-sm:*:flex-1">
          {join}
          {create}
        </div>
      </div>
      <ul className="grid grid-cols-[repeat(auto-fill,minmax(min(100%,17rem),1fr))] gap-3">
        {ids.map((id) => (
          <RoomCard key={id} roomId={id} />
        ))}
      </ul>
    </>
  );
}
