import { useTranslation } from "react-i18next";
import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import type { RemovedView } from "../../../shared/ipc/contract.ts";
import { useActions, useHost } from "../../store/context.ts";
import { Avatar } from "../../ui/avatar.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { SettingGroup } from "../settings/setting-row.tsx";

/** Whom the owner removed. Nothing where that is nobody. */
export function RemovedList({ roomId }: { readonly roomId: RoomId }) {
  const { t } = useTranslation();
  const removed = useHost(({ rooms }) => rooms[roomId]?.trust.removed);
  const entries = Object.entries(removed ?? {}) as [PublicKey, RemovedView][];
  if (entries.length === 0) return null;
  return (
    <SettingGroup title={t("removed.title")}>
      <ul className="divide-y divide-line">
        {entries.map(([publicKey, view]) => (
          <RemovedRow key={publicKey} roomId={roomId} publicKey={publicKey} view={view} />
        ))}
      </ul>
    </SettingGroup>
  );
}

interface RemovedRowProps {
  readonly roomId: RoomId;
  readonly publicKey: PublicKey;
  readonly view: RemovedView;
}

function RemovedRow({ roomId, publicKey, view: { username, kind } }: RemovedRowProps) {
  const { t } = useTranslation();
  const { order } = useActions();
  const isOwner = useHost(({ rooms }) => rooms[roomId]?.trust.role === "owner");
  const name = username === "" ? t("removed.unknown") : username;
  const unban = () => order("unban", { roomId, publicKey }, { kind: "said", key: "removed.done", values: { name } });
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-2.5">
      <Avatar publicKey={publicKey} name={username} size={28} />
      <div className="min-w-32 flex-1">
        <p className="flex min-w-0 items-center gap-2">
          <bdi className="min-w-0 truncate">{name}</bdi>
          <Badge tone={kind === "banned" ? "bad" : "neutral"}>{t(`removed.kinds.${kind}`)}</Badge>
        </p>
        <p className="text-pretty text-sm text-text-2">{t(`removed.details.${kind}`)}</p>
      </div>
      {isOwner && kind === "banned" && (
        <Button size="small" aria-label={t("removed.unbanWho", { name })} onClick={() => void unban()}>
          {t("removed.unban")}
        </Button>
      )}
    </li>
  );
}
