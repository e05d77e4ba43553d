import { useTranslation } from "react-i18next";
import { useActions, useHost } from "../../store/context.ts";
import { Select } from "../../ui/select.tsx";
import { SettingGroup, SettingRow, SwitchRow } from "./setting-row.tsx";

const MEMBERS = ["always", "small_rooms", "never"] as const;

export function NotificationSettings() {
  const { t } = useTranslation();
  const { saveSettings } = useActions();
  const notifications = useHost(({ settings }) => settings.notifications);
  const surface = useHost(({ app }) => app.surface);
  return (
    <SettingGroup
      title={t("settings.notifications")}
      detail={surface === "browser" ? t("settings.notificationsBrowser") : t("settings.notificationsDetail")}
    >
      <SettingRow
        label={t("settings.notifyMembers")}
        detail={t("settings.notifyMembersDetail")}
        control={(id) => (
          <Select
            id={id}
            value={notifications.members}
            options={MEMBERS.map((value) => ({ value, label: t(`settings.notifyMembersWhen.${value}`) }))}
            onChange={(members) => void saveSettings({ notifications: { ...notifications, members } })}
          />
        )}
      />
      <SwitchRow
        label={t("settings.notifyRooms")}
        detail={t("settings.notifyRoomsDetail")}
        checked={notifications.rooms}
        onChange={(rooms) => void saveSettings({ notifications: { ...notifications, rooms } })}
      />
      <SwitchRow
        label={t("settings.notifyConnection")}
        detail={t("settings.notifyConnectionDetail")}
        checked={notifications.connection}
        onChange={(connection) => void saveSettings({ notifications: { ...notifications, connection } })}
      />
    </SettingGroup>
  );
}
