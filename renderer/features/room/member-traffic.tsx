import { ArrowDown, ArrowUp } from "lucide-react";
import { useTranslation } from "react-i18next";
import { isReached } from "../../../shared/ipc/members.ts";
import { useFormats } from "../../i18n/format.ts";
import { useFigureLabel } from "../../i18n/use-figure-label.ts";
import { useHost, useModel } from "../../store/context.ts";
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
  const downLabel = useFigureLabel("member.down", name, "rate");
  const upLabel = useFigureLabel("member.up", name, "rate");
  if (!isConnected) return null;
  if (down < QUIET_BPS && up < QUIET_BPS) return <span className="text-text-3 text-xs">{t("member.idle")}</span>;
  const lines = [
    { way: "down", Icon: ArrowDown, bps: down, text: rate(down), label: downLabel },
    { way: "up", Icon: ArrowUp, bps: up, text: rate(up), label: upLabel },
  ];
  return (
    <span className="grid text-xs leading-4.5">
      {lines.map(({ way, Icon, bps, text, label }) => (
        <span key={way} className={cx("flex items-center gap-1.5", bps < QUIET_BPS ? "text-text-3" : "text-text")}>
          <Icon size={12} aria-hidden="true" className="shrink-0 text-text-3" />
          <span className="sr-only">{label(text)}</span>
          <span aria-hidden="true" className="figures truncate">
            {bps < QUIET_BPS ? t("member.idle") : text}
          </span>
        </span>
      ))}
    </span>
  );
}
