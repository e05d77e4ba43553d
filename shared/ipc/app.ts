import * as v from "valibot";
import type { PublicKey, RoomId } from "../base/brand.ts";
import {
  type IpcResult,
  type MemberView,
  type Replies,
  type RoomView,
  requests,
  type ServerView,
  type TrafficView,
  type TunnelView,
} from "./contract.ts";
import { type Settings, SettingsChange } from "./settings.ts";

/**
 * What a window sees and may ask. The same over a MessagePort in the desktop app and over a WebSocket in a browser:
 * `watch` answers with the whole state and from then on sends what changed, as JSON Merge Patches (RFC 7396), which is
 * why everything that comes and goes is keyed and not listed, and why no value is null.
 */
export interface AppState {
  readonly app: AppView;
  readonly self: SelfView;
  /** The person wants to be connected. Off: the rooms are kept, and nothing is dialled. */
  readonly wanted: boolean;
  readonly server: ServerView;
  readonly tunnel: TunnelView;
  /** What may be done about missing rights, where `tunnel` is not up; absent when there is nothing to mend. */
  readonly rights?: RightsView;
  readonly secrets: string;
  readonly settings: Settings;
  /** As in `HostSnapshot`. */
  readonly creationQueuedUntil?: number;
  readonly rooms: Readonly<Record<RoomId, UiRoom>>;
  readonly traffic: TrafficView;
  /** By sequence number, rising. The newest few hundred. */
  readonly activity: Readonly<Record<string, Activity>>;
  /** A link was opened and waits for the person's answer. */
  readonly link?: LinkView;
}

export interface AppView {
  readonly version: string;
  /** "desktop": a window of the app; "browser": a tab beside the headless host. */
  readonly surface: "desktop" | "browser";
  readonly platform: "linux" | "darwin" | "win32" | "other";
  /** BCP 47, of the system: what "system" in the settings means. */
  readonly locale: string;
  /** Whether this surface can register itself to start at login. */
  readonly canStartAtLogin: boolean;
}

export interface SelfView {
  readonly publicKey: PublicKey;
  readonly username: string;
  readonly ipv4: string;
  readonly ipv6: string;
}

export interface RightsView {
  /** "helper": one question to the system mends it for good; "command": a line to run in a terminal; "unsupported": this system has no device here. */
  readonly kind: "helper" | "command" | "unsupported";
  readonly command?: string;
}

/** A room with its members by key. The PIN is in the invitation, which is asked for. */
export interface UiRoom extends Omit<RoomView, "members" | "pin"> {
  readonly hasPin: boolean;
  readonly members: Readonly<Record<PublicKey, MemberView>>;
}

/** What happened, for people: the window puts it into words in the person's language. */
export interface Activity {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly kind: ActivityKind;
  readonly room?: string;
  readonly roomId?: RoomId;
  readonly member?: string;
  readonly publicKey?: PublicKey;
  /** A failure's code and its sentence. */
  readonly code?: string;
  readonly detail?: string;
}

export const ACTIVITY_KINDS = [
  "started",
  "server_online",
  "server_lost",
  "tunnel_up",
  "tunnel_failed",
  "room_created",
  "room_joined",
  "room_renamed",
  "room_left",
  "room_closed",
  "kicked",
  "member_joined",
  "member_connected",
  "member_reconnecting",
  "member_left",
  "member_lost",
  "member_kicked",
  "refused",
  /** Somebody waits at the door of a room; was let in by `detail`; was turned away. */
  "door_knock",
  "door_opened",
  "door_closed",
  /** This machine waits at a door; was let in by `member`; was turned away by `member`. */
  "waiting_at_door",
  "let_in",
  "turned_away",
  "member_banned",
  "member_unbanned",
  "role_changed",
  "owner_changed",
  "rules_changed",
  /** Somebody of a known name came with another key: loud. */
  "key_changed",
  /** A file was damaged and was set aside. */
  "file_damaged",
  "settings_changed",
  "identity_changed",
] as const;
export type ActivityKind = (typeof ACTIVITY_KINDS)[number];

export type LinkView =
  | {
      readonly state: "ask";
      readonly roomId: RoomId;
      readonly server?: string;
      readonly name?: string;
      readonly known: boolean;
      /** The link holds the room's key: its reader comes in without asking. They are handed to `join`. */
      readonly key?: string;
      readonly owner?: string;
    }
  | { readonly state: "refused"; readonly code: string; readonly message: string };

