import type { Activity, ActivityKind } from "../../../shared/ipc/app.ts";

/** Which entries a person wants to see. */
export const FILTERS = ["all", "members", "problems"] as const;
export type Filter = (typeof FILTERS)[number];

export type Tone = "plain" | "good" | "wait" | "bad";

/** How an entry looks, and under which filters it is found. */
const kinds: Readonly<Record<ActivityKind, { readonly tone: Tone; readonly filter?: "members" | "problems" }>> = {
  started: { tone: "plain" },
  server_online: { tone: "good" },
  server_lost: { tone: "bad", filter: "problems" },
  tunnel_up: { tone: "good" },
  tunnel_failed: { tone: "bad", filter: "problems" },
  room_created: { tone: "good" },
  room_joined: { tone: "good" },
  room_renamed: { tone: "plain" },
  room_left: { tone: "plain" },
  room_closed: { tone: "bad", filter: "problems" },
  kicked: { tone: "bad", filter: "problems" },
  member_joined: { tone: "plain", filter: "members" },
  member_connected: { tone: "good", filter: "members" },
  member_reconnecting: { tone: "wait", filter: "members" },
  member_left: { tone: "plain", filter: "members" },
  member_lost: { tone: "wait", filter: "members" },
  member_kicked: { tone: "plain", filter: "members" },
  refused: { tone: "bad", filter: "problems" },
  door_knock: { tone: "wait", filter: "members" },
  door_opened: { tone: "good", filter: "members" },
  door_closed: { tone: "plain", filter: "members" },
  waiting_at_door: { tone: "wait" },
  let_in: { tone: "good" },
  turned_away: { tone: "bad", filter: "problems" },
  member_banned: { tone: "plain", filter: "members" },
  member_unbanned: { tone: "plain", filter: "members" },
  role_changed: { tone: "plain", filter: "members" },
  owner_changed: { tone: "plain", filter: "members" },
  rules_changed: { tone: "plain" },
  key_changed: { tone: "bad", filter: "problems" },
  file_damaged: { tone: "bad", filter: "problems" },
  settings_changed: { tone: "plain" },
  identity_changed: { tone: "wait" },
};

export function toneOf({ kind }: Activity): Tone {
  return kinds[kind]?.tone ?? "plain";
}

export interface Day {
  /** Of its newest entry, milliseconds since 1970. */
  readonly at: number;
  readonly entries: readonly { readonly key: string; readonly entry: Activity }[];
}

/** Newest first, by the day of this machine's calendar. */
export function groupByDay(activity: Readonly<Record<string, Activity>>, filter: Filter): readonly Day[] {
  const days: { at: number; entries: { key: string; entry: Activity }[] }[] = [];
  const newestFirst = Object.entries(activity).sort(([a], [b]) => Number(b) - Number(a));
  for (const [key, entry] of newestFirst) {
    if (filter !== "all" && kinds[entry.kind]?.filter !== filter) continue;
    const today = days.at(-1);
    if (today && isSameDay(today.at, entry.at)) today.entries.push({ key, entry });
    else days.push({ at: entry.at, entries: [{ key, entry }] });
  }
  return days;
}

function isSameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}
