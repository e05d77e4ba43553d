import { ok, type Result } from "../../../shared/base/result.ts";
import type { ServerChoice, Settings, SettingsChange } from "../../../shared/ipc/settings.ts";
import { MAX_USERNAME_LENGTH } from "../../../shared/protocols/govpn/limits.ts";
import { cleanName } from "../../../shared/room/names.ts";
import { parseServerUrl } from "../../../shared/signaling/url.ts";
import { DEFAULT_TUNNEL_MTU } from "../../../shared/tunnel/mtu.ts";
import { DEFAULT_STUN_SERVERS, type IceServerConfig, parseIceServer } from "../../adapters/webrtc/ice-servers.ts";
import type { TransportPlan } from "../../engine/messages.ts";
import type { ServerPlan } from "../host/runner.ts";

/** What was said for this run alone (on a command line). It holds until the person changes the same in the window. */
export interface RunOptions {
  readonly server?: ServerPlan;
  readonly transports?: Partial<TransportPlan>;
}

/** Addresses that the embedded server listens on: this computer's own, or every one. */
const REACH = { computer: "127.0.0.1", network: "0.0.0.0" } as const;

export function serverPlan(choice: ServerChoice): ServerPlan {
  if (choice.kind === "url") return choice;
  return { kind: "embedded", host: REACH[choice.reach], port: choice.port };
}

export function transportPlan({ stun, turn, relayOnly, lane }: Settings): TransportPlan {
  const asked = stun === "default" ? DEFAULT_STUN_SERVERS : stun.map(stunServer);
  return { iceServers: [...asked, ...turn.map(turnServer)], relayOnly, media: lane === "auto" };
}

export function tunnelMtu({ mtu }: Settings): number {
  return mtu === 0 ? DEFAULT_TUNNEL_MTU : mtu;
}

/**
 * A change as it is kept: URLs in full, names fit to be shown. Fails with `ServerUrlFailure` or "bad_ice_server", so
 * that nothing is saved that cannot work.
 */
export function checkedChange(change: SettingsChange): Result<SettingsChange> {
  const { server, username, stun, turn } = change;
  for (const ice of [...(Array.isArray(stun) ? stun.map(stunServer) : []), ...(turn ?? []).map(turnServer)]) {
    const parsed = parseIceServer(ice);
    if (!parsed.ok) return parsed;
  }
  const url = server?.kind === "url" ? parseServerUrl(server.url) : undefined;
  if (url && !url.ok) return url;
  return ok({
    ...change,
    ...(url && { server: { kind: "url", url: url.value } }),
    ...(username !== undefined && { username: cleanName(username, MAX_USERNAME_LENGTH) ?? "" }),
  });
}

function stunServer(text: string): IceServerConfig {
  return { url: text.startsWith("stun:") ? text : `stun:${text}` };
}

function turnServer({ url, username, credential }: Settings["turn"][number]): IceServerConfig {
  return { url: url.startsWith("turn:") ? url : `turn:${url}`, username, credential };
}
