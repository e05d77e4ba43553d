import type { PublicKey, RoomId } from "../../shared/base/brand.ts";
import type { Activity, AppState, UiRoom } from "../../shared/ipc/app.ts";
import type { MemberView, RoomTrustView } from "../../shared/ipc/contract.ts";
import { defaultSettings } from "../../shared/ipc/settings.ts";
import { keyOf, memberOf, people, visitorOf } from "./app-people.ts";

/** Situations a window can be in, as the host would tell them. */

export const HOME = "7c2e9a40b1d85f36" as RoomId;
export const CROWD = "00d1ce5ca1ab1e42" as RoomId;
export const WORK = "studio-berlin" as RoomId;

const SELF = "Maya";
const noTraffic = { packetsIn: 0, bytesIn: 0, packetsOut: 0, bytesOut: 0, dropped: {} };

/** After the first start: connected to the server on this computer, in no room. */
export function emptyState(wallTime: number): AppState {
  const { ipv4, ipv6 } = memberOf(SELF, "self");
  return {
    app: { version: "0.1.0", surface: "browser", platform: "linux", locale: "en", canStartAtLogin: true },
    self: { publicKey: keyOf(SELF), username: SELF, ipv4, ipv6 },
    wanted: true,
    server: {
      url: "ws://127.0.0.1:8080",
      publicUrl: "ws://192.168.1.20:8080",
      state: "online",
      since: wallTime,
    },
    tunnel: { state: "up", device: "govpn0", mtu: 1420 },
    secrets: "keychain",
    settings: {
      ...defaultSettings,
      server: { kind: "embedded", reach: "network", port: 8080 },
      username: SELF,
      welcomed: true,
    },
    rooms: {},
    traffic: noTraffic,
    activity: {},
  };
}

export function firstRunState(wallTime: number): AppState {
  const state = emptyState(wallTime);
  const { publicUrl, ...server } = state.server;
  return { ...state, server, settings: defaultSettings };
}

/** A sealed room in which this computer is the owner, or a plain member. */
export function trustOf(owner: boolean): RoomTrustView {
  return {
    seal: "sealed",
    waiting: false,
    role: owner ? "owner" : "member",
    ...(owner && { ownerKey: keyOf(SELF) }),
    doors: "trusted",
    canLetIn: owner,
    canInvite: true,
    removed: {},
    inbound: { mode: "all" },
  };
}

export function roomOf(roomId: RoomId, name: string, members: readonly MemberView[], owner = false): UiRoom {
  const self: MemberView = { ...memberOf(SELF, "self"), role: owner ? "owner" : "member" };
  const all = [self, ...members];
  return {
    roomId,
    name,
    state: "joined",
    owner,
    hasPin: true,
    trust: trustOf(owner),
    members: Object.fromEntries(all.map((member) => [member.publicKey, member])) as Record<PublicKey, MemberView>,
  };
}

export function withRooms(state: AppState, ...rooms: readonly UiRoom[]): AppState {
  return { ...state, rooms: { ...state.rooms, ...Object.fromEntries(rooms.map((room) => [room.roomId, room])) } };
}

/** An owned room with five others in every state there is, one with two, and a quiet one. */
export function homeState(wallTime: number): AppState {
  const [ana = "", ben = "", cem = "", dora = "", elodie = "", farid = ""] = people(6);
  return withRooms(
    emptyState(wallTime),
    roomOf(
      HOME,
      "Family",
      [
        { ...memberOf(ana), path: "direct", lane: "media" },
        {
          ...memberOf(ben),
          path: "relay",
          lane: "media",
          quality: { rttMs: 31, lossPercent: 5.7, reorderedPercent: 0 },
        },
        { ...memberOf(dora), path: "direct", lane: "packets", verified: false },
        memberOf(cem, "connecting"),
        memberOf(elodie, "reconnecting"),
      ],
      true,
    ),
    roomOf(WORK, "Studio Berlin", [{ ...memberOf(farid), path: "direct", lane: "media" }]),
    roomOf("quiet" as RoomId, "Chess on Sundays", []),
  );
}

