import { ArrowRightLeft, Waypoints } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useHost } from "../../store/context.ts";
import { cx } from "../../ui/classes.ts";
import { Tooltip } from "../../ui/tooltip.tsx";
import type { MemberRef } from "./member-ref.ts";
import { MemberWait, waitOf } from "./member-wait.tsx";

/** Which way the packets go and on which lane, with the reason in plain words. */
export function MemberPath({ roomId, publicKey, isCompact = false }: MemberRef & { readonly isCompact?: boolean }) {
  const { t } = useTranslation();
  const state = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.state);
  const path = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.path);
  const lane = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.lane);
  const isWaiting = useHost(({ rooms }) => waitOf(rooms[roomId]?.members[publicKey]) !== undefined);
  if (isWaiting) return isCompact ? null : <MemberWait roomId={roomId} publicKey={publicKey} />;
  // In little room only what is out of the ordinary is worth a word.
  if (state !== "connected" || path === undefined || (isCompact && path === "direct")) return null;
  const isDirect = path === "direct";
  const why = (
    <>
      <span className="block">{isDirect ? t("member.directWhy") : t("member.relayWhy")}</span>
      {lane && (
        <span className="mt-1 block">{lane === "media" ? t("member.laneMediaWhy") : t("member.lanePacketsWhy")}</span>
      )}
    </>
  );
  return (
    <Tooltip text={why}>
      <button type="button" className="flex max-w-full items-center gap-1.5 rounded-md text-start text-sm">
        {isDirect ? (
          <ArrowRightLeft size={14} className="shrink-0 text-text-3" aria-hidden="true" />
        ) : (
          <Waypoints size={14} className="shrink-0 text-wait-text" aria-hidden="true" />
        )}
        <span className={cx("min-w-0 leading-4", isCompact && "sr-only")}>
          <span className="block truncate">{isDirect ? t("member.direct") : t("member.relay")}</span>
          {lane && (
            <span className="block truncate text-[0.6875rem] text-text-3">
              {lane === "media" ? t("member.laneMedia") : t("member.lanePackets")}
            </span>
          )}
        </span>
      </button>
    </Tooltip>
  );
}
