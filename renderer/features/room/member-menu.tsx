import { Activity, AtSign, Ellipsis, KeyRound, Network, UserMinus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useHost } from "../../store/context.ts";
import { IconButton } from "../../ui/icon-button.tsx";
import { Menu, MenuItem, MenuSeparator } from "../../ui/menu.tsx";
import { useCopyWithToast } from "../use-copy-with-toast.ts";
import { KickDialog } from "./kick-dialog.tsx";
import type { MemberRef } from "./member-ref.ts";
import { usePing } from "./use-ping.ts";

export function MemberMenu({ roomId, publicKey }: MemberRef) {
  const { t } = useTranslation();
  const name = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.username ?? "");
  const [isKicking, setKicking] = useState(false);
  const label = t("member.menu", { name });
  return (
    <>
      <Menu label={label} trigger={<IconButton label={label} icon={<Ellipsis size={17} />} opensMenu />}>
        <Items roomId={roomId} publicKey={publicKey} onKick={() => setKicking(true)} />
      </Menu>
      {isKicking && <KickDialog roomId={roomId} publicKey={publicKey} name={name} onClose={() => setKicking(false)} />}
    </>
  );
}

/** Reads of the member only while the menu is open. */
function Items({ roomId, publicKey, onKick }: MemberRef & { readonly onKick: () => void }) {
  const { t } = useTranslation();
  const copy = useCopyWithToast();
  const ping = usePing();
  const member = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]);
  const isOwner = useHost(({ rooms }) => rooms[roomId]?.owner ?? false);
  if (!member) return null;
  const isSelf = member.state === "self";
  return (
    <>
      <MenuItem icon={<AtSign size={15} />} aside={member.ipv4} onSelect={() => copy(member.ipv4)}>
        {t("member.copyIpv4")}
      </MenuItem>
      <MenuItem icon={<Network size={15} />} aside={member.ipv6} onSelect={() => copy(member.ipv6)}>
        {t("member.copyIpv6")}
      </MenuItem>
      <MenuItem icon={<KeyRound size={15} />} onSelect={() => copy(publicKey)}>
        {t("member.copyKey")}
      </MenuItem>
      {!isSelf && (
        <MenuItem
          icon={<Activity size={15} />}
          disabled={member.state !== "connected"}
          onSelect={() => void ping(publicKey, member.username)}
        >
          {t("member.ping")}
        </MenuItem>
      )}
      {!isSelf && isOwner && (
        <>
          <MenuSeparator />
          <MenuItem danger opensDialog icon={<UserMinus size={15} />} onSelect={onKick}>
            {t("member.kick")}
          </MenuItem>
        </>
      )}
    </>
  );
}