/** Fifty members, names at the limits. */
export function crowdState(wallTime: number): AppState {
  const names = people(49).map((name, i) => (i === 4 ? "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW" : name));
  const members = names.map((name, i) => memberOf(name, i % 9 === 8 ? "connecting" : "connected"));
  return withRooms(
    emptyState(wallTime),
    roomOf(CROWD, "A room with a name that is as long as a name may be, which is 64", members, true),
  );
}

export function offState(wallTime: number): AppState {
  const state = homeState(wallTime);
  const rooms = Object.values(state.rooms).map((room) => ({ ...room, state: "entering", members: {} }));
  return {
    ...withRooms(state, ...rooms),
    wanted: false,
    tunnel: { state: "off" },
    server: { ...state.server, state: "idle" },
  };
}

export function serverLostState(wallTime: number): AppState {
  const state = homeState(wallTime);
  return {
    ...state,
    server: { ...state.server, state: "waiting", retryAt: wallTime + 8_000, reason: "connection refused" },
  };
}

export function rightsState(wallTime: number, kind: "helper" | "command" | "unsupported" = "helper"): AppState {
  return {
    ...homeState(wallTime),
    tunnel: { state: "failed", code: "tun_permission", message: "this user may not make a network device" },
    rights: { kind, ...(kind === "command" && { command: "sudo govpn-netconf setup --user maya" }) },
  };
}

export function linkState(wallTime: number): AppState {
  return {
    ...homeState(wallTime),
    link: {
      state: "ask",
      roomId: "5ca1ab1e00d1ce42" as RoomId,
      server: "ws://192.168.1.20:8080",
      name: "LAN party",
      known: false,
    },
  };
}

export function foreignLinkState(wallTime: number): AppState {
  return {
    ...homeState(wallTime),
    link: {
      state: "ask",
      roomId: "5ca1ab1e00d1ce42" as RoomId,
      server: "wss://vpn.example.org",
      name: "LAN party",
      known: false,
    },
  };
}

export function refusedLinkState(wallTime: number): AppState {
  return {
    ...homeState(wallTime),
    link: { state: "refused", code: "link_server", message: "the link names no server that can be used" },
  };
}

export function enteringState(wallTime: number): AppState {
  const state = homeState(wallTime);
  const room = roomOf(HOME, "Family", [], true);
  return {
    ...state,
    server: { ...state.server, state: "connecting" },
    rooms: { [HOME]: { ...room, state: "entering", members: {} } },
  };
}

/** The owner's view: one visitor at the door, a trusted member, one whose words were compared, two who were removed. */
export function doorState(wallTime: number): AppState {
  const state = homeState(wallTime);
  const [ana = "", ben = "", , , , farid = "", grace = "", hana = ""] = people(8);
  const home = state.rooms[HOME];
  if (!home) return state;
  const visitor = visitorOf(farid);
  const members = Object.values(home.members).map((member): MemberView => {
    if (member.username === ana) return { ...member, role: "trusted", compared: true };
    if (member.username !== ben) return member;
    const rule = { mode: "ports", ports: [{ protocol: "tcp", from: 22, to: 22 }] } as const;
    return { ...member, inbound: { rule: { ...rule, ports: [...rule.ports] }, own: true, refused: 1_204 } };
  });
  const removed = {
    [keyOf(grace)]: { username: grace, kind: "banned" as const },
    [keyOf(hana)]: { username: hana, kind: "kicked" as const },
  };
  return withRooms(state, {
    ...home,
    trust: { ...home.trust, removed },
    members: Object.fromEntries([...members, visitor].map((member) => [member.publicKey, member])),
  });
}

