import type { Room } from "./rooms.ts";

/**
 * Rooms that may go when the server is full of rooms: empty, idle since `before`, and never entered by anybody but
 * whoever made them. A key costs nothing, so whoever wants to fill a server makes many of those.
 * @param before milliseconds since 1970.
 * @returns at most `count`, the longest idle first.
 */
export function solitaryRooms(rooms: Iterable<Room>, before: number, count: number): Room[] {
  return [...rooms]
    .filter((room) => room.members.size === 0 && room.knownKeys.size <= 1 && room.lastActivity < before)
    .sort((a, b) => a.lastActivity - b.lastActivity)
    .slice(0, count);
}
