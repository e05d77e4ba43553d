import { DEFAULT_MAX_MEMBERS, RATE_LIMIT_PER_MINUTE, ROOM_EXPIRY_DAYS } from "../../shared/protocols/govpn/limits.ts";

/** What whoever runs a server may set. Everything else below is fixed. */
export interface ServerLimits {
  /** Members of one room, connected at once. */
  readonly maxMembers: number;
  /** CreateRoom and JoinRoom together, a minute and a key; 0 switches the limit off (benchmarks, closed test beds). */
  readonly rateLimitPerMinute: number;
  readonly roomExpiryDays: number;
  /** Open WebSockets; the next one gets 503. Some 8 KiB each when idle. */
  readonly maxConnections: number;
  /** Of these, from one address: enough for a campus behind one NAT, too few to take the server's last place. */
  readonly maxConnectionsPerAddress: number;
  /** From connecting to the whole request for a WebSocket, in milliseconds. */
  readonly handshakeMs: number;
  /** Rooms on disk and in memory, empty ones too. About 1 KiB each. */
  readonly maxRooms: number;
  /** Frames one connection, and one key, may send a second in the long run, and at once: pings and nonsense too. */
  readonly messagesPerSecond: number;
  readonly messageBurst: number;
  /** Likewise their bytes. */
  readonly bytesPerSecond: number;
  readonly byteBurst: number;
}

export const defaultLimits: ServerLimits = {
  maxMembers: DEFAULT_MAX_MEMBERS,
  rateLimitPerMinute: RATE_LIMIT_PER_MINUTE,
  roomExpiryDays: ROOM_EXPIRY_DAYS,
  maxConnections: 20_000,
  maxConnectionsPerAddress: 1_000,
  // A slow phone on a bad network takes two round trips and some retransmissions.
  handshakeMs: 10_000,
  maxRooms: 100_000,
  // A newcomer to a room of 50 trickles some 20 candidates to each member: 1000 messages at once, then almost none.
  messagesPerSecond: 200,
  messageBurst: 1000,
  // Those messages are under a megabyte; four leave room for larger descriptions.
  bytesPerSecond: 256 * 1024,
  byteBurst: 4 * 1024 * 1024,
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
/** New rooms from one address: a school's, not enough to fill the server in months. */
export const ROOMS_PER_ADDRESS_AND_DAY = 300;
/** LeaveRoom, Kick, Rename and HandOver push to a whole room; an owner clearing out a room of 50 stays below. */
export const ROOM_CHANGES_PER_MINUTE = 60;
/** All connections of an address together: as much as ten at their own limit, and a tenth of what one core verifies. */
export const ADDRESS_MESSAGES_PER_SECOND = 2_000;
export const ADDRESS_MESSAGE_BURST = 20_000;
export const ADDRESS_BYTES_PER_SECOND = 4 * 1024 * 1024;
export const ADDRESS_BYTE_BURST = 64 * 1024 * 1024;
/** A scrape every second, or a person at a browser. */
export const PAGES_PER_MINUTE = 120;
/** Addresses that these are remembered for: some 25 MiB. */
export const MAX_TRACKED_ADDRESSES = 50_000;
/** Keys and addresses remembered by a limit: 100,000 buckets are some 20 MiB. */
export const MAX_TRACKED_CLIENTS = 100_000;

/** Bad frames, signatures and unauthorised requests within a minute; the next one closes the socket with 1008. */
export const MAX_OFFENCES = 20;
export const OFFENCE_WINDOW_MS = 60_000;
/** Of all connections of an address: from then on, each offence closes the socket that it came by. */
export const OFFENCES_PER_ADDRESS = 200;

/** Frames of one connection waiting for their turn, by number and by size: above, its socket is not read. */
export const PAUSE_AT_WAITING_FRAMES = 32;
export const PAUSE_AT_WAITING_CHARACTERS = 128 * 1024;
/** Few enough to be through with soon, enough not to run dry before the next read. */
export const RESUME_AT_WAITING_FRAMES = 8;

/** A receiver that lets this much pile up is gone or too slow to be told about peers in time. */
export const MAX_BUFFERED_BYTES = 1024 * 1024;
/** What all receivers together may let pile up; then whoever has most waiting goes. */
export const MAX_BACKLOG_BYTES = 256 * 1024 * 1024;
/** Less than this is what any burst looks like before the network has taken it. */
export const NOTED_BACKLOG_BYTES = 64 * 1024;

/** The reference leaves it open; NAT boxes and proxies forget a silent TCP connection after 30 s at the earliest. */
export const PING_INTERVAL_MS = 25_000;

/** WebSocket frames above are cut off by the ws package with 1009, unread; those above 64 KiB get an Error. */
export const MAX_WEBSOCKET_PAYLOAD_BYTES = 80 * 1024;
/** A newcomer has this long to enter a room before a full server may give its place away. */
export const MIN_SEAT_MS = 10_000;
/** TCP connections beyond the WebSockets: scrapes, health checks, handshakes under way. */
export const SPARE_CONNECTIONS = 500;
/** Of those, for one address. */
export const SPARE_CONNECTIONS_PER_ADDRESS = 20;
/** An answer that nobody fetches, a request that does not end: a WebSocket has its own rules. */
export const MAX_IDLE_MS = 30_000;
/** How long a closing server waits for its clients' closing frames. */
export const CLOSE_GRACE_MS = 2_000;

/** How often a room's activity reaches the disk: expiry counts days, so a minute is exact enough. */
export const ACTIVITY_WRITE_INTERVAL_MS = 60_000;
/** A full server gives up this part of its rooms at once, of those that nobody but their makers entered, idle so long. */
export const CLEARED_SHARE = 0.01;
export const SOLITARY_IDLE_MS = 60 * 60_000;
export const EXPIRY_SWEEP_INTERVAL_MS = 60 * 60_000;
export const DAY_MS = 24 * 60 * 60_000;

/** Keys remembered as former members of a room: five times its default size. */
export const MAX_KNOWN_KEYS_PER_ROOM = 256;
