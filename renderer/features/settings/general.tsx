import { useState } from "react";
import { useTranslation } from "react-i18next";
import { LANGUAGES, MAX_USERNAME_LENGTH, THEMES } from "../../../shared/ipc/settings.ts";
import { LANGUAGE_NAMES } from "../../i18n/i18n.ts";
import { useActions, useHost } from "../../store/context.ts";
import { Select } from "../../ui/select.tsx";
import { SettingGroup, SettingRow, SwitchRow } from "./setting-row.tsx";
import { TextInput } from "./text-input.tsx";

export function GeneralSettings() {
  const { t } = useTranslation();
  const { saveSettings } = useActions();
  const settings = useHost((host) => host.settings);
  const canStartAtLogin = useHost(({ app }) => app.canStartAtLogin);
  return (
    <>
      <SettingGroup title={t("settings.you")}>
        <Username />
      </SettingGroup>
      <SettingGroup title={t("settings.looks")}>
        <SettingRow
          label={t("settings.theme")}
          control={(id) => (
            <Select
              id={id}
              value={settings.theme}
              options={THEMES.map((value) => ({ value, label: t(`settings.themes.${value}`) }))}
              onChange={(theme) => void saveSettings({ theme })}
            />
          )}
        />
        <SettingRow
          label={t("settings.language")}
          control={(id) => (
            <Select
              id={id}
              value={settings.language}
              options={[
                { value: "system", label: t("settings.systemLanguage") },
                ...LANGUAGES.map((value) => ({ value, label: LANGUAGE_NAMES[value] })),
              ]}
              onChange={(language) => void saveSettings({ language })}
            />
          )}
        />
      </SettingGroup>
      <SettingGroup title={t("settings.starting")}>
        {canStartAtLogin && (
          <SwitchRow
            label={t("settings.startAtLogin")}
            detail={t("settings.startAtLoginDetail")}
            checked={settings.startAtLogin}
            onChange={(startAtLogin) => void saveSettings({ startAtLogin })}
          />
        )}
        <SwitchRow
          label={t("settings.connectAtStart")}
          detail={t("settings.connectAtStartDetail")}
          checked={settings.connectAtStart}
          onChange={(connectAtStart) => void saveSettings({ connectAtStart })}
        />
      </SettingGroup>
    </>
  );
}

function Username() {
  const { t } = useTranslation();
  const { ask, tellFailure, toast } = useActions();
  const known = useHost(({ self }) => self.username);
  const [isEmpty, setEmpty] = useState(false);
  const save = async (text: string) => {
    const username = text.trim();
    setEmpty(username === "");
    if (username === "" || username === known) return;
    const saved = await ask("setUsername", { username });
    if (saved.ok) toast("good", { kind: "said", key: "settings.nameSaved", values: { name: saved.value.username } });
    else tellFailure(saved.error);
  };
  return (
    <SettingRow
      label={t("settings.name")}
      detail={isEmpty ? t("failures.invalid_username") : t("settings.nameDetail")}
      control={(id) => (
        <TextInput
          id={id}
          value={known}
          maxLength={MAX_USERNAME_LENGTH}
          onCommit={(text) => void save(text)}
          dir="auto"
        />
      )}
    />
  );
}
