import type { IceServer } from "node-datachannel";
import { fail, ok, type Result } from "../../../shared/base/result.ts";

/** A STUN or TURN server as people write it. */
export interface IceServerConfig {
  /** RFC 7064/7065: "stun:host[:port]", "turn:host[:port]". */
  readonly url: string;
  readonly username?: string;
  readonly credential?: string;
}

/** Asked for this machine's public address when no others are set. They see that address, nothing of the room. */
export const DEFAULT_STUN_SERVERS: readonly IceServerConfig[] = [
  { url: "stun:stun.cloudflare.com:3478" },
  { url: "stun:stun.l.google.com:19302" },
];

const DEFAULT_PORT = 3478;

/** Checks a server's URL. libjuice speaks STUN and TURN over UDP only, so turns: and ?transport=tcp are refused. */
export function parseIceServer(server: IceServerConfig): Result<string | IceServer> {
  const match = /^(stun|turn):(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::(\d{1,5}))?(\?transport=udp)?$/.exec(server.url);
  const [, scheme, host, portText] = match ?? [];
  const port = portText === undefined ? DEFAULT_PORT : Number(portText);
  if (!host || port < 1 || port > 65_535) {
    return fail(
      "bad_ice_server",
      `"${server.url}" is not a STUN or TURN server: write stun:host:port or turn:host:port`,
    );
  }
  if (scheme === "stun") return ok(`stun:${host}:${port}`);
  if (!server.username || !server.credential) {
    return fail("bad_ice_server", `the TURN server ${host} needs a username and a credential`);
  }
  const hostname = host.replace(/^\[|\]$/g, "");
  return ok({ hostname, port, username: server.username, password: server.credential, relayType: "TurnUdp" });
}
