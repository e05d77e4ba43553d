import type { RoomId } from "../../../shared/base/brand.ts";
import type { Clock } from "../../../shared/base/clock.ts";
import type { Disposable } from "../../../shared/base/disposable.ts";
import type { Activity, AppState } from "../../../shared/ipc/app.ts";
import type { Settings } from "../../../shared/ipc/settings.ts";
import type { Translate } from "./strings.ts";

/** Something worth interrupting a person for. */
export type Notice =
  | {
      readonly kind: "members";
      readonly roomId: RoomId;
      readonly room: string;
      /** Names in the order in which they came and went. */
      readonly joined: readonly string[];
      readonly left: readonly string[];
    }
  | { readonly kind: "kicked" | "closed"; readonly roomId: RoomId | undefined; readonly room: string }
  | {
      /** Somebody waits to be let in; has a known name and another key; this machine was let in, or turned away. */
      readonly kind: "door" | "key_changed" | "let_in" | "turned_away";
      readonly roomId: RoomId;
      readonly room: string;
      readonly name: string;
    }
  | { readonly kind: "lost"; readonly stillConnected: number };

/** Members who come and go within this time are told of at once: a class that starts, a router that restarts. */
export const GROUP_MS = 4_000;
/** "Small rooms" are families and teams; in a bigger one somebody comes or goes all the time. */
export const SMALL_ROOM_MEMBERS = 8;
/** Whoever knows the PIN can come to the door under many keys: it is told of once in this time, a room and kind. */
export const TRUST_EVERY_MS = 60_000;
/** A server that restarts, or a walk from one Wi-Fi to another, is over by then. */
export const LOST_MS = 30_000;

export type NoticeSettings = Settings["notifications"];

/** What an activity alone says; members are grouped first. */
export type Said =
  | {
      readonly kind: "member";
      readonly roomId: RoomId;
      readonly room: string;
      readonly name: string;
      readonly came: boolean;
    }
  | Extract<Notice, { kind: "kicked" | "closed" | "door" | "key_changed" | "let_in" | "turned_away" }>;

/** What one activity is worth, by the person's settings. Undefined: nothing. */
export function noticeOf(
  activity: Activity,
  settings: NoticeSettings,
  state: Pick<AppState, "rooms">,
): Said | undefined {
  const { kind, roomId, room = "", member } = activity;
  switch (kind) {
    case "member_joined":
    case "member_left": {
      if (roomId === undefined || member === undefined || !wantsMembers(settings, state, roomId)) return undefined;
      return { kind: "member", roomId, room, name: member, came: kind === "member_joined" };
    }
    case "kicked":
      return settings.rooms ? { kind: "kicked", roomId, room } : undefined;
    case "room_closed":
      return settings.rooms ? { kind: "closed", roomId, room } : undefined;
    case "door_knock":
      // Whoever cannot open is not called to the door.
      return roomId !== undefined && state.rooms[roomId]?.trust.canLetIn
        ? ofTrust("door", roomId, room, member, settings)
        : undefined;
    case "key_changed":
    case "let_in":
    case "turned_away":
      return roomId === undefined ? undefined : ofTrust(kind, roomId, room, member, settings);
    default:
      return undefined;
  }
}

function ofTrust(
  kind: Extract<Notice, { name: string }>["kind"],
  roomId: RoomId,
  room: string,
  name = "",
  { rooms }: NoticeSettings,
): Said | undefined {
  return rooms ? { kind, roomId, room, name } : undefined;
}

function wantsMembers({ members }: NoticeSettings, { rooms }: Pick<AppState, "rooms">, roomId: RoomId): boolean {
  if (members !== "small_rooms") return members === "always";
  const room = rooms[roomId];
  return room === undefined || Object.keys(room.members).length <= SMALL_ROOM_MEMBERS;
}

/** There is something to be connected to, and no server to be connected by. */
function isCutOff({ wanted, rooms, server }: AppState): boolean {
  return wanted && Object.keys(rooms).length > 0 && server.state !== "online";
}

export interface NoticesOptions {
  readonly clock: Clock;
  /** The person looks at the window right now, and sees it happen. */
  readonly isWatched: () => boolean;
  readonly show: (notice: Notice) => void;
}

/** Watches the app's states and says what is worth a notification, grouped and in time. */
export class Notices implements Disposable {
  readonly #options: NoticesOptions;
  readonly #groups = new Map<RoomId, { room: string; joined: string[]; left: string[]; timer: Disposable }>();
  /** The newest activity that was looked at; undefined before the first state, whose past is no news. */
  #seen: number | undefined;
  /** When something of that kind and room was last told of, by the clock. */
  readonly #told = new Map<string, number>();
  #state: AppState | undefined;
  #lost: Disposable | undefined;
  #isCutOff = false;

