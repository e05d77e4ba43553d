import { BadgeCheck, ShieldAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useHost } from "../../store/context.ts";
import { Badge } from "../../ui/badge.tsx";
import { Tooltip } from "../../ui/tooltip.tsx";
import type { MemberRef } from "./member-ref.ts";
import { MemberWait } from "./member-wait.tsx";

/** The name, what marks it, and under it the state of the way there where it is not simply "connected". */
export function MemberName({ roomId, publicKey }: MemberRef) {
  const { t } = useTranslation();
  const username = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.username ?? "");
  const state = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.state);
  const verified = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.verified ?? false);
  const isOwner = useHost(({ rooms }) => rooms[roomId]?.owner ?? false);
  return (
    <div className="flex min-w-0 flex-wrap items-center gap-x-1.5">
      <span className="min-w-0 truncate font-medium" title={username}>
        <bdi>{username}</bdi>
      </span>
      {state === "connected" && verified && (
        <Tooltip text={t("member.verifiedWhy")}>
          <button type="button" aria-label={t("member.verified")} className="rounded-full text-live-text">
            <BadgeCheck size={15} aria-hidden="true" />
          </button>
        </Tooltip>
      )}
      {state === "connected" && !verified && (
        <Tooltip text={t("member.unverifiedWhy")}>
          <button type="button" aria-label={t("member.unverified")} className="rounded-full text-wait-text">
            <ShieldAlert size={15} aria-hidden="true" />
          </button>
        </Tooltip>
      )}
      {state === "self" && <Badge>{t("member.you")}</Badge>}
      {state === "self" && isOwner && <Badge>{t("member.owner")}</Badge>}
      {(state === "connecting" || state === "reconnecting") && (
        <span className="@[34rem]/members:hidden">
          <MemberWait state={state} />
        </span>
      )}
    </div>
  );
}
