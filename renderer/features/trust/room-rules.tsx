import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { RoomId } from "../../../shared/base/brand.ts";
import { DOORS, type Doors } from "../../../shared/ipc/contract.ts";
import { useActions, useHost } from "../../store/context.ts";
import { Banner } from "../../ui/banner.tsx";
import { Button } from "../../ui/button.tsx";
import { Select } from "../../ui/select.tsx";
import { Switch } from "../../ui/switch.tsx";
import { SettingGroup, SettingRow } from "../settings/setting-row.tsx";

/** The owner's rules: to be changed by the owner, and to be read by everybody else. */
export function RoomRules({ roomId }: { readonly roomId: RoomId }) {
  const { t } = useTranslation();
  const isOwner = useHost(({ rooms }) => rooms[roomId]?.trust.role === "owner");
  const isSealed = useHost(({ rooms }) => rooms[roomId]?.trust.seal === "sealed");
  const doors = useHost(({ rooms }) => rooms[roomId]?.trust.doors ?? "owner");
  return (
    <SettingGroup title={t("roomSettings.entry")}>
      {isOwner ? <SealRow roomId={roomId} isSealed={isSealed} /> : <SealFact isSealed={isSealed} />}
      {isSealed && (
        <SettingRow
          label={t("roomSettings.doors")}
          detail={t("roomSettings.doorsDetail")}
          control={(id) =>
            isOwner ? (
              <DoorsSelect id={id} roomId={roomId} doors={doors} />
            ) : (
              <span className="text-text-2">{t(`roomSettings.doorsWho.${doors}`)}</span>
            )
          }
        />
      )}
    </SettingGroup>
  );
}

interface OfSeal {
  readonly isSealed: boolean;
}

function SealFact({ isSealed }: OfSeal) {
  const { t } = useTranslation();
  const kind = isSealed ? "sealed" : "open";
  return <SettingRow label={t(`seal.${kind}`)} detail={t(`seal.${kind}Why`)} control={() => null} />;
}

/** Sealing is done at once; opening, which makes the room less safe, is asked about where the switch is. */
function SealRow({ roomId, isSealed }: OfSeal & { readonly roomId: RoomId }) {
  const { t } = useTranslation();
  const { order } = useActions();
  const [isAsking, setAsking] = useState(false);
  const set = (sealed: boolean) => {
    setAsking(false);
    void order("setRules", { roomId, sealed }, { kind: "said", key: sealed ? "seal.sealedNow" : "seal.openNow" });
  };
  return (
    <SettingRow
      label={t("seal.switch")}
      detail={isSealed ? t("seal.switchOn") : t("seal.switchOff")}
      control={(id) => (
        <Switch
          id={id}
          checked={isSealed && !isAsking}
          onChange={(wanted) => (wanted && !isSealed ? set(true) : setAsking(!wanted))}
        />
      )}
    >
      {isAsking && (
        <div className="mt-3">
          <Banner
            tone="wait"
            title={t("seal.openTitle")}
            actions={
              <>
                <Button size="small" onClick={() => setAsking(false)}>
                  {t("seal.keep")}
                </Button>
                <Button size="small" look="danger" onClick={() => set(false)}>
                  {t("seal.openSubmit")}
                </Button>
              </>
            }
          >
            {t("seal.openDetail")}
          </Banner>
        </div>
      )}
    </SettingRow>
  );
}

interface DoorsSelectProps {
  readonly id: string;
  readonly roomId: RoomId;
  readonly doors: Doors;
}

function DoorsSelect({ id, roomId, doors }: DoorsSelectProps) {
  const { t } = useTranslation();
  const { order } = useActions();
  return (
    <Select
      id={id}
      value={doors}
      options={DOORS.map((value) => ({ value, label: t(`roomSettings.doorsWho.${value}`) }))}
      onChange={(chosen) => void order("setRules", { roomId, doors: chosen })}
    />
  );
}
