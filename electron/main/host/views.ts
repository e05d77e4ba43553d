import type { MemberAddress } from "../../../shared/identity/address.ts";
import { deriveAddress } from "../../../shared/identity/address.ts";
import type { MemberView, RoomTrustView, RoomView, TrafficView, TunnelView } from "../../../shared/ipc/contract.ts";
import type { PeerView } from "../../../shared/mesh/mesh.ts";
import type { SavedRoom } from "../../../shared/room/saved.ts";
import type { RoomSnapshot } from "../../../shared/room/snapshot.ts";
import type { Member } from "../../../shared/room/state.ts";
import type { TunnelCounters } from "../../../shared/tunnel/counters.ts";
import type { TunnelState } from "../../engine/engine.ts";
import type { MemberTrust } from "../trust/desk.ts";

export function roomView(
  room: RoomSnapshot,
  saved: SavedRoom | undefined,
  members: readonly MemberView[],
  trust: RoomTrustView,
): RoomView {
  const { status } = room;
  return {
    roomId: room.roomId,
    name: room.name,
    state: status.kind,
    ...("queuedUntil" in status && { queuedUntil: status.queuedUntil }),
    // The owner's signed word counts; where there is none, that of the server that made the room.
    owner: trust.ownerKey === undefined ? (saved?.owner ?? false) : trust.role === "owner",
    pin: saved?.pin,
    trust,
    members,
  };
}

export function memberView(
  member: Member,
  peer: PeerView | undefined,
  counters: TunnelCounters | undefined,
  self: MemberAddress,
  trust: MemberTrust,
): MemberView {
  const { ipv4, ipv6 } = member.isSelf ? self : (peer?.address ?? deriveAddress(member.publicKey));
  return {
    publicKey: member.publicKey,
    username: member.username,
    ipv4,
    ipv6,
    // Connected is where packets pass.
    state: member.isSelf ? "self" : trust.standing === "member" ? (peer?.state ?? "connecting") : "connecting",
    lane: peer?.lane,
    quality: peer?.quality && { ...peer.quality, rttMs: toMicrosecond(peer.quality.rttMs) },
    path: peer?.path?.kind,
    rttMs: peer?.rttMs === undefined ? undefined : toMicrosecond(peer.rttMs),
    verified: member.isSelf || (peer?.verified ?? false),
    ...trust,
    traffic: counters && trafficView(counters),
  };
}

/** The clock gives no more. */
function toMicrosecond(ms: number): number {
  return Number(ms.toFixed(3));
}

export function trafficView({ packetsIn, bytesIn, packetsOut, bytesOut, dropped }: TunnelCounters): TrafficView {
  const some = Object.fromEntries(Object.entries(dropped).filter(([, count]) => count > 0));
  return { packetsIn, bytesIn, packetsOut, bytesOut, dropped: some };
}

export function tunnelView(state: TunnelState): TunnelView {
  switch (state.kind) {
    case "up":
      return { state: "up", device: state.device, mtu: state.mtu };
    case "failed": {
      const { code, message, command } = state.failure;
      return { state: "failed", code, message, ...(command !== undefined && { command }) };
    }
    default:
      return { state: state.kind };
  }
}