/** What to give to somebody who is to join. */
export interface Invitation {
  readonly roomId: RoomId;
  readonly name: string;
  readonly pin: string;
  /** The address others dial. */
  readonly server: string;
  /** False: the server listens on this computer alone, so nobody elsewhere can use the invitation yet. */
  readonly reachable: boolean;
  /** `govpn://join/…`: room, server, name and, of a sealed room, its key; the PIN is told beside it. A secret. */
  readonly link: string;
  /** The link holds the room's key: who has it and the PIN comes in without asking. */
  readonly sealed: boolean;
}

/**
 * A sentence of the program's: in English, and by code and values, for a window to say it in the person's language. One
 * that does not know the code, of a newer program, shows the English.
 */
export interface Saying {
  /** Of the doctor's words, or of a failure. Absent where there is nothing to translate: a version, an address. */
  readonly code?: string;
  /** What the sentence has in it, by name. */
  readonly values?: Readonly<Record<string, string | number>>;
  readonly text: string;
}

export type ServerTest = { readonly url: string } & (
  | { readonly reachable: true; readonly ms: number }
  /** `why`: what is wrong, and what to do. */
  | { readonly reachable: false; readonly why: readonly Saying[] }
);

/** What one of the doctor's checks came to. */
export interface DoctorFinding {
  /** Stable, for programs: "tun", "server". */
  readonly id: string;
  /** In English. */
  readonly title: string;
  readonly status: "ok" | "warn" | "fail" | "skip";
  /** What was found, in plain sentences or a few words. */
  readonly detail: readonly Saying[];
  /** How to mend it. On every warn and fail. */
  readonly fix?: readonly Saying[];
}

export interface SpeedTest {
  /** Megabits a second that arrived. */
  readonly upMbps: number;
  readonly downMbps: number;
  readonly idleRttMs: number;
  /** The round trip while the test ran. */
  readonly loadedRttMs: number;
}

const text = (max: number) => v.pipe(v.string(), v.maxLength(max));
const roomId = text(128);
/** A settings file or an identity's backup is a few KiB. */
const MAX_FILE = 12_000;

/** What the window asks beyond what the command line does. */
export const appRequests = {
  ...requests,
  /** The whole state now; from then on its changes are sent to whoever asked. */
  watch: v.object({}),
  setConnected: v.object({ connected: v.boolean() }),
  /** Whatever waits for its time is tried now. */
  retryNow: v.object({}),
  invite: v.object({ roomId }),
  /** Reads a link somebody pasted, and changes nothing. */
  readLink: v.object({ link: text(4_096) }),
  /** The person answered the question in `AppState.link`, one way or the other. */
  dismissLink: v.object({}),
  saveSettings: v.object({ change: SettingsChange }),
  testServer: v.object({ url: text(2_048) }),
  doctor: v.object({}),
  speedTest: v.object({ member: text(256), seconds: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(30)) }),
  /** A text without keys, PINs or addresses of others, for a bug report. */
  report: v.object({}),
  exportSettings: v.object({}),
  importSettings: v.object({ text: text(MAX_FILE) }),
  exportIdentity: v.object({ passphrase: text(1_024) }),
  importIdentity: v.object({ text: text(MAX_FILE), passphrase: text(1_024) }),
  /** Settings back to their defaults; with `identity`, a new identity too, which leaves every room. */
  reset: v.object({ identity: v.boolean() }),
  /** Asks the system, once, for what the network device needs. */
  grantRights: v.object({}),
};
export type AppMethod = keyof typeof appRequests;
export type AppParams<M extends AppMethod> = v.InferOutput<(typeof appRequests)[M]>;

export interface AppReplies extends Replies {
  watch: AppState;
  setConnected: { readonly wanted: boolean };
  retryNow: { readonly retrying: true };
  invite: Invitation;
  readLink: Extract<LinkView, { state: "ask" }>;
  dismissLink: { readonly dismissed: true };
  saveSettings: Settings;
  testServer: ServerTest;
  doctor: readonly DoctorFinding[];
  speedTest: SpeedTest;
  report: { readonly text: string };
  exportSettings: { readonly text: string };
  importSettings: Settings;
  exportIdentity: { readonly text: string };
  importIdentity: SelfView;
  reset: Settings;
  grantRights: { readonly granted: true };
}

/** Who answers: the running program. */
export interface AppApi {
  call<M extends AppMethod>(method: M, params: AppParams<M>): Promise<IpcResult<AppReplies[M]>>;
}