  constructor(options: NoticesOptions) {
    this.#options = options;
  }

  onState(state: AppState): void {
    this.#state = state;
    for (const activity of this.#news(state)) {
      const said = noticeOf(activity, state.settings.notifications, state);
      if (said) this.#say(said);
    }
    this.#watchConnection(isCutOff(state));
  }

  /** The machine slept: the time that nobody counted does not count. */
  resumed(): void {
    if (!this.#lost || !this.#isCutOff) return;
    this.#isCutOff = false;
    this.#watchConnection(true);
  }

  dispose(): void {
    this.#lost?.dispose();
    for (const { timer } of this.#groups.values()) timer.dispose();
    this.#groups.clear();
  }

  #news({ activity }: AppState): readonly Activity[] {
    const numbers = Object.keys(activity).map(Number);
    const before = this.#seen;
    this.#seen = numbers.reduce((newest, n) => Math.max(newest, n), before ?? 0);
    if (before === undefined) return [];
    const fresh = numbers.filter((n) => n > before).sort((a, b) => a - b);
    return fresh.flatMap((n) => activity[n] ?? []);
  }

  #say(said: Said): void {
    if (said.kind === "member") this.#group(said);
    else if (!("name" in said) || this.#isDue(`${said.kind} ${said.roomId}`)) this.#show(said);
  }

  #isDue(what: string): boolean {
    const now = this.#options.clock.now();
    const last = this.#told.get(what);
    if (last !== undefined && now - last < TRUST_EVERY_MS) return false;
    this.#told.set(what, now);
    return true;
  }

  #group({ roomId, room, name, came }: Extract<Said, { kind: "member" }>): void {
    let group = this.#groups.get(roomId);
    if (!group) {
      const timer = this.#options.clock.after(GROUP_MS, () => this.#showGroup(roomId));
      group = { room, joined: [], left: [], timer };
      this.#groups.set(roomId, group);
    }
    const [to, from] = came ? [group.joined, group.left] : [group.left, group.joined];
    // Who left and came back within the time is where they were: no news.
    const undone = from.indexOf(name);
    if (undone >= 0) from.splice(undone, 1);
    else to.push(name);
  }

  #showGroup(roomId: RoomId): void {
    const group = this.#groups.get(roomId);
    this.#groups.delete(roomId);
    if (!group || group.joined.length + group.left.length === 0) return;
    // When this machine was thrown out, that the others are gone too is no news.
    if (!this.#state?.rooms[roomId]) return;
    this.#show({ kind: "members", roomId, room: group.room, joined: group.joined, left: group.left });
  }

  #watchConnection(isCutOff: boolean): void {
    if (isCutOff === this.#isCutOff) return;
    this.#isCutOff = isCutOff;
    this.#lost?.dispose();
    this.#lost = isCutOff ? this.#options.clock.after(LOST_MS, () => this.#sayLost()) : undefined;
  }

  #sayLost(): void {
    this.#lost = undefined;
    if (!this.#state?.settings.notifications.connection) return;
    const members = Object.values(this.#state.rooms).flatMap((room) => Object.values(room.members));
    const connected = members.filter(({ state }) => state === "connected").map(({ publicKey }) => publicKey);
    this.#show({ kind: "lost", stillConnected: new Set(connected).size });
  }

  #show(notice: Notice): void {
    if (!this.#options.isWatched()) this.#options.show(notice);
  }
}

export interface NoticeWords {
  readonly title: string;
  readonly body: string;
}

export function wordsOf(notice: Notice, translate: Translate): NoticeWords {
  switch (notice.kind) {
    case "members":
      return { title: notice.room, body: membersSentence(notice, translate) };
    case "kicked":
      return { title: translate("kicked_title", { room: notice.room }), body: translate("kicked_body") };
    case "closed":
      return { title: translate("closed_title", { room: notice.room }), body: translate("closed_body") };
    case "door":
    case "key_changed":
    case "let_in":
    case "turned_away": {
      const { kind, name, room } = notice;
      return { title: translate(`${kind}_title`, { name, room }), body: translate(`${kind}_body`, { name, room }) };
    }
    case "lost": {
      const { stillConnected: count } = notice;
      const body = count > 0 ? translate("lost_body_linked", { count }) : translate("lost_body");
      return { title: translate("lost_title"), body };
    }
  }
}

function membersSentence({ room, joined, left }: Extract<Notice, { kind: "members" }>, translate: Translate): string {
  if (joined.length > 0 && left.length > 0)
    return translate("came_and_went", { room, joined: joined.length, left: left.length });
  const [one, many, names] =
    joined.length > 0 ? (["joined", "members_joined", joined] as const) : (["left", "members_left", left] as const);
  const [name, ...others] = names;
  return name !== undefined && others.length === 0
    ? translate(one, { room, name })
    : translate(many, { room, count: names.length });
}
