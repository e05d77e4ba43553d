import type { TFunction } from "i18next";
import {
  Copy,
  DoorOpen,
  History,
  Info,
  LayoutGrid,
  LogIn,
  MessageSquareLock,
  MessageSquareQuote,
  Moon,
  Plus,
  Power,
  Settings,
  ShieldCheck,
  Stethoscope,
  UserPlus,
} from "lucide-react";
import type { ReactNode } from "react";
import type { RoomId } from "../../../shared/base/brand.ts";
import type { AppState } from "../../../shared/ipc/app.ts";
import { THEMES } from "../../../shared/ipc/settings.ts";
import type { Actions } from "../../store/actions.ts";
import { othersIn, visitorsOf } from "../../store/rooms.ts";

export interface PaletteCommand {
  readonly id: string;
  readonly label: string;
  readonly detail?: string;
  readonly icon: ReactNode;
  /** Other words it is found by. */
  readonly keywords?: readonly string[];
  readonly run: () => void;
}

export interface PaletteGroup {
  readonly heading: string;
  readonly commands: readonly PaletteCommand[];
}

export interface PaletteParts {
  readonly t: TFunction<"app">;
  readonly host: AppState;
  readonly actions: Actions;
}

const SIZE = 17;

/** What can be done now, in groups; empty ones are left out. */
export function commandsOf(parts: PaletteParts): readonly PaletteGroup[] {
  const { t } = parts;
  const groups = [
    { heading: t("palette.do"), commands: deeds(parts) },
    { heading: t("shell.rooms"), commands: rooms(parts) },
    { heading: t("palette.people"), commands: people(parts) },
    { heading: t("palette.addresses"), commands: addresses(parts) },
    { heading: t("palette.go"), commands: places(parts) },
    { heading: t("settings.theme"), commands: themes(parts) },
  ];
  return groups.filter(({ commands }) => commands.length > 0);
}

function deeds({ t, host, actions }: PaletteParts): readonly PaletteCommand[] {
  return [
    {
      id: "create",
      label: t("shell.create"),
      icon: <Plus size={SIZE} />,
      run: () => actions.openDialog({ kind: "create" }),
    },
    {
      id: "join",
      label: t("shell.join"),
      icon: <LogIn size={SIZE} />,
      run: () => actions.openDialog({ kind: "join" }),
    },
    {
      id: "switch",
      label: t(host.wanted ? "palette.disconnect" : "palette.connect"),
      icon: <Power size={SIZE} />,
      run: () => void actions.setConnected(!host.wanted),
    },
  ];
}

function rooms({ t, host, actions }: PaletteParts): readonly PaletteCommand[] {
  return Object.entries(host.rooms).flatMap(([id, room]) => {
    const roomId = id as RoomId;
    const open: PaletteCommand = {
      id: `room ${roomId}`,
      label: room.name,
      icon: <MessageSquareLock size={SIZE} />,
      run: () => actions.go({ screen: "room", roomId }),
    };
    const invite: PaletteCommand = {
      id: `invite ${roomId}`,
      label: t("palette.invite", { name: room.name }),
      icon: <UserPlus size={SIZE} />,
      run: () => actions.openDialog({ kind: "invite", roomId }),
    };
    const settings: PaletteCommand = {
      id: `settings ${roomId}`,
      label: t("palette.roomSettings", { name: room.name }),
      icon: <ShieldCheck size={SIZE} />,
      run: () => actions.openDialog({ kind: "room_settings", roomId }),
    };
    return room.hasPin ? [open, invite, settings] : [open, settings];
  });
}

/** Who waits at a door comes first of all; whose words were not compared can be compared. */
function people({ t, host, actions }: PaletteParts): readonly PaletteCommand[] {
  return Object.values(host.rooms).flatMap((room) => {
    const { roomId } = room;
    const visitors = room.trust.canLetIn ? visitorsOf(room) : [];
    const letIn = visitors.map(
      ({ publicKey, username: name }): PaletteCommand => ({
        id: `let in ${roomId} ${publicKey}`,
        label: t("palette.letIn", { name, room: room.name }),
        icon: <DoorOpen size={SIZE} />,
        run: () => {
          const done = { kind: "said", key: "door.letInDone", values: { name } } as const;
          void actions.order("letIn", { roomId, member: publicKey }, done);
        },
      }),
    );
    const toCompare = othersIn(room).filter(({ compared }) => !compared);
    const compare = toCompare.map(
      ({ publicKey, username: name }): PaletteCommand => ({
        id: `compare ${roomId} ${publicKey}`,
        label: t("palette.compare", { name }),
        detail: room.name,
        icon: <MessageSquareQuote size={SIZE} />,
        run: () => actions.openDialog({ kind: "compare", roomId, publicKey }),
      }),
    );
    return [...letIn, ...compare];
  });
}

function addresses({ t, host, actions }: PaletteParts): readonly PaletteCommand[] {
  const known = new Map(
    Object.values(host.rooms).flatMap((room) =>
      Object.values(room.members).map((member) => [member.publicKey, member] as const),
    ),
  );
  return [...known.values()].map(({ publicKey, username, ipv4 }) => ({
    id: `copy ${publicKey}`,
    label: t("palette.copyAddress", { name: username }),
    detail: ipv4,
    keywords: [ipv4],
    icon: <Copy size={SIZE} />,
    run: () => {
      void navigator.clipboard.writeText(ipv4).then(
        () => actions.toast("good", { kind: "said", key: "palette.copied", values: { address: ipv4 } }),
        () => actions.tellFailure({ code: "clipboard", message: "" }),
      );
    },
  }));
}

function places({ t, actions }: PaletteParts): readonly PaletteCommand[] {
  const all = [
    { screen: "rooms", icon: <LayoutGrid size={SIZE} /> },
    { screen: "activity", icon: <History size={SIZE} /> },
    { screen: "diagnostics", icon: <Stethoscope size={SIZE} /> },
    { screen: "settings", icon: <Settings size={SIZE} /> },
    { screen: "about", icon: <Info size={SIZE} /> },
  ] as const;
  return all.map(({ screen, icon }) => ({
    id: `go ${screen}`,
    label: t(`shell.${screen}`),
    icon,
    run: () => actions.go({ screen }),
  }));
}

function themes({ t, host, actions }: PaletteParts): readonly PaletteCommand[] {
  return THEMES.filter((theme) => theme !== host.settings.theme).map((theme) => ({
    id: `theme ${theme}`,
    label: t(`settings.themes.${theme}`),
    icon: <Moon size={SIZE} />,
    run: () => void actions.saveSettings({ theme }),
  }));
}
