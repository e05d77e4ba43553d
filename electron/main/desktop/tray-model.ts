import type { RoomId } from "../../../shared/base/brand.ts";
import type { AppState, UiRoom } from "../../../shared/ipc/app.ts";
import type { MemberView } from "../../../shared/ipc/contract.ts";
import { isInside, isReached } from "../../../shared/ipc/members.ts";
import type { StringKey, Translate } from "./strings.ts";

/**
 * The tray, as data: which icon, which words, which menu. What a person sees in passing must be as true as the window:
 *
 *   disconnected   nobody asked for a connection, or there is no room to connect to
 *   connecting     on the way: the server, a room, or the first member has not answered yet
 *   connected      in every room, and where others are there, one has answered an end-to-end probe at least
 *   problem        it will not get further by itself soon: no network device, or the server does not answer
 */
export const TRAY_ICONS = ["disconnected", "connecting", "connected", "problem"] as const;
export type TrayIcon = (typeof TRAY_ICONS)[number];

export type TrayAction =
  | { readonly do: "open"; readonly roomId?: RoomId }
  | { readonly do: "copy"; readonly text: string }
  | { readonly do: "connect"; readonly connected: boolean }
  | { readonly do: "quit" };

export type TrayItem =
  | { readonly kind: "separator" }
  | { readonly kind: "label"; readonly label: string }
  | { readonly kind: "action"; readonly label: string; readonly action: TrayAction }
  | { readonly kind: "menu"; readonly label: string; readonly items: readonly TrayItem[] };

export interface TrayModel {
  readonly icon: TrayIcon;
  readonly tooltip: string;
  readonly items: readonly TrayItem[];
}

/** A menu is read at a glance; the window has all of them. */
export const MAX_MENU_MEMBERS = 15;
export const MAX_MENU_ROOMS = 10;
export const MAX_MENU_CALLS = 5;

export function trayModel(state: AppState, translate: Translate): TrayModel {
  const { icon, words } = statusOf(state);
  const rooms = Object.values(state.rooms);
  const doors = state.wanted ? rooms.flatMap((room) => calls(room, translate)) : [];
  const shown = state.wanted ? rooms.slice(0, MAX_MENU_ROOMS) : [];
  return {
    icon,
    tooltip: `GoVPN: ${translate(words)}`,
    items: [
      { kind: "label", label: translate(words) },
      { kind: "separator" },
      ...doors,
      ...(doors.length > 0 ? [separator] : []),
      ...shown.map((room) => roomMenu(room, translate)),
      ...(shown.length > 0 ? [separator] : []),
      ...(rooms.length > 0 || state.wanted ? [connectItem(state.wanted, translate)] : []),
      { kind: "action", label: translate("open"), action: { do: "open" } },
      separator,
      { kind: "action", label: translate("quit"), action: { do: "quit" } },
    ],
  };
}

/** What a room wants the person for: a known name with another key, and who waits at a door that this machine may open. */
function calls({ roomId, name: room, members, trust }: UiRoom, translate: Translate): readonly TrayItem[] {
  const action = { do: "open", roomId } as const;
  const sorted = Object.values(members).sort(bySelfThenName);
  const changed = sorted.filter(({ changedKey }) => changedKey);
  const visitors = trust.canLetIn ? sorted.filter(({ standing }) => standing === "door") : [];
  const labels = [
    ...changed.map(({ username: name }) => translate("key_changed_title", { name })),
    ...visitors.map(({ username: name }) => translate("at_door", { name, room })),
  ];
  return labels.slice(0, MAX_MENU_CALLS).map((label) => ({ kind: "action", label, action }));
}

const separator = { kind: "separator" } as const;

function connectItem(wanted: boolean, translate: Translate): TrayItem {
  const action = { do: "connect", connected: !wanted } as const;
  return { kind: "action", label: translate(wanted ? "disconnect" : "connect"), action };
}

interface Status {
  readonly icon: TrayIcon;
  readonly words: StringKey;
}

export function statusOf({ wanted, rooms: byId, server, tunnel }: AppState): Status {
  const rooms = Object.values(byId);
  if (!wanted) return { icon: "disconnected", words: "state_disconnected" };
  if (rooms.length === 0) return { icon: "disconnected", words: "state_no_rooms" };
  if (tunnel.state === "failed") return { icon: "problem", words: "state_tunnel_failed" };
  if (server.state === "waiting" || server.state === "stopped") return { icon: "problem", words: "state_server_lost" };
  const isWaiting = server.state === "online" && rooms.some(({ trust }) => trust.waiting);
  if (isWaiting && !rooms.some(isAnyReached)) return { icon: "connecting", words: "state_at_door" };
  const isThere = server.state === "online" && rooms.every(isEntered);
  return isThere ? { icon: "connected", words: "state_connected" } : { icon: "connecting", words: "state_connecting" };
}

/** Joined, and alone or with a member whose machine has answered. */
function isEntered(room: UiRoom): boolean {
  const others = Object.values(room.members).filter((member) => member.state !== "self" && isInside(member));
  return room.state === "joined" && (others.length === 0 || isAnyReached(room));
}

/** Packets pass between somebody in it and this machine. */
function isAnyReached({ members }: UiRoom): boolean {
  return Object.values(members).some(isReached);
}

function roomMenu(room: UiRoom, translate: Translate): TrayItem {
  const members = Object.values(room.members).filter(isInside).sort(bySelfThenName);
  const shown = members.slice(0, MAX_MENU_MEMBERS);
  const open = { do: "open", roomId: room.roomId } as const;
  const more = members.length - shown.length;
  return {
    kind: "menu",
    label: roomLabel(room, members.length, translate),
    items: [
      ...shown.map((member) => memberMenu(member, translate)),
      ...(more > 0
        ? [{ kind: "action", label: translate("members_more", { count: more }), action: open } as const]
        : []),
      separator,
      { kind: "action", label: translate("open_room"), action: open },
    ],
  };
}

function roomLabel(room: UiRoom, count: number, translate: Translate): string {
  if (room.state === "entering" || room.state === "reconnecting")
    return translate("room_state", { room: room.name, state: translate(`room_${room.state}`) });
  if (room.trust.waiting) return translate("room_state", { room: room.name, state: translate("room_at_door") });
  return translate("room_state", { room: room.name, state: translate("members", { count }) });
}

function memberMenu(member: MemberView, translate: Translate): TrayItem {
  const { state, username: name, ipv4, ipv6 } = member;
  const label = state === "connected" ? name : translate(`member_${state}`, { name });
  const copy = (text: string) =>
    ({ kind: "action", label: translate("copy", { address: text }), action: { do: "copy", text } }) as const;
  return { kind: "menu", label, items: [copy(ipv4), copy(ipv6)] };
}

function bySelfThenName(a: MemberView, b: MemberView): number {
  if ((a.state === "self") !== (b.state === "self")) return a.state === "self" ? -1 : 1;
  // Code points, not a locale's order: the menu must come out the same every time, or it would be built anew.
  return a.username < b.username ? -1 : a.username > b.username ? 1 : a.publicKey < b.publicKey ? -1 : 1;
}
