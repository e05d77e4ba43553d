import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { LOG_LEVELS, MAX_MTU, MIN_MTU, type Settings } from "../../../shared/ipc/settings.ts";
import { useActions, useHost } from "../../store/context.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { Select } from "../../ui/select.tsx";
import { SettingGroup, SettingRow, SwitchRow } from "./setting-row.tsx";
import { TextInput } from "./text-input.tsx";

const LANES = ["auto", "packets"] as const;
const STUN = ["own", "none", "these"] as const;

/** For people who know their network. Everything works without touching it. */
export function NetworkSettings() {
  const { t } = useTranslation();
  const { saveSettings } = useActions();
  const settings = useHost((host) => host.settings);
  return (
    <>
      <SettingGroup title={t("settings.packets")} detail={t("settings.packetsDetail")}>
        <Mtu mtu={settings.mtu} />
        <SettingRow
          label={t("settings.lane")}
          detail={t("settings.laneDetail")}
          control={(id) => (
            <Select
              id={id}
              value={settings.lane}
              options={LANES.map((value) => ({ value, label: t(`settings.lanes.${value}`) }))}
              onChange={(lane) => void saveSettings({ lane })}
            />
          )}
        />
      </SettingGroup>
      <SettingGroup title={t("settings.reach")} detail={t("settings.reachDetail")}>
        <Stun stun={settings.stun} />
        <Turn turn={settings.turn} />
        <SwitchRow
          label={t("settings.relayOnly")}
          detail={t("settings.relayOnlyDetail")}
          checked={settings.relayOnly}
          onChange={(relayOnly) => void saveSettings({ relayOnly })}
        />
      </SettingGroup>
      <SettingGroup title={t("settings.log")}>
        <SettingRow
          label={t("settings.logLevel")}
          detail={t("settings.logLevelDetail")}
          control={(id) => (
            <Select
              id={id}
              value={settings.logLevel}
              options={LOG_LEVELS.map((value) => ({ value, label: t(`settings.logLevels.${value}`) }))}
              onChange={(logLevel) => void saveSettings({ logLevel })}
            />
          )}
        />
      </SettingGroup>
    </>
  );
}

function Mtu({ mtu }: { readonly mtu: number }) {
  const { t } = useTranslation();
  const { saveSettings } = useActions();
  const [isWrong, setWrong] = useState(false);
  const commit = (text: string) => {
    const bytes = text.trim() === "" ? 0 : Number(text);
    const isRight = bytes === 0 || (Number.isInteger(bytes) && bytes >= MIN_MTU && bytes <= MAX_MTU);
    setWrong(!isRight);
    if (isRight) void saveSettings({ mtu: bytes });
  };
  const bounds = { min: MIN_MTU, max: MAX_MTU };
  return (
    <SettingRow
      label={t("settings.mtu")}
      detail={
        isWrong ? (
          <span className="text-bad-text">{t("settings.mtuWrong", bounds)}</span>
        ) : (
          t("settings.mtuDetail", bounds)
        )
      }
      control={(id) => (
        <TextInput
          id={id}
          value={mtu === 0 ? "" : String(mtu)}
          placeholder={t("settings.automatic")}
          onCommit={commit}
          inputMode="numeric"
          maxLength={4}
          dir="ltr"
          className="w-32!"
        />
      )}
    />
  );
}

function Stun({ stun }: { readonly stun: Settings["stun"] }) {
  const { t } = useTranslation();
  const { saveSettings } = useActions();
  const saved = stun === "default" ? "own" : stun.length === 0 ? "none" : "these";
  const [choice, setChoice] = useState<(typeof STUN)[number]>(saved);
  const choose = (next: (typeof STUN)[number]) => {
    setChoice(next);
    if (next === "own") void saveSettings({ stun: "default" });
    if (next === "none") void saveSettings({ stun: [] });
  };
  const commit = (text: string) => {
    const servers = text.split(/[\s,]+/).filter((part) => part !== "");
    if (servers.length > 0) void saveSettings({ stun: servers });
  };
  return (
    <SettingRow
      label={t("settings.stun")}
      detail={t("settings.stunDetail")}
      control={(id) => (
        <Select
          id={id}
          value={choice}
          options={STUN.map((value) => ({ value, label: t(`settings.stunChoices.${value}`) }))}
          onChange={choose}
        />
      )}
    >
      {choice === "these" && (
        <TextInput
          aria-label={t("settings.stunServers")}
          value={(stun === "default" ? [] : stun).join(", ")}
          placeholder="stun.example.org:3478"
          onCommit={commit}
          mono
          dir="ltr"
          className="mt-2.5 w-full!"
        />
      )}
    </SettingRow>
  );
}

type Relay = Settings["turn"][number];
const NO_RELAY: Relay = { url: "", username: "", credential: "" };

function Turn({ turn }: { readonly turn: Settings["turn"] }) {
  const { t } = useTranslation();
  const { saveSettings } = useActions();
  const [draft, setDraft] = useState<Relay>();
  const add = async (relay: Relay) => {
    const others = turn.filter(({ url }) => url !== relay.url);
    if (await saveSettings({ turn: [...others, relay] })) setDraft(undefined);
  };
  return (
    <SettingRow
      label={t("settings.turn")}
      detail={t("settings.turnDetail")}
      control={(id) => (
        <Button id={id} size="small" icon={<Plus size={15} />} onClick={() => setDraft(NO_RELAY)}>
          {t("settings.turnAdd")}
        </Button>
      )}
    >
      {turn.map((relay) => (
        <div key={relay.url} className="mt-2.5 flex items-center gap-3 rounded-control bg-well py-1 ps-3 pe-1">
          <span className="min-w-0 flex-1 truncate font-mono text-sm" dir="ltr">
            {relay.url}
          </span>
          <IconButton
            size="small"
            label={t("settings.turnRemove", { url: relay.url })}
            icon={<Trash2 size={15} />}
            onClick={() => void saveSettings({ turn: turn.filter(({ url }) => url !== relay.url) })}
          />
        </div>
      ))}
      {draft && (
        <form
          className="mt-3 grid gap-x-3 sm:grid-cols-2"
          onSubmit={(event) => {
            event.preventDefault();
            if (draft.url.trim() !== "") void add({ ...draft, url: draft.url.trim() });
          }}
        >
          <Field
            className="sm:col-span-2"
            label={t("settings.turnUrl")}
            placeholder="turn:relay.example.org:3478"
            value={draft.url}
            mono
            dir="ltr"
            autoFocus
            onChange={({ target }) => setDraft({ ...draft, url: target.value })}
          />
          <Field
            label={t("settings.turnUser")}
            value={draft.username}
            dir="ltr"
            onChange={({ target }) => setDraft({ ...draft, username: target.value })}
          />
          <Field
            label={t("settings.turnPassword")}
            type="password"
            value={draft.credential}
            dir="ltr"
            onChange={({ target }) => setDraft({ ...draft, credential: target.value })}
          />
          <div className="flex justify-end gap-2 sm:col-span-2">
            <Button size="small" look="quiet" onClick={() => setDraft(undefined)}>
              {t("common.cancel")}
            </Button>
            <Button size="small" type="submit" look="primary" disabled={draft.url.trim() === ""}>
              {t("common.save")}
            </Button>
          </div>
        </form>
      )}
    </SettingRow>
  );
}
