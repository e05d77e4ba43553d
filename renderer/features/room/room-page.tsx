import { DoorOpen, UserPlus } from "lucide-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import { useActions, useHost, useHostList, useModel } from "../../store/context.ts";
import { isOutside, membersInOrder, visitorsOf } from "../../store/rooms.ts";
import { Button } from "../../ui/button.tsx";
import { cx } from "../../ui/classes.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ChangedKeys } from "./changed-keys.tsx";
import { Door } from "./door.tsx";
import { MemberColumns } from "./member-columns.tsx";
import { MemberRow } from "./member-row.tsx";
import { MemberSkeleton } from "./member-skeleton.tsx";
import { RoomHeader } from "./room-header.tsx";
import { useFit } from "./use-fit.ts";
import { Waiting } from "./waiting.tsx";

export function RoomPage() {
  const roomId = useModel(({ place }) => (place.screen === "room" ? place.roomId : undefined));
  const isMember = useHost(({ rooms }) => roomId !== undefined && rooms[roomId] !== undefined);
  if (roomId === undefined || !isMember) return <Missing />;
  return (
    // A key: nothing of one room's dialogs and menus stays open in another.
    <div key={roomId}>
      <RoomHeader roomId={roomId} />
      <Inside roomId={roomId} />
    </div>
  );
}

/** The room as it is from where this computer stands: disconnected, before its door, or in it. */
function Inside({ roomId }: { readonly roomId: RoomId }) {
  const { t } = useTranslation();
  const { setConnected } = useActions();
  const isWanted = useHost(({ wanted }) => wanted);
  const isEntered = useHost(({ rooms }) => rooms[roomId]?.state !== "entering");
  const isBeforeDoor = useHost(({ rooms }) => rooms[roomId] !== undefined && isOutside(rooms[roomId]));
  if (!isWanted) {
    const connect = <Button onClick={() => void setConnected(true)}>{t("room.connect")}</Button>;
    return (
      <EmptyState title={t("room.offTitle")} actions={connect}>
        {t("room.offDetail")}
      </EmptyState>
    );
  }
  if (isBeforeDoor && isEntered) return <Waiting roomId={roomId} />;
  return (
    <>
      <ChangedKeys roomId={roomId} />
      <Door roomId={roomId} />
      <Members roomId={roomId} />
    </>
  );
}

function Members({ roomId }: { readonly roomId: RoomId }) {
  const { t } = useTranslation();
  const { openDialog } = useActions();
  const state = useHost(({ rooms }) => rooms[roomId]?.state);
  const keys = useHostList(({ rooms }): readonly PublicKey[] => {
    const room = rooms[roomId];
    return room ? membersInOrder(room).map(({ publicKey }) => publicKey) : [];
  });
  const hasVisitors = useHost(({ rooms }) => rooms[roomId] !== undefined && visitorsOf(rooms[roomId]).length > 0);
  const isOpen = useModel(({ link }) => link.kind === "open");
  const isEmpty = keys.length === 0;
  if (state === "entering" && isEmpty) return <MemberSkeleton label={t("room.enteringTitle")} />;
  return (
    <>
      <MemberList roomId={roomId} keys={keys} />
      {isOpen && keys.length <= 1 && !hasVisitors && (
        <EmptyState
          title={t("room.aloneTitle")}
          actions={
            <Button icon={<UserPlus size={16} />} onClick={() => openDialog({ kind: "invite", roomId })}>
              {t("room.invite")}
            </Button>
          }
        >
          {t("room.aloneDetail")}
        </EmptyState>
      )}
    </>
  );
}

interface MemberListProps {
  readonly roomId: RoomId;
  /** In the order in which they are shown. */
  readonly keys: readonly PublicKey[];
}

function MemberList({ roomId, keys }: MemberListProps) {
  const { t } = useTranslation();
  const name = useHost(({ rooms }) => rooms[roomId]?.name ?? "");
  const isOpen = useModel(({ link }) => link.kind === "open");
  const card = useRef<HTMLElement>(null);
  const fit = useFit(card);
  return (
    <section
      ref={card}
      // What may be old has no colour, which stands for what is so now.
      className={cx("card @container/members overflow-clip", !isOpen && "grayscale")}
      aria-label={t("room.membersLabel", { name })}
    >
      <MemberColumns />
      <ul>
        {keys.map((key) => (
          <MemberRow key={key} roomId={roomId} publicKey={key} fit={fit} />
        ))}
      </ul>
    </section>
  );
}

function Missing() {
  const { t } = useTranslation();
  const { go } = useActions();
  return (
    <EmptyState
      picture={<DoorOpen size={40} strokeWidth={1.5} />}
      level={1}
      title={t("room.missingTitle")}
      actions={<Button onClick={() => go({ screen: "rooms" })}>{t("room.toRooms")}</Button>}
    >
      {t("room.missingDetail")}
    </EmptyState>
  );
}
