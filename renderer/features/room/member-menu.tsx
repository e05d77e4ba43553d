import { Activity, AtSign, Ellipsis, KeyRound, Network, UserMinus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useFormats } from "../../i18n/format.ts";
import { useActions, useHost } from "../../store/context.ts";
import { IconButton } from "../../ui/icon-button.tsx";
import { Menu, MenuItem, MenuSeparator } from "../../ui/menu.tsx";
import { useCopyWithToast } from "../use-copy-with-toast.ts";
import { KickDialog } from "./kick-dialog.tsx";
import type { MemberRef } from "./member-ref.ts";

const PING_COUNT = 4;

export function MemberMenu({ roomId, publicKey }: MemberRef) {
  const { t } = useTranslation();
  const copy = useCopyWithToast();
  const ping = usePing();
  const member = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]);
  const isOwner = useHost(({ rooms }) => rooms[roomId]?.owner ?? false);
  const [isKicking, setKicking] = useState(false);
  if (!member) return null;
  const label = t("member.menu", { name: member.username });
  const isSelf = member.state === "self";
  return (
    <>
      <Menu label={label} trigger={<IconButton label={label} icon={<Ellipsis size={17} />} opensMenu />}>
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
            onSelect={() => void ping(member.publicKey, member.username)}
          >
            {t("member.ping")}
          </MenuItem>
        )}
        {!isSelf && isOwner && (
          <>
            <MenuSeparator />
            <MenuItem danger icon={<UserMinus size={15} />} onSelect={() => setKicking(true)}>
              {t("member.kick")}
            </MenuItem>
          </>
        )}
      </Menu>
      {isKicking && <KickDialog roomId={roomId} member={member} onClose={() => setKicking(false)} />}
    </>
  );
}

/** Asks a member's machine for a sign of life, and says how it went. */
function usePing(): (publicKey: string, name: string) => Promise<void> {
  const { ask, tellFailure, toast } = useActions();
  const { milliseconds } = useFormats();
  return async (member, name) => {
    const result = await ask("ping", { member, count: PING_COUNT });
    if (!result.ok) return tellFailure(result.error);
    const { rttMs, sent } = result.value;
    const best = Math.min(...rttMs);
    if (rttMs.length === 0) return toast("bad", { kind: "said", key: "member.pingLost", values: { name } });
    const values = { name, ms: milliseconds(best), answered: rttMs.length, sent };
    toast("good", { kind: "said", key: "member.pinged", values });
  };
}
