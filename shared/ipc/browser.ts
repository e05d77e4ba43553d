import * as v from "valibot";

/**
 * How a browser tab comes to speak to the headless host that serves it, on 127.0.0.1 (electron/main/ui-server/server.ts):
 *
 * 1. The link that the host prints is `http://127.0.0.1:PORT/#t=TOKEN`. A fragment never leaves the browser. The page
 *    takes the token out of the address (`history.replaceState`), so that it is in no history.
 * 2. It posts the token once: `POST /session {"token": …}` answers `{"key": …}` and sets a cookie that no script can
 *    read. The token is spent. A refusal is `{"error": {"code", "message"}}`.
 * 3. The page keeps the key in `localStorage` and opens `ws://HOST/api` with `socketProtocols(key)`. From there on every
 *    text frame is one frame of ./wire.ts.
 *
 * Cookie and key are both needed. A browser sends the cookie to every port of 127.0.0.1, so another user's server could
 * be given it; storage belongs to one port, but a script could read it. Neither alone gets in.
 *
 * A browser does not say why a WebSocket was refused. `GET /session` does: 200 with a good cookie, 401 without (the
 * person needs a new link: `govpn ui`), and no answer when the host is not there.
 */
export const SESSION_PATH = "/session";
export const API_PATH = "/api";
/** Before the token in the link's fragment. */
export const TOKEN_FRAGMENT = "#t=";

/** Tokens and keys: 256 bits in base64url. */
const Secret = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/));
export const SessionRequest = v.object({ token: Secret });
export const SessionReply = v.object({ key: Secret });

const SOCKET_PROTOCOL = "govpn.1";
const KEY_PREFIX = "key.";

/** What the page names as the WebSocket's protocols: ours, which the host picks, and the key. */
export function socketProtocols(key: string): string[] {
  return [SOCKET_PROTOCOL, `${KEY_PREFIX}${key}`];
}

/** The key of a Sec-WebSocket-Protocol header; undefined where the header is not what `socketProtocols` writes. */
export function keyOfProtocols(header: string | undefined): string | undefined {
  const [protocol, key = ""] = (header ?? "").split(",").map((part) => part.trim());
  return protocol === SOCKET_PROTOCOL && key.startsWith(KEY_PREFIX) ? key.slice(KEY_PREFIX.length) : undefined;
}
