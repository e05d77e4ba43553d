import { Crown, KeyRound } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useHost } from "../../store/context.ts";
import { Badge } from "../../ui/badge.tsx";
import type { MemberRef } from "./member-ref.ts";

/** What a member may do in the room, where that is more than being in it. */
export function MemberRole({ roomId, publicKey }: MemberRef) {
  const { t } = useTranslation();
  const role = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.role);
  const isNext = useHost(({ rooms }) => rooms[roomId]?.trust.handingOver === publicKey);
  if (isNext) return <Badge tone="wait">{t("member.becomesOwner")}</Badge>;
  if (role === undefined || role === "member") return null;
  const Icon = role === "owner" ? Crown : KeyRound;
  return <Badge icon={<Icon size={11} aria-hidden="true" />}>{t(`member.roles.${role}`)}</Badge>;
}
