import type { RoomId } from "../../shared/base/brand.ts";
import type { AppState, UiRoom } from "../../shared/ipc/app.ts";
import type { MemberView } from "../../shared/ipc/contract.ts";
import type { Model } from "./model.ts";
import type { Tone } from "./presence.ts";

/** What a room's dot says: "live" only where somebody in it answers. */
export function roomTone({ host, link }: Model, roomId: RoomId): Tone {
  const room = host?.rooms[roomId];
  if (!room || !host.wanted || link.kind !== "open") return "idle";
  const members = Object.values(room.members);
  if (members.some(({ state }) => state === "connected")) return "live";
  if (room.state !== "joined") return "wait";
  return members.some(({ state }) => state !== "self") ? "wait" : "idle";
}

/** By name, so that a room keeps its place whatever happens in it. */
export function roomsInOrder({ rooms }: AppState): readonly RoomId[] {
  const byName = (a: UiRoom, b: UiRoom) => a.name.localeCompare(b.name) || (a.roomId < b.roomId ? -1 : 1);
  return Object.values(rooms)
    .sort(byName)
    .map(({ roomId }) => roomId);
}

/** This computer first, then who answers, then by name, so that rows keep their place while figures change. */
export function membersInOrder(room: UiRoom): readonly MemberView[] {
  const rank = ({ state }: MemberView) => (state === "self" ? 0 : state === "connected" ? 1 : 2);
  return Object.values(room.members).sort(
    (a, b) => rank(a) - rank(b) || a.username.localeCompare(b.username) || (a.publicKey < b.publicKey ? -1 : 1),
  );
}
