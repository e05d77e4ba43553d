import { DEFAULT_MAX_MEMBERS, RATE_LIMIT_PER_MINUTE, ROOM_EXPIRY_DAYS } from "../../shared/protocols/govpn/limits.ts";

/** What whoever runs a server may set. Everything else below is fixed. */
export interface ServerLimits {
  /** Members of one room, connected at once. */
  readonly maxMembers: number;
  /** CreateRoom and JoinRoom together, a minute and a key; 0 switches the limit off (benchmarks, closed test beds). */
  readonly rateLimitPerMinute: number;
  readonly roomExpiryDays: number;
  /** Open WebSockets; the next one gets 503. About 25 KiB each when idle. */
  readonly maxConnections: number;
  /** Of these, from one address: enough for a campus behind one NAT, too few to take the server's last place. */
  readonly maxConnectionsPerAddress: number;
  /** Rooms on disk and in memory, empty ones too. About 1 KiB each. */
  readonly maxRooms: number;
  /** Messages one connection may send a second in the long run, and at once. */
  readonly messagesPerSecond: number;
  readonly messageBurst: number;
}

export const defaultLimits: ServerLimits = {
  maxMembers: DEFAULT_MAX_MEMBERS,
  rateLimitPerMinute: RATE_LIMIT_PER_MINUTE,
  roomExpiryDays: ROOM_EXPIRY_DAYS,
  maxConnections: 20_000,
  maxConnectionsPerAddress: 1_000,
  maxRooms: 100_000,
  // A newcomer to a room of 50 trickles some 20 candidates to each member: 1000 messages at once, then almost none.
  messagesPerSecond: 200,
  messageBurst: 1000,
};

/** Our clients open one socket for all rooms; a person is in a handful. */
export const MAX_ROOMS_PER_CONNECTION = 32;

/** Households and offices share an address: ten members of one may join in the same minute. */
export const ADDRESS_RATE_FACTOR = 10;
/**
 * A minute of the rate limit is 57 s here, so that a client that paces itself at exactly the documented rate is not
 * refused because two of its frames travelled at different speeds.
 */
export const RATE_WINDOW_MS = 57_000;
/** LeaveRoom, Kick and Rename push to a whole room; an owner clearing out a room of 50 stays below. */
export const ROOM_CHANGES_PER_MINUTE = 60;
/** Keys and addresses remembered by a limit: 100,000 buckets are some 20 MiB. */
export const MAX_TRACKED_CLIENTS = 100_000;

/** Bad frames, signatures and unauthorised requests within a minute; the next one closes the socket with 1008. */
export const MAX_OFFENCES = 20;
export const OFFENCE_WINDOW_MS = 60_000;

/** Frames of one connection waiting for their turn, by number and by size: above, its socket is not read. */
export const PAUSE_AT_WAITING_FRAMES = 32;
export const PAUSE_AT_WAITING_CHARACTERS = 128 * 1024;
/** Few enough to be through with soon, enough not to run dry before the next read. */
export const RESUME_AT_WAITING_FRAMES = 8;

/** A receiver that lets this much pile up is gone or too slow to be told about peers in time. */
export const MAX_BUFFERED_BYTES = 1024 * 1024;

/** The reference leaves it open; NAT boxes and proxies forget a silent TCP connection after 30 s at the earliest. */
export const PING_INTERVAL_MS = 25_000;

/** WebSocket frames above are cut off by the ws package with 1009, unread; those above 64 KiB get an Error. */
export const MAX_WEBSOCKET_PAYLOAD_BYTES = 256 * 1024;
/** TCP connections beyond the WebSockets: scrapes, health checks, handshakes under way. */
export const SPARE_CONNECTIONS = 500;
export const MAX_HANDSHAKE_MS = 10_000;
/** How long a closing server waits for its clients' closing frames. */
export const CLOSE_GRACE_MS = 2_000;

/** How often a room's activity reaches the disk: expiry counts days, so a minute is exact enough. */
export const ACTIVITY_WRITE_INTERVAL_MS = 60_000;
export const EXPIRY_SWEEP_INTERVAL_MS = 60 * 60_000;
export const DAY_MS = 24 * 60 * 60_000;

/** Keys remembered as former members of a room: five times its default size. */
export const MAX_KNOWN_KEYS_PER_ROOM = 256;
