/** Every size and count of the GoVPN protocol, with its reason. */

/** A frame larger than this is refused unread: an SDP with many candidates is under 8 KiB. */
export const MAX_FRAME_BYTES = 64 * 1024;
/** After trimming; what fits a window title. */
export const MAX_ROOM_NAME_LENGTH = 64;
export const MAX_USERNAME_LENGTH = 32;
/** Ours are 16 hex characters; other servers hand out other ids ("abc123" in the reference). */
export const ROOM_ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;
/** The reference: "exactly 4 numeric digits". */
export const PIN_PATTERN = /^[0-9]{4}$/;
/** A connection id or a public key. */
export const MAX_CONNECTION_ID_LENGTH = 128;
export const MAX_MESSAGE_ID_LENGTH = 128;
/** What an offer, an answer or a candidate may hold inside its frame. */
export const MAX_SIGNAL_LENGTH = 48 * 1024;
/** What a server may say in `data`. */
export const MAX_DATA_LENGTH = 1024;
/** The reference: "3 requests per minute for room creation and joining operations". */
export const RATE_LIMIT_PER_MINUTE = 3;
export const DEFAULT_MAX_MEMBERS = 50;
/** The reference: "default: 30 days". */
export const ROOM_EXPIRY_DAYS = 30;
