import { DoorClosed, KeyRound } from "lucide-react";
import { useTranslation } from "react-i18next";

/** What happens on joining: with the room's key straight in, without it to the door. */
export function EntryNote({ hasKey }: { readonly hasKey: boolean }) {
  const { t } = useTranslation();
  const Icon = hasKey ? KeyRound : DoorClosed;
  return (
    <p className="flex items-start gap-2.5 text-pretty text-sm text-text-2" aria-live="polite">
      <Icon size={16} aria-hidden="true" className="mt-0.5 shrink-0 text-text-3" />
      <span>{hasKey ? t("join.withKey") : t("join.withoutKey")}</span>
    </p>
  );
}
