import type { RoomId } from "../../shared/base/brand.ts";
import type { AppState, UiRoom } from "../../shared/ipc/app.ts";
import type { MemberView } from "../../shared/ipc/contract.ts";
import { isInside } from "../../shared/ipc/members.ts";

/** Everybody else of the room, but for who is not in it. */
export function othersIn(room: UiRoom): readonly MemberView[] {
  return Object.values(room.members).filter((member) => member.state !== "self" && isInside(member));
}

/** How many are in the room, with this computer if it is. */
export function headcount(room: UiRoom): number {
  const isHere = Object.values(room.members).some(({ state }) => state === "self") && !isOutside(room);
  return othersIn(room).length + (isHere ? 1 : 0);
}

/** Who waits at the door to be let in, by name. */
export function visitorsOf(room: UiRoom): readonly MemberView[] {
  return Object.values(room.members)
    .filter(({ standing }) => standing === "door")
    .sort(byName);
}

/** Who may let in whoever waits, besides this computer: those who are there first. */
export function doorkeepersOf(room: UiRoom): readonly MemberView[] {
  const { doors } = room.trust;
  const mayLetIn = ({ role }: MemberView) =>
    role === "owner" || doors === "members" || (doors === "trusted" && role === "trusted");
  const isThere = ({ state }: MemberView) => (state === "connected" ? 0 : 1);
  return othersIn(room)
    .filter(mayLetIn)
    .sort((a, b) => isThere(a) - isThere(b) || byName(a, b));
}

/** This computer came with the PIN alone, and either waits at the door or has met nobody who could say of a door. */
export function isOutside(room: UiRoom): boolean {
  return room.trust.waiting || (room.trust.seal === "unknown" && othersIn(room).length === 0);
}

function byName(a: MemberView, b: MemberView): number {
  return a.username.localeCompare(b.username) || (a.publicKey < b.publicKey ? -1 : 1);
}

/** By name, so that a room keeps its place whatever happens in it. */
export function roomsInOrder({ rooms }: AppState): readonly RoomId[] {
  const byRoomName = (a: UiRoom, b: UiRoom) => a.name.localeCompare(b.name) || (a.roomId < b.roomId ? -1 : 1);
  return Object.values(rooms)
    .sort(byRoomName)
    .map(({ roomId }) => roomId);
}

/**
 * This computer first, then who answers, then the others by name, so that rows keep their place while figures change;
 * who was turned away or removed and is still there comes last. Who waits at the door is not among them.
 */
export function membersInOrder(room: UiRoom): readonly MemberView[] {
  const rank = (member: MemberView) => {
    if (member.state === "self") return 0;
    if (!isInside(member)) return 3;
    return member.state === "connected" ? 1 : 2;
  };
  return Object.values(room.members)
    .filter(({ standing }) => standing !== "door")
    .sort((a, b) => rank(a) - rank(b) || byName(a, b));
}
