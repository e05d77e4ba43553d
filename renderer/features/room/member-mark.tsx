import { BadgeCheck, type LucideIcon, ShieldAlert, ShieldCheck, ShieldX } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { MemberView } from "../../../shared/ipc/contract.ts";
import { useActions, useHost } from "../../store/context.ts";
import { Tooltip } from "../../ui/tooltip.tsx";
import type { MemberRef } from "./member-ref.ts";

type Mark = "changedKey" | "compared" | "verified" | "unverified";

const looks: Readonly<Record<Mark, { readonly Icon: LucideIcon; readonly color: string }>> = {
  changedKey: { Icon: ShieldX, color: "text-bad-text" },
  compared: { Icon: ShieldCheck, color: "text-live-text" },
  verified: { Icon: BadgeCheck, color: "text-live-text" },
  unverified: { Icon: ShieldAlert, color: "text-wait-text" },
};

/** How sure it is that a member is who the name says, with the reason in plain words; a click leads to the words. */
export function MemberMark({ roomId, publicKey }: MemberRef) {
  const { t } = useTranslation();
  const { openDialog } = useActions();
  const mark = useHost(({ rooms }) => markOf(rooms[roomId]?.members[publicKey]));
  if (!mark) return null;
  const { Icon, color } = looks[mark];
  return (
    <Tooltip text={t(`member.${mark}Why`)}>
      <button
        type="button"
        aria-label={t(`member.${mark}`)}
        className={`hit rounded-full ${color}`}
        onClick={() => openDialog({ kind: "compare", roomId, publicKey })}
      >
        <Icon size={15} aria-hidden="true" />
      </button>
    </Tooltip>
  );
}

/** Nothing green where nothing answers: what was compared once says nothing of who is there now. */
function markOf(member: MemberView | undefined): Mark | undefined {
  if (!member || member.state === "self") return undefined;
  if (member.changedKey) return "changedKey";
  if (member.state !== "connected") return undefined;
  if (!member.verified) return "unverified";
  return member.compared ? "compared" : "verified";
}
