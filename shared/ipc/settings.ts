import * as v from "valibot";

/**
 * What a person may choose, one schema for the file, the window, the command line and an exported copy. Every field has
 * a default, so that a file of an older version, or half of one, still reads.
 */

export const LANGUAGES = ["en", "de", "es", "fr", "pt-BR", "ja", "zh-CN", "ar"] as const;
export type Language = (typeof LANGUAGES)[number];
export const THEMES = ["system", "light", "dark", "contrast"] as const;
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/** The smallest MTU IPv6 works with, and the largest that a link of 1500 bytes leaves after our own headers. */
export const MIN_MTU = 1280;
export const MAX_MTU = 1420;
export const DEFAULT_SERVER_PORT = 8080;

/** The same bounds as the protocol's: longer ones are cut or refused there. */
export const MAX_USERNAME_LENGTH = 32;
const MAX_URL = 2_048;
const MAX_ICE_SERVERS = 8;
const MAX_ICE_TEXT = 256;

const IceText = v.pipe(v.string(), v.maxLength(MAX_ICE_TEXT));

const Url = v.pipe(v.string(), v.maxLength(MAX_URL));

export const ServerChoice = v.variant("kind", [
  v.object({
    kind: v.literal("embedded"),
    /** "computer": only programs on this computer; "network": other machines too. */
    reach: v.picklist(["computer", "network"]),
    port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
  }),
  v.object({ kind: v.literal("url"), url: v.pipe(Url, v.minLength(1)) }),
]);
export type ServerChoice = v.InferOutput<typeof ServerChoice>;

const notifications = {
  /** Members who join or leave. "small_rooms": only where few are, so that a big room does not chatter. */
  members: v.optional(v.picklist(["always", "small_rooms", "never"]), "small_rooms"),
  /** Being removed, a room that was closed. */
  rooms: v.optional(v.boolean(), true),
  /** No connection for half a minute. */
  connection: v.optional(v.boolean(), true),
};

const entries = {
  server: v.optional(ServerChoice, { kind: "embedded", reach: "computer", port: DEFAULT_SERVER_PORT }),
  /** Empty: the machine's own name. */
  username: v.optional(v.pipe(v.string(), v.maxLength(MAX_USERNAME_LENGTH)), ""),
  startAtLogin: v.optional(v.boolean(), false),
  /** Rooms are taken up when the program starts; off: it waits for "Connect". */
  connectAtStart: v.optional(v.boolean(), true),
  notifications: v.optional(v.object(notifications), {}),
  theme: v.optional(v.picklist(THEMES), "system"),
  language: v.optional(v.union([v.literal("system"), v.picklist(LANGUAGES)]), "system"),
  /** Bytes; 0: chosen by the program. */
  mtu: v.optional(
    v.pipe(
      v.number(),
      v.integer(),
      v.check((mtu) => mtu === 0 || (mtu >= MIN_MTU && mtu <= MAX_MTU)),
    ),
    0,
  ),
  lane: v.optional(v.picklist(["auto", "packets"]), "auto"),
  /** "host:port" each. "default": the program's own list; an empty list asks nobody. */
  stun: v.optional(v.union([v.literal("default"), v.pipe(v.array(IceText), v.maxLength(MAX_ICE_SERVERS))]), "default"),
  /** UDP relays: "host:port" with a name and a password. */
  turn: v.optional(
    v.pipe(v.array(v.object({ url: IceText, username: IceText, credential: IceText })), v.maxLength(MAX_ICE_SERVERS)),
    [],
  ),
  relayOnly: v.optional(v.boolean(), false),
  logLevel: v.optional(v.picklist(LOG_LEVELS), "warn"),
  /** The first-run screen was gone through. */
  welcomed: v.optional(v.boolean(), false),
};

export const Settings = v.object(entries);
export type Settings = v.InferOutput<typeof Settings>;

/** Some of the settings: what a window sends when one of them changes. Absent ones stay as they are. */
export const SettingsChange = v.partial(v.object({ ...entries, notifications: v.partial(v.object(notifications)) }));
export type SettingsChange = v.InferOutput<typeof SettingsChange>;

export const defaultSettings: Settings = v.parse(Settings, {});
