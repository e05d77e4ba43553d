import { ArrowRightLeft, Waypoints } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useFormats } from "../../i18n/format.ts";
import { useHost } from "../../store/context.ts";
import { cx } from "../../ui/classes.ts";
import { Tooltip } from "../../ui/tooltip.tsx";
import type { MemberRef } from "./member-ref.ts";
import { MemberWait, waitOf } from "./member-wait.tsx";

/** Less is the network's everyday, and no news to anybody. */
const LOSS_WORTH_TELLING_PERCENT = 0.5;

/** Which way the packets go and on which lane, with the reason in plain words. */
export function MemberPath({ roomId, publicKey, isCompact = false }: MemberRef & { readonly isCompact?: boolean }) {
  const { t } = useTranslation();
  const state = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.state);
  const path = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.path);
  const lane = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.lane);
  const loss = useLoss(roomId, publicKey);
  const isWaiting = useHost(({ rooms }) => waitOf(rooms[roomId]?.members[publicKey]) !== undefined);
  if (isWaiting) return isCompact ? null : <MemberWait roomId={roomId} publicKey={publicKey} />;
  // In little room only what is out of the ordinary is worth a word.
  if (state !== "connected" || path === undefined || (isCompact && path === "direct")) return null;
  const isDirect = path === "direct";
  const laneName = lane && t(lane === "media" ? "member.laneMedia" : "member.lanePackets");
  const why = (
    <>
      <span className="block">{isDirect ? t("member.directWhy") : t("member.relayWhy")}</span>
      {lane && (
        <span className="mt-1 block">{lane === "media" ? t("member.laneMediaWhy") : t("member.lanePacketsWhy")}</span>
      )}
      {loss && <span className="mt-1 block">{t("member.lossWhy", { percent: loss })}</span>}
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
          {laneName && (
            <span className={cx("block truncate text-[0.6875rem]", loss ? "text-wait-text" : "text-text-3")}>
              {loss ? t("member.loss", { percent: loss }) : laneName}
            </span>
          )}
        </span>
      </button>
    </Tooltip>
  );
}

/** The share of a member's packets that get lost on the way here, where it is worth telling. */
function useLoss(roomId: MemberRef["roomId"], publicKey: MemberRef["publicKey"]): string | undefined {
  const { percent } = useFormats();
  return useHost(({ rooms }) => {
    const lost = rooms[roomId]?.members[publicKey]?.quality?.lossPercent ?? 0;
    return lost < LOSS_WORTH_TELLING_PERCENT ? undefined : percent(lost);
  });
}
