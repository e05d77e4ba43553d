import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useActions } from "../../store/context.ts";
import { Button } from "../../ui/button.tsx";
import { pickFile, saveAsFile } from "./files.ts";
import { PassphraseDialog } from "./passphrase-dialog.tsx";
import { ResetDialog } from "./reset-dialog.tsx";
import { SettingGroup, SettingRow } from "./setting-row.tsx";

const JSON_FILES = ".json,application/json";

type Open =
  | { readonly kind: "export" }
  | { readonly kind: "import"; readonly text: string }
  | { readonly kind: "reset" };

/** What can be carried to another computer, and the way back to the start. */
export function BackupSettings() {
  const { t } = useTranslation();
  const { ask, tellFailure, toast } = useActions();
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);

  const exportSettings = async () => {
    const exported = await ask("exportSettings", {});
    if (exported.ok) saveAsFile("govpn-settings.json", exported.value.text);
    else tellFailure(exported.error);
  };
  const importSettings = async () => {
    const text = await pickFile(JSON_FILES);
    if (text === undefined) return;
    const imported = await ask("importSettings", { text });
    if (imported.ok) toast("good", { kind: "said", key: "settings.settingsImported" });
    else tellFailure(imported.error);
  };
  const importIdentity = async () => {
    const text = await pickFile(JSON_FILES);
    if (text !== undefined) setOpen({ kind: "import", text });
  };

  return (
    <>
      <SettingGroup title={t("settings.identity")} detail={t("settings.identityDetail")}>
        <SettingRow
          label={t("settings.exportIdentity")}
          detail={t("settings.exportIdentityDetail")}
          control={(id) => (
            <Button id={id} onClick={() => setOpen({ kind: "export" })}>
              {t("settings.export")}
            </Button>
          )}
        />
        <SettingRow
          label={t("settings.importIdentity")}
          detail={t("settings.importIdentityDetail")}
          control={(id) => (
            <Button id={id} onClick={() => void importIdentity()}>
              {t("settings.import")}
            </Button>
          )}
        />
      </SettingGroup>
      <SettingGroup title={t("settings.settingsFile")}>
        <SettingRow
          label={t("settings.exportSettings")}
          detail={t("settings.exportSettingsDetail")}
          control={(id) => (
            <Button id={id} onClick={() => void exportSettings()}>
              {t("settings.export")}
            </Button>
          )}
        />
        <SettingRow
          label={t("settings.importSettings")}
          detail={t("settings.importSettingsDetail")}
          control={(id) => (
            <Button id={id} onClick={() => void importSettings()}>
              {t("settings.import")}
            </Button>
          )}
        />
      </SettingGroup>
      <SettingGroup title={t("settings.startOver")}>
        <SettingRow
          label={t("settings.reset")}
          detail={t("settings.resetDetail")}
          control={(id) => (
            <Button id={id} onClick={() => setOpen({ kind: "reset" })}>
              {t("settings.resetAction")}
            </Button>
          )}
        />
      </SettingGroup>
      {open?.kind === "export" && <PassphraseDialog onClose={close} />}
      {open?.kind === "import" && <PassphraseDialog backup={open.text} onClose={close} />}
      {open?.kind === "reset" && <ResetDialog onClose={close} />}
    </>
  );
}
