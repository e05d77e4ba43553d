import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ServerChoice } from "../../../shared/ipc/settings.ts";
import { useActions, useHost } from "../../store/context.ts";
import { Banner } from "../../ui/banner.tsx";
import { Button } from "../../ui/button.tsx";
import { Copyable } from "../../ui/copyable.tsx";
import { ServerPicker } from "../welcome/server-picker.tsx";
import { SettingGroup, SettingRow } from "./setting-row.tsx";
import { TextInput } from "./text-input.tsx";

const MAX_PORT = 65_535;

/** Which server introduces the members. Another one cuts what is connected through the old one, so it waits for a button. */
export function ServerSettings() {
  const { t } = useTranslation();
  const { saveSettings } = useActions();
  const saved = useHost(({ settings }) => settings.server);
  const [draft, setDraft] = useState(saved);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => setDraft(saved), [saved]);
  const isChanged = JSON.stringify(draft) !== JSON.stringify(saved);
  const isMissing = draft.kind === "url" && draft.url.trim() === "";
  const save = async () => {
    setBusy(true);
    await saveSettings({ server: draft });
    setBusy(false);
  };
  return (
    <>
      <div className="card p-4 pt-1 sm:px-5">
        <ServerPicker choice={draft} onChange={setDraft} />
        {draft.kind === "embedded" && <Port choice={draft} onChange={setDraft} />}
        {isChanged && (
          <div className="mt-4">
            <Banner
              tone="wait"
              title={t("settings.serverChanged")}
              actions={
                <>
                  <Button size="small" look="quiet" onClick={() => setDraft(saved)}>
                    {t("common.cancel")}
                  </Button>
                  <Button size="small" look="primary" busy={isBusy} disabled={isMissing} onClick={() => void save()}>
                    {t("settings.serverSave")}
                  </Button>
                </>
              }
            >
              {t("settings.serverChangedDetail")}
            </Banner>
          </div>
        )}
      </div>
      <div className="mt-7">
        <Reach choice={saved} />
      </div>
    </>
  );
}

function Port({
  choice,
  onChange,
}: {
  readonly choice: Extract<ServerChoice, { kind: "embedded" }>;
  readonly onChange: (choice: ServerChoice) => void;
}) {
  const { t } = useTranslation();
  const commit = (text: string) => {
    const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    if (port >= 1 && port <= MAX_PORT) onChange({ ...choice, port });
  };
  return (
    <div className="-mx-4 -mb-4 mt-2 border-line border-t sm:-mx-5 sm:*:px-5">
      <SettingRow
        label={t("settings.port")}
        detail={t("settings.portDetail")}
        control={(id) => (
          <TextInput
            id={id}
            value={String(choice.port)}
            onCommit={commit}
            inputMode="numeric"
            maxLength={5}
            mono
            dir="ltr"
            className="w-24!"
          />
        )}
      />
    </div>
  );
}

/** Under which address others dial it, and what may stand in their way. */
function Reach({ choice }: { readonly choice: ServerChoice }) {
  const { t } = useTranslation();
  const server = useHost((host) => host.server);
  const address = server.publicUrl ?? server.url;
  const isOurs = choice.kind === "embedded";
  const isOpen = !isOurs || choice.reach === "network";
  return (
    <SettingGroup title={t("settings.serverNow")}>
      <div className="flex flex-wrap items-baseline gap-x-4 gap-y-0.5 px-4 py-3">
        <span className="w-40 text-text-2">{t("settings.serverAddress")}</span>
        <Copyable text={address} label={t("settings.serverAddress")} className="font-mono text-sm" />
      </div>
      <p className="px-4 py-3 text-pretty text-sm text-text-2">
        {isOpen ? t(isOurs ? "settings.serverFirewall" : "settings.serverElsewhere") : t("settings.serverClosed")}
      </p>
    </SettingGroup>
  );
}
