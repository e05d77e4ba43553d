import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import type { Activity, AppState, UiRoom } from "../../../shared/ipc/app.ts";
import type { LinkView, MemberView } from "../../../shared/ipc/contract.ts";
import { defaultSettings } from "../../../shared/ipc/settings.ts";

const NO_TRAFFIC = { packetsIn: 0, bytesIn: 0, packetsOut: 0, bytesOut: 0, dropped: {} };

/** A state as the app gives it: online, wanted, in no room. */
export function state(change: Partial<AppState> = {}): AppState {
  return {
    app: { version: "1.2.3", surface: "desktop", platform: "linux", locale: "en-GB", canStartAtLogin: true },
    self: { publicKey: "self" as PublicKey, username: "Ann", ipv4: "100.64.0.1", ipv6: "fd67:6f76:706e::1" },
    wanted: true,
    server: { url: "wss://server.test/ws", state: "online", since: 0 },
    tunnel: { state: "up", device: "govpn0", mtu: 1280 },
    secrets: "keychain",
    settings: defaultSettings,
    rooms: {},
    traffic: NO_TRAFFIC,
    activity: {},
    ...change,
  } as AppState;
}

export function member(username: string, link: LinkView = "connected", n = username.length): MemberView {
  return {
    publicKey: `key of ${username}` as PublicKey,
    username,
    ipv4: `100.64.1.${n}`,
    ipv6: `fd67:6f76:706e::${n}`,
    state: link,
    lane: undefined,
    quality: undefined,
    path: undefined,
    rttMs: undefined,
    verified: true,
    standing: "member",
    role: "member",
    words: "",
    compared: false,
    inbound: { rule: { mode: "all" }, own: false, refused: 0 },
    traffic: undefined,
  };
}

export function room(name: string, members: readonly MemberView[], change: Partial<UiRoom> = {}): UiRoom {
  const byKey = Object.fromEntries(members.map((each) => [each.publicKey, each]));
  return {
    roomId: `id of ${name}` as RoomId,
    name,
    state: "joined",
    owner: false,
    hasPin: true,
    trust: {
      seal: "sealed",
      waiting: false,
      role: "member",
      doors: "owner",
      canLetIn: false,
      canInvite: true,
      removed: {},
      inbound: { mode: "all" },
    },
    members: byKey,
    ...change,
  };
}

export function rooms(...all: readonly UiRoom[]): Pick<AppState, "rooms"> {
  return { rooms: Object.fromEntries(all.map((each) => [each.roomId, each])) };
}

export function activities(...all: readonly Partial<Activity>[]): Pick<AppState, "activity"> {
  return {
    activity: Object.fromEntries(all.map((each, n) => [n + 1, { at: 0, kind: "started", ...each } as Activity])),
  };
}
