import {
  Activity,
  AtSign,
  Ban,
  DoorOpen,
  Ellipsis,
  KeyRound,
  MessageSquareQuote,
  Network,
  ShieldCheck,
  ShieldHalf,
  UserMinus,
  UserRoundKey,
} from "lucide-react";
import { useTranslation } from "react-i18next";
import type { MemberView } from "../../../shared/ipc/contract.ts";
import { useActions, useHost } from "../../store/context.ts";
import type { OpenDialog } from "../../store/model.ts";
import { IconButton } from "../../ui/icon-button.tsx";
import { Menu, MenuCheckItem, MenuItem, MenuSeparator } from "../../ui/menu.tsx";
import { useCopyWithToast } from "../use-copy-with-toast.ts";
import type { MemberRef } from "./member-ref.ts";
import { usePing } from "./use-ping.ts";

export function MemberMenu({ roomId, publicKey }: MemberRef) {
  const { t } = useTranslation();
  const name = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]?.username ?? "");
  const label = t("member.menu", { name });
  return (
    <Menu label={label} trigger={<IconButton label={label} icon={<Ellipsis size={17} />} opensMenu />}>
      <Items roomId={roomId} publicKey={publicKey} />
    </Menu>
  );
}

/** Reads of the member only while the menu is open. */
function Items({ roomId, publicKey }: MemberRef) {
  const { t } = useTranslation();
  const copy = useCopyWithToast();
  const ping = usePing();
  const { openDialog } = useActions();
  const member = useHost(({ rooms }) => rooms[roomId]?.members[publicKey]);
  if (!member) return null;
  const open = (kind: Extract<OpenDialog, { publicKey: string }>["kind"]) => openDialog({ kind, roomId, publicKey });
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
      {member.state === "self" ? (
        <>
          <MenuSeparator />
          <MenuItem icon={<MessageSquareQuote size={15} />} opensDialog onSelect={() => open("compare")}>
            {t("member.words")}
          </MenuItem>
        </>
      ) : (
        <>
          <MenuItem
            icon={<Activity size={15} />}
            disabled={member.state !== "connected"}
            onSelect={() => void ping(publicKey, member.username)}
          >
            {t("member.ping")}
          </MenuItem>
          <MenuSeparator />
          <MenuItem icon={<ShieldCheck size={15} />} opensDialog onSelect={() => open("compare")}>
            {t("member.compare")}
          </MenuItem>
          <MenuItem icon={<ShieldHalf size={15} />} opensDialog onSelect={() => open("reach")}>
            {t("member.reach", { name: member.username })}
          </MenuItem>
          <LetIn roomId={roomId} member={member} />
          <OwnerItems roomId={roomId} member={member} open={open} />
        </>
      )}
    </>
  );
}

/** Whoever was turned away by mistake is still there for a while. */
function LetIn({ roomId, member: { publicKey, username: name, standing } }: Omit<OwnerItemsProps, "open">) {
  const { t } = useTranslation();
  const { order } = useActions();
  const canLetIn = useHost(({ rooms }) => rooms[roomId]?.trust.canLetIn ?? false);
  if (!canLetIn || standing !== "turned_away") return null;
  const done = { kind: "said", key: "door.letInDone", values: { name } } as const;
  return (
    <MenuItem icon={<DoorOpen size={15} />} onSelect={() => void order("letIn", { roomId, member: publicKey }, done)}>
      {t("member.letInAfterAll")}
    </MenuItem>
  );
}

interface OwnerItemsProps {
  readonly roomId: MemberRef["roomId"];
  readonly member: MemberView;
  readonly open: (kind: "hand_over" | "kick" | "ban") => void;
}

/** What only the owner decides. */
function OwnerItems({ roomId, member: { publicKey, username: name, state, standing, role }, open }: OwnerItemsProps) {
  const { t } = useTranslation();
  const { order } = useActions();
  const isOwner = useHost(({ rooms }) => rooms[roomId]?.trust.role === "owner");
  if (!isOwner || role === "owner") return null;
  const setTrusted = (isTrusted: boolean) =>
    order(
      "setRole",
      { roomId, member: publicKey, role: isTrusted ? "trusted" : "member" },
      { kind: "said", key: isTrusted ? "member.trustedDone" : "member.notTrustedDone", values: { name } },
    );
  return (
    <>
      <MenuSeparator />
      {standing === "member" && (
        <>
          <MenuCheckItem checked={role === "trusted"} onChange={(isTrusted) => void setTrusted(isTrusted)}>
            {t("member.mayLetIn")}
          </MenuCheckItem>
          <MenuItem
            icon={<UserRoundKey size={15} />}
            disabled={state !== "connected"}
            opensDialog
            onSelect={() => open("hand_over")}
          >
            {t("member.handOver")}
          </MenuItem>
        </>
      )}
      <MenuItem danger opensDialog icon={<UserMinus size={15} />} onSelect={() => open("kick")}>
        {t("member.kick")}
      </MenuItem>
      <MenuItem danger opensDialog icon={<Ban size={15} />} onSelect={() => open("ban")}>
        {t("member.ban")}
      </MenuItem>
    </>
  );
}
