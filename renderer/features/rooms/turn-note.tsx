import { Hourglass } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useCountdown } from "../shell/use-countdown.ts";

/** What a dialog waits for whose room is not there at once. */
export function TurnNote({ until }: { readonly until: number | undefined }) {
  const { t } = useTranslation();
  const when = useCountdown(until);
  return (
    <div role="status" className="empty:hidden">
      {when !== undefined && (
        <p className="mt-4 flex items-start gap-2.5 text-pretty text-sm text-text-2">
          <Hourglass size={16} aria-hidden="true" className="mt-0.5 shrink-0 text-text-3" />
          <span>{t("rooms.queued", { when })}</span>
        </p>
      )}
    </div>
  );
}
