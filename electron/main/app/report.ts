import type { LogRecord } from "../../../shared/base/logger.ts";
import type { AppState, AppView, DoctorFinding } from "../../../shared/ipc/app.ts";
import { detailText } from "../doctor/words.ts";

export interface ReportSources {
  readonly app: AppView;
  readonly state: AppState;
  readonly findings: readonly DoctorFinding[];
  /** The newest last. */
  readonly logs: () => readonly LogRecord[];
  /** Lines about the machine: versions and such. */
  readonly machine: () => readonly string[];
  /** The person's own folder: its path has a name in it. */
  readonly home: string;
}

/** A text for a bug report: what a maintainer needs, and nothing that a stranger should not know. */
export function writeReport({ app, state, findings, logs, machine, home }: ReportSources): string {
  const { self, server, tunnel, wanted, secrets, settings, traffic } = state;
  const { turn, username: _, ...choices } = settings;
  const redact = redactor(state, home);
  const sections: [string, readonly string[]][] = [
    ["GoVPN", [`version ${app.version}, ${app.surface} on ${app.platform}`, ...machine()]],
    [
      "State",
      [
        `this machine: ${self.ipv4} ${self.ipv6}`,
        `wanted: ${wanted}`,
        `server: ${JSON.stringify(server)}`,
        `tunnel: ${JSON.stringify(tunnel)}`,
        `secrets: ${secrets}`,
        `traffic: ${JSON.stringify(traffic)}`,
      ],
    ],
    ["Rooms", Object.values(state.rooms).flatMap(roomLines)],
    ["Settings", [JSON.stringify({ ...choices, turn: turn.map(({ url }) => ({ url })) })]],
    ["Checks", findings.map(({ id, status, detail }) => `${status.padEnd(4)} ${id}: ${detailText(detail)}`)],
    ["Activity", Object.values(state.activity).map(activityLine)],
    ["Log", logs().map(logLine)],
  ];
  const text = sections.map(([title, lines]) => `## ${title}\n${lines.join("\n") || "none"}\n`).join("\n");
  return redact(text);
}

/** Neither the room's name nor its members': they are people's own. */
function roomLines(room: AppState["rooms"][keyof AppState["rooms"]]): string[] {
  const members = Object.values(room.members).map(
    ({ publicKey, state, lane, quality, path, rttMs, verified, traffic }) =>
      `  ${JSON.stringify({ publicKey, state, lane, quality, path, rttMs, verified, traffic })}`,
  );
  return [`${room.roomId} ${JSON.stringify({ state: room.state, owner: room.owner })}`, ...members];
}

function activityLine({ at, kind, roomId, publicKey, code, detail }: AppState["activity"][string]): string {
  const isName = kind === "room_renamed";
  const parts = [new Date(at).toISOString(), kind, roomId, publicKey, code, isName ? undefined : detail];
  return parts.filter((part) => part !== undefined).join(" ");
}

function logLine({ level, scope, message, fields }: LogRecord): string {
  return `${level.padEnd(5)} ${scope}: ${message} ${JSON.stringify(fields)}`;
}

const PUBLIC_KEY = /[A-Za-z0-9+/]{43}=/g;
const IPV4 = /\b(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}\b/g;
/** Three groups or a "::" at least, so that a time of day is none. */
const IPV6 = /(?<![\w:.])(?:[0-9a-f]{1,4}:){1,7}(?::|[0-9a-f]{1,4})(?::?[0-9a-f]{1,4})*(?![\w:])/gi;
/** Enough to tell two apart in one report. */
const KEPT_CHARACTERS = 6;

/**
 * Takes out of a text what identifies people: keys and room ids are cut to their beginnings, names of members and rooms
 * and the person's folder go, addresses lose their hosts but for this machine's own and what every machine has (loopback, "any").
 */
function redactor({ self, rooms, activity }: AppState, home: string): (text: string) => string {
  const own = new Set([self.ipv4, self.ipv6, "127.0.0.1", "0.0.0.0", "::1", "::"]);
  const all = Object.values(rooms);
  const told = Object.values(activity);
  const ids = present([...all.map(({ roomId }) => roomId), ...told.map(({ roomId }) => roomId)]);
  const names = present([
    self.username,
    ...all.flatMap(({ name, members }) => [name, ...Object.values(members).map(({ username }) => username)]),
    ...told.flatMap(({ room, member }) => [room, member]),
  ]);
  return (text) => {
    // That of a service is "/", which is nobody's name.
    let clean = home.length > 1 ? text.replaceAll(home, "~") : text;
    for (const id of ids) clean = clean.replaceAll(id, shortened(id));
    // One or two characters are found in every other word.
    for (const name of names.filter((each) => each.length > 2)) clean = clean.replaceAll(name, "[name]");
    return clean
      .replace(PUBLIC_KEY, (key) => shortened(key))
      .replace(IPV4, (address, a, b) => (own.has(address) ? address : `${a}.${b}.x.x`))
      .replace(IPV6, (address) => (own.has(address) || !isIpv6(address) ? address : `${address.split(":")[0]}:x`));
  };
}

/** Longest first, so that a name inside another leaves no rest. */
function present(values: readonly (string | undefined)[]): string[] {
  const given = values.filter((value): value is string => value !== undefined && value !== "");
  return [...new Set(given)].sort((a, b) => b.length - a.length);
}

function isIpv6(text: string): boolean {
  return text.includes("::") || text.split(":").length === 8;
}

function shortened(id: string): string {
  return `${id.slice(0, KEPT_CHARACTERS)}…`;
}
