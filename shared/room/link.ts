import type { RoomId } from "../base/brand.ts";
import { fail, ok, type Result } from "../base/result.ts";
import { ROOM_ID_PATTERN } from "../protocols/govpn/limits.ts";
import { parseServerUrl } from "../signaling/url.ts";
import { cleanRoomName } from "./names.ts";

/**
 * `govpn://join/<room id>?server=<ws or wss URL>&name=<label>#k=<room key>&o=<founder>`: what a link can fill into the
 * join dialog. Secrets are in the fragment only, which browsers and web servers keep to themselves. The PIN is told
 * beside it. Anybody can write a link, so nothing of it is believed beyond its form.
 */
export interface JoinLink {
  readonly roomId: RoomId;
  /** A `ws:` or `wss:` URL as `parseServerUrl` gives it. */
  readonly server?: string;
  /** Fit to be shown on one line. The room may have another by now. */
  readonly name?: string;
  /** A sealed room's key, 32 bytes in base64url: whoever has it comes in. A secret. */
  readonly key?: string;
  /** By which hash the room's founder is known, 16 bytes in base64url. */
  readonly owner?: string;
}

/** Twice what the longest names and addresses take; mail programs and shells cut longer ones. */
export const MAX_LINK_LENGTH = 2048;

export type LinkFailureCode =
  | "link_too_long"
  | "link_characters"
  | "link_scheme"
  | "link_action"
  | "link_malformed"
  | "link_repeated"
  | "link_room"
  | "link_server"
  | "link_key";
type Refusal = { readonly code: LinkFailureCode; readonly message: string };

const CONTROL_CHARACTERS = /[\p{Cc}\p{Zl}\p{Zp}]/u;
/** Scheme, host, path, query and fragment as written. */
const SHAPE = /^govpn:\/\/([^/?#]*)(?:\/([^/?#]*)\/?)?(?:\?([^#]*))?(?:#(.*))?$/i;
// 32 and 16 bytes in base64url. The last character has bits to spare, which are 0: of several texts for the same bytes
// one alone is read, as by whoever takes the key and the hash up.
const KEY = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const OWNER = /^[A-Za-z0-9_-]{21}[AQgw]$/;

export function formatJoinLink({ roomId, server, name, key, owner }: JoinLink): string {
  const query = formatQuery({ server, name });
  const fragment = formatQuery({ k: key, o: owner });
  return `govpn://join/${roomId}${query === "" ? "" : `?${query}`}${fragment === "" ? "" : `#${fragment}`}`;
}

function formatQuery(parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== "");
  return given.map(([key, value]) => `${key}=${encodeURIComponent(value ?? "")}`).join("&");
}

/** Reads a link from anywhere. The failure's sentence says what is wrong and repeats nothing of the link. */
export function parseJoinLink(text: string): Result<JoinLink, Refusal> {
  const link = text.trim();
  if (link.length > MAX_LINK_LENGTH) return fail("link_too_long", `the link is over ${MAX_LINK_LENGTH} characters`);
  if (CONTROL_CHARACTERS.test(link)) return fail("link_characters", "the link has control characters in it");
  if (!/^govpn:/i.test(link)) return fail("link_scheme", "this is not a GoVPN link: it does not begin with govpn://");
  const [, action, roomId = "", query = "", fragment = ""] = SHAPE.exec(link) ?? [];
  if (action?.toLowerCase() !== "join") return fail("link_action", "the link asks for something else than joining");
  if (!ROOM_ID_PATTERN.test(roomId)) return fail("link_room", "the link names no room, or not by a room's id");
  const parameters = readQuery(query, ["server", "name"]);
  if (!parameters.ok) return parameters;
  const secrets = readQuery(fragment, ["k", "o"]);
  if (!secrets.ok) return secrets;
  const { server, name } = parameters.value;
  const { k: key, o: owner } = secrets.value;
  // Half a key would be taken for none, and its reader would wait at a door that the link was to open. A key without the
  // founder's hash would have its reader believe whoever speaks of a founder first.
  const isHalf = key !== undefined && owner === undefined;
  if (isHalf || (key !== undefined && !KEY.test(key)) || (owner !== undefined && !OWNER.test(owner))) {
    return fail("link_key", "the link's key is damaged: ask for the link again, whole");
  }
  const url = server === undefined ? ok(undefined) : readServer(server);
  if (!url.ok) return url;
  const label = name === undefined ? undefined : cleanRoomName(name);
  return ok({
    roomId: roomId as RoomId,
    ...(url.value !== undefined && { server: url.value }),
    ...(label !== undefined && { name: label }),
    ...(key !== undefined && { key }),
    ...(owner !== undefined && { owner }),
  });
}

/** Parameters of other names are a later version's and ignored, but none may come twice. */
function readQuery<Name extends string>(
  query: string,
  names: readonly Name[],
): Result<{ readonly [N in Name]?: string }, Refusal> {
  const found = new Map<string, string>();
  for (const part of query.split("&").filter((each) => each !== "")) {
    const equals = part.indexOf("=");
    const key = decode(equals < 0 ? part : part.slice(0, equals));
    const value = decode(equals < 0 ? "" : part.slice(equals + 1));
    if (key === undefined || value === undefined) return fail("link_malformed", "the link is damaged");
    if (CONTROL_CHARACTERS.test(value)) return fail("link_characters", "the link has control characters in it");
    if (found.has(key)) return fail("link_repeated", "the link says the same thing twice, and one may be false");
    found.set(key, value);
  }
  const wanted = names.flatMap((name) => {
    const value = found.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return ok(Object.fromEntries(wanted) as { readonly [N in Name]?: string });
}

function readServer(text: string): Result<string, Refusal> {
  const url = /^wss?:\/\//i.test(text) ? parseServerUrl(text) : undefined;
  return url?.ok ? url : fail("link_server", "the link names a server that is no ws:// or wss:// address");
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
