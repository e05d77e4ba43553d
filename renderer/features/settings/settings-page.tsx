import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useActions, useHost } from "../../store/context.ts";
import { Button } from "../../ui/button.tsx";
import { Tabs } from "../../ui/tabs.tsx";
import { BackupSettings } from "./backup.tsx";
import { GeneralSettings } from "./general.tsx";
import { NetworkSettings } from "./network.tsx";
import { NotificationSettings } from "./notifications.tsx";
import { ServerSettings } from "./server.tsx";

const pages = {
  general: GeneralSettings,
  server: ServerSettings,
  notifications: NotificationSettings,
  network: NetworkSettings,
  backup: BackupSettings,
} as const;
type Page = keyof typeof pages;

/** A change is saved as it is made; only what cuts connections waits for a button. */
export function SettingsPage() {
  const { t } = useTranslation();
  const { go } = useActions();
  const version = useHost(({ app }) => app.version);
  const [page, setPage] = useState<Page>("general");
  return (
    <div className="max-w-160">
      <h1 className="mb-4 font-semibold text-xl tracking-tight">{t("settings.title")}</h1>
      <Tabs
        label={t("settings.title")}
        value={page}
        onChange={setPage}
        tabs={Object.entries(pages).map(([value, View]) => ({
          value: value as Page,
          label: t(`settings.pages.${value as Page}`),
          content: <View />,
        }))}
      />
      <Button size="small" look="quiet" className="-ms-2.5" onClick={() => go({ screen: "about" })}>
        {t("settings.aboutLink", { version })}
      </Button>
    </div>
  );
}
