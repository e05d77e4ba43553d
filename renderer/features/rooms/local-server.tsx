import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useActions, useHost } from "../../store/context.ts";
import { Banner } from "../../ui/banner.tsx";
import { Button } from "../../ui/button.tsx";

/** The server listens on this computer alone: an invitation is of no use to anybody elsewhere until it is opened. */
export function LocalServer() {
  const { t } = useTranslation();
  const { saveSettings, toast } = useActions();
  const choice = useHost(({ settings }) => settings.server);
  const [isBusy, setBusy] = useState(false);
  const open = async () => {
    if (choice.kind !== "embedded") return;
    setBusy(true);
    const isSaved = await saveSettings({ server: { ...choice, reach: "network" } });
    setBusy(false);
    if (isSaved) toast("good", { kind: "said", key: "invite.opened" });
  };
  return (
    <div className="mb-5">
      <Banner
        tone="wait"
        title={t("invite.local")}
        {...(choice.kind === "embedded" && {
          actions: (
            <Button size="small" busy={isBusy} onClick={() => void open()}>
              {t("invite.open")}
            </Button>
          ),
        })}
      >
        {choice.kind === "embedded" ? t("invite.localDetail") : t("invite.localDetailUrl")}
      </Banner>
    </div>
  );
}
