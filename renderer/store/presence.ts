import type { AppState } from "../../shared/ipc/app.ts";
import type { LinkStatus } from "../bridge/connection.ts";

/**
 * What the one big switch says. "connected" means: with this many members an end-to-end probe has answered, as the host
 * reports it, and the tunnel that carries traffic to them is there. Nothing else may be shown as connected.
 */
export type Presence =
  /** The window has lost the program: whatever it knew may be old. */
  | { readonly kind: "unknown" }
  | { readonly kind: "off" }
  | { readonly kind: "no_rooms" }
  /** Entering rooms, or reaching members: some way still to go, and none there yet. */
  | { readonly kind: "connecting"; readonly what: "server" | "rooms" | "members" }
  /** In a room, with nobody else in it. */
  | { readonly kind: "alone" }
  | { readonly kind: "connected"; readonly reached: number; readonly of: number; readonly server: "online" | "lost" }
  /** Members are reached, but no traffic of other programs can go their way. */
  | { readonly kind: "no_tunnel"; readonly reached: number; readonly of: number }
  | { readonly kind: "server_lost"; readonly retryAt?: number };

export type Tone = "live" | "wait" | "idle" | "bad";

export function presenceOf(host: AppState, link: LinkStatus): Presence {
  if (link.kind !== "open") return { kind: "unknown" };
  if (!host.wanted) return { kind: "off" };
  const rooms = Object.values(host.rooms);
  const { reached, of } = reach(host);
  const isOnline = host.server.state === "online";
  if (reached > 0) {
    if (host.tunnel.state !== "up") return { kind: "no_tunnel", reached, of };
    return { kind: "connected", reached, of, server: isOnline ? "online" : "lost" };
  }
  if (host.server.state === "waiting" || host.server.state === "stopped") {
    return { kind: "server_lost", ...(host.server.retryAt !== undefined && { retryAt: host.server.retryAt }) };
  }
  if (rooms.length === 0 && isOnline) return { kind: "no_rooms" };
  if (!isOnline) return { kind: "connecting", what: "server" };
  if (!rooms.some(({ state }) => state === "joined")) return { kind: "connecting", what: "rooms" };
  return of > 0 ? { kind: "connecting", what: "members" } : { kind: "alone" };
}

/** Other members over all rooms, each once, and how many of them answer. */
export function reach(host: AppState): { readonly reached: number; readonly of: number } {
  const others = new Map<string, boolean>();
  for (const room of Object.values(host.rooms)) {
    for (const { publicKey, state } of Object.values(room.members)) {
      if (state !== "self") others.set(publicKey, (others.get(publicKey) ?? false) || state === "connected");
    }
  }
  return { reached: [...others.values()].filter(Boolean).length, of: others.size };
}

export function toneOf({ kind }: Presence): Tone {
  switch (kind) {
    case "connected":
      return "live";
    case "connecting":
      return "wait";
    case "no_tunnel":
      return "wait";
    case "server_lost":
    case "unknown":
      return "bad";
    case "alone":
    case "no_rooms":
    case "off":
      return "idle";
  }
}
