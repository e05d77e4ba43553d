import { useTranslation } from "react-i18next";
import type { MemberView } from "../../../shared/ipc/contract.ts";
import { useHost } from "../../store/context.ts";
import { cx } from "../../ui/classes.ts";
import type { MemberRef } from "./member-ref.ts";

/** Why no packets pass between this member and this computer, while they do not. */
export function MemberWait({ roomId, publicKey }: MemberRef) {
  const { t } = useTranslation();
  const wait = useHost(({ rooms }) => waitOf(rooms[roomId]?.members[publicKey]));
  if (!wait) return null;
  const isOver = wait === "removed" || wait === "banned";
  return (
    <span className={cx("block whitespace-nowrap text-sm", isOver ? "text-bad-text" : "text-wait-text")}>
      {t(`member.${wait}`)}
    </span>
  );
}

/** Undefined: they pass, or it is this computer. */
export function waitOf(member: MemberView | undefined) {
  if (!member || member.state === "self") return undefined;
  const { state, standing, path } = member;
  const isOutside = standing === "removed" || standing === "banned" || standing === "turned_away";
  if (isOutside || standing === "away") return standing;
  // A way to it is there, and yet it has not shown that it belongs here.
  if (standing === "proving" && path !== undefined) return standing;
  return state === "connecting" || state === "reconnecting" ? state : undefined;
}
