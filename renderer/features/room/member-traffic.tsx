import { ArrowDown, ArrowUp } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useFormats } from "../../i18n/format.ts";
import { useHost, useModel } from "../../store/context.ts";
import { isReached } from "../../store/rooms.ts";
import { last } from "../../store/samples.ts";
import { cx } from "../../ui/classes.ts";
import type { MemberRef } from "./member-ref.ts";

/** Less than this a second is keepalives, and shown as quiet. */
const QUIET_BPS = 100;

/** What flows now, each way. */
export function MemberTraffic({ roomId, publicKey }: MemberRef) {
  const { t } = useTranslation();
  const { rate } = useFormats();
  const isConnected = useHost(({ rooms }) => {
    const member = rooms[roomId]?.members[publicKey];
    return member !== undefined && isReached(member);
  });
  const name = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.username ?? "");
  const down = useModel(({ samples }) => last(samples[publicKey]?.inBps ?? []) ?? 0);
  const up = useModel(({ samples }) => last(samples[publicKey]?.outBps ?? []) ?? 0);
  if (!isConnected) return null;
  if (down < QUIET_BPS && up < QUIET_BPS) return <span className="text-text-3 text-xs">{t("member.idle")}</span>;
  const lines = [
    { way: "down", Icon: ArrowDown, bps: down, label: t("member.down", { name, rate: rate(down) }) },
    { way: "up", Icon: ArrowUp, bps: up, label: t("member.up", { name, rate: rate(up) }) },
  ];
  return (
    <span className="grid text-xs leading-4.5">
      {lines.map(({ way, Icon, bps, label }) => (
        <span key={way} className={cx("flex items-center gap-1.5", bps < QUIET_BPS ? "text-text-3" : "text-text")}>
          <Icon size={12} aria-hidden="true" className="shrink-0 text-text-3" />
          <span className="sr-only">{label}</span>
          <span aria-hidden="true" className="figures truncate">
            {bps < QUIET_BPS ? t("member.idle") : rate(bps)}
          </span>
        </span>
      ))}
    </span>
  );
}