/** A member's view of the same visitor: others have to answer. */
export function doorOfOthersState(wallTime: number): AppState {
  const state = homeState(wallTime);
  const [ana = "", , , , , farid = "", grace = ""] = people(7);
  const visitor = visitorOf(grace);
  const owner: MemberView = { ...memberOf(farid), path: "direct", lane: "media", role: "owner" };
  const trusted: MemberView = { ...memberOf(ana), role: "trusted" };
  return withRooms(state, roomOf(WORK, "Studio Berlin", [owner, trusted, visitor]));
}

/** The visitor's view: two are inside, and neither has opened yet. */
export function waitingState(wallTime: number): AppState {
  const state = homeState(wallTime);
  const [ana = "", ben = ""] = people(2);
  const room = roomOf(HOME, "Family", [{ ...visitorOf(ana, "away"), role: "owner" }, visitorOf(ben, "away")]);
  const trust: RoomTrustView = { ...room.trust, seal: "unknown", waiting: true, canInvite: false };
  return withRooms(state, { ...room, trust: { ...trust, inbound: { mode: "none" } } });
}

/** With the PIN alone, in a room in which nobody is yet. */
export function outsideState(wallTime: number): AppState {
  const state = homeState(wallTime);
  const room = roomOf(HOME, "Family", []);
  return withRooms(state, { ...room, trust: { ...room.trust, seal: "unknown", canInvite: false } });
}

/** Somebody has a known name and another key. */
export function changedKeyState(wallTime: number): AppState {
  const state = homeState(wallTime);
  const home = state.rooms[HOME];
  const [, ben = ""] = people(2);
  const member = home?.members[keyOf(ben)];
  if (!home || !member) return state;
  const changedKey = { knownKey: keyOf("Ben before"), since: wallTime - 80 * 86_400_000, compared: true };
  return withRooms(state, { ...home, members: { ...home.members, [member.publicKey]: { ...member, changedKey } } });
}

/** The link of a sealed room. */
export function sealedLinkState(wallTime: number): AppState {
  const state = linkState(wallTime);
  if (state.link?.state !== "ask") return state;
  return { ...state, link: { ...state.link, key: keyOf("a room's key").slice(0, 43), owner: keyOf("o").slice(0, 22) } };
}

/** Whoever knows the PIN is in. */
export function openRoomState(wallTime: number): AppState {
  const state = homeState(wallTime);
  const home = state.rooms[HOME];
  if (!home) return state;
  return withRooms(state, { ...home, trust: { ...home.trust, seal: "open", inbound: { mode: "none" } } });
}

/** What happened at doors and to keys, from old to new, a few minutes apart. */
export function trustActivityState(wallTime: number): AppState {
  const of = { roomId: HOME, room: "Family" };
  const entries: readonly Omit<Activity, "at">[] = [
    { kind: "room_created", ...of },
    { kind: "member_connected", member: "Ana Souza", ...of },
    { kind: "role_changed", member: "Ana Souza", detail: "trusted", ...of },
    { kind: "door_knock", member: "Farid", ...of },
    { kind: "door_opened", member: "Farid", detail: "Ana Souza", ...of },
    { kind: "rules_changed", detail: "sealed", ...of },
    { kind: "refused", member: "Ben", code: "bad_signature", detail: "the signature is not the sender's", ...of },
    { kind: "key_changed", member: "Ben", ...of },
    { kind: "member_banned", member: "Grace Okonkwo", ...of },
    { kind: "waiting_at_door", roomId: WORK, room: "Studio Berlin" },
    { kind: "let_in", member: "Farid", roomId: WORK, room: "Studio Berlin" },
    { kind: "owner_changed", member: "Farid", roomId: WORK, room: "Studio Berlin" },
  ];
  const dated = entries.map(
    (entry, n) => [n + 1, { ...entry, at: wallTime - (entries.length - n) * 220_000 }] as const,
  );
  return { ...homeState(wallTime), activity: Object.fromEntries(dated) };
}
