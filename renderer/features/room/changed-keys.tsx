import { useTranslation } from "react-i18next";
import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import { useFormats } from "../../i18n/format.ts";
import { useActions, useHost, useHostList } from "../../store/context.ts";
import { Banner } from "../../ui/banner.tsx";
import { Button } from "../../ui/button.tsx";
import type { MemberRef } from "./member-ref.ts";

/**
 * Loud, because it is either a new computer or somebody who pretends to be a member. Of whoever is at the door the door
 * says it.
 */
export function ChangedKeys({ roomId }: { readonly roomId: RoomId }) {
  const keys = useHostList(({ rooms }): readonly PublicKey[] =>
    Object.values(rooms[roomId]?.members ?? {})
      .filter(({ changedKey, standing }) => changedKey && standing !== "door")
      .map(({ publicKey }) => publicKey),
  );
  return keys.map((key) => (
    <div key={key} className="mb-4">
      <ChangedKey roomId={roomId} publicKey={key} />
    </div>
  ));
}

function ChangedKey({ roomId, publicKey }: MemberRef) {
  const { t } = useTranslation();
  const { day } = useFormats();
  const { openDialog, order } = useActions();
  const name = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.username ?? "");
  const changed = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.changedKey);
  const canRemove = useHost(({ rooms }) => rooms[roomId]?.trust.role === "owner");
  if (!changed) return null;
  const accept = () =>
    order("acceptKey", { roomId, member: publicKey }, { kind: "said", key: "changed.accepted", values: { name } });
  return (
    <Banner
      tone="alarm"
      title={t("changed.title", { name })}
      actions={
        <>
          <Button size="small" look="primary" onClick={() => openDialog({ kind: "compare", roomId, publicKey })}>
            {t("changed.compare")}
          </Button>
          <Button size="small" onClick={() => void accept()}>
            {t("changed.accept", { name })}
          </Button>
          {canRemove && (
            <Button size="small" onClick={() => openDialog({ kind: "kick", roomId, publicKey })}>
              {t("changed.remove", { name })}
            </Button>
          )}
        </>
      }
    >
      <p>
        {changed.compared
          ? t("changed.detailCompared", { name, day: day(changed.since) })
          : t("changed.detail", { name, day: day(changed.since) })}
      </p>
      <p>{t("changed.advice", { name })}</p>
    </Banner>
  );
}
