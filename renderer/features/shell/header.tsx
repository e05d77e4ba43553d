import { useTranslation } from "react-i18next";
import { useActions, useHost, useModel } from "../../store/context.ts";
import { type Presence, presenceOf, toneOf } from "../../store/presence.ts";
import { StateDot } from "../../ui/badge.tsx";
import { Switch } from "../../ui/switch.tsx";
import { Mark } from "./mark.tsx";
import { presenceWords } from "./presence-words.ts";
import { useCountdown } from "./use-countdown.ts";

/** The one big switch, and the honest sentence about it. */
export function Header() {
  const { t } = useTranslation();
  const { setConnected } = useActions();
  const wanted = useHost((host) => host.wanted);
  const presence = usePresence();
  const when = useCountdown(presence.kind === "server_lost" ? presence.retryAt : undefined);
  const tone = toneOf(presence);
  const words = presenceWords(t, presence, when);
  return (
    <header className="flex min-h-18 shrink-0 items-center gap-3 border-line border-b px-4 py-3 sm:px-7">
      <span className="sm:hidden">
        <Mark />
      </span>
      <div className="min-w-0 flex-1" role="status">
        <p className="flex items-center gap-2.5 font-semibold text-lg leading-6 tracking-tight">
          <StateDot tone={tone} size={10} />
          <span className="truncate">{words.title}</span>
        </p>
        <p className="line-clamp-2 text-pretty text-sm text-text-2 sm:ms-5">{words.detail}</p>
      </div>
      <Switch
        size="large"
        label={t("presence.switch")}
        checked={wanted}
        onChange={(connected) => void setConnected(connected)}
        disabled={presence.kind === "unknown"}
        tone={tone === "live" || tone === "wait" ? tone : "ink"}
      />
    </header>
  );
}

/** As one text, so that the header is drawn again only when what it says changes. */
function usePresence(): Presence {
  const text = useModel(({ host, link }) => (host ? JSON.stringify(presenceOf(host, link)) : ""));
  return JSON.parse(text) as Presence;
}
