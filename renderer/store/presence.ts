import type { RoomId } from "../../shared/base/brand.ts";
import type { AppState } from "../../shared/ipc/app.ts";
import { isReached } from "../../shared/ipc/members.ts";
import type { LinkStatus } from "../bridge/connection.ts";
import type { Model } from "./model.ts";
import { othersIn } from "./rooms.ts";

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
  /** In no room yet: somebody inside of this one has to let this computer in. */
  | { readonly kind: "at_door"; readonly room: string }
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
  const waitsAt = rooms.find(({ trust }) => trust.waiting);
  if (waitsAt) return { kind: "at_door", room: waitsAt.name };
  return of > 0 ? { kind: "connecting", what: "members" } : { kind: "alone" };
}

/** Other members over all rooms, each once, and how many of them answer and may be reached. */
export function reach(host: AppState): { readonly reached: number; readonly of: number } {
  const others = new Map<string, boolean>();
  for (const member of Object.values(host.rooms).flatMap(othersIn)) {
    others.set(member.publicKey, (others.get(member.publicKey) ?? false) || isReached(member));
  }
  return { reached: [...others.values()].filter(Boolean).length, of: others.size };
}

export function toneOf({ kind }: Presence): Tone {
  switch (kind) {
    case "connected":
      return "live";
    case "connecting":
    case "at_door":
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

/** What a room's dot says: "live" only where somebody in it answers. */
export function roomTone({ host, link }: Model, roomId: RoomId): Tone {
  const room = host?.rooms[roomId];
  if (!room || !host.wanted || link.kind !== "open") return "idle";
  if (Object.values(room.members).some(isReached)) return "live";
  if (room.state !== "joined") return "wait";
  return othersIn(room).length > 0 ? "wait" : "idle";
}
