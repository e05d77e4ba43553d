import { useTranslation } from "react-i18next";
import { useHost } from "../../store/context.ts";
import { Badge } from "../../ui/badge.tsx";
import { MemberMark } from "./member-mark.tsx";
import type { MemberRef } from "./member-ref.ts";
import { MemberRole } from "./member-role.tsx";
import { MemberWait } from "./member-wait.tsx";

/** The name, what marks it, and under it the state of the way there where it is not simply "connected". */
export function MemberName({ roomId, publicKey }: MemberRef) {
  const { t } = useTranslation();
  const username = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.username ?? "");
  const state = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.state);
  return (
    <div className="flex min-w-0 flex-wrap items-center gap-x-1.5">
      <span className="min-w-0 truncate font-medium" title={username}>
        <bdi>{username}</bdi>
      </span>
      <MemberMark roomId={roomId} publicKey={publicKey} />
      {state === "self" && <Badge>{t("member.you")}</Badge>}
      <MemberRole roomId={roomId} publicKey={publicKey} />
      <span className="contents @[34rem]/members:hidden">
        <MemberWait roomId={roomId} publicKey={publicKey} />
      </span>
    </div>
  );
}
