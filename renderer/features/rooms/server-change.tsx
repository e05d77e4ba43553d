import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useActions, useHost } from "../../store/context.ts";
import { Banner } from "../../ui/banner.tsx";
import { Button } from "../../ui/button.tsx";

/** The room is on another server than the one in use: says what changing over means, and does it only when asked. */
export function ServerChange({ url }: { readonly url: string }) {
  const { t } = useTranslation();
  const { saveSettings } = useActions();
  const current = useHost(({ server }) => server.url);
  const [isBusy, setBusy] = useState(false);
  const change = async () => {
    setBusy(true);
    await saveSettings({ server: { kind: "url", url } });
    setBusy(false);
  };
  return (
    <div className="mt-2">
      <Banner
        tone="wait"
        title={t("join.otherServer")}
        actions={
          <Button size="small" busy={isBusy} onClick={() => void change()} className="max-w-72">
            {t("join.switchServer", { server: hostOf(url) })}
          </Button>
        }
      >
        {t("join.otherServerDetail", { server: url, current })}
      </Banner>
    </div>
  );
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}
