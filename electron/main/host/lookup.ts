import type { PublicKey } from "../../../shared/base/brand.ts";
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import { deriveAddress } from "../../../shared/identity/address.ts";
import type { PeerView } from "../../../shared/mesh/mesh.ts";
import type { RoomSnapshot } from "../../../shared/room/snapshot.ts";

/** What people call rooms and members, and which of them they mean. */

/**
 * The room that was named, by id or name; the only one where none was. Fails with "no_room", "unknown_room" or
 * "which_room".
 */
export function pickRoom(named: string | undefined, rooms: readonly RoomSnapshot[]): Result<RoomSnapshot> {
  const found = named === undefined ? rooms : rooms.filter((room) => room.roomId === named || room.name === named);
  const [room] = found;
  if (room && found.length === 1) return ok(room);
  if (rooms.length === 0) return fail("no_room", "this machine is in no room");
  if (named === undefined) return fail("which_room", "this machine is in several rooms");
  return found.length > 1
    ? fail("which_room", `several rooms are called "${named}"`)
    : fail("unknown_room", "this machine is not in that room");
}

export interface FoundMember {
  readonly publicKey: PublicKey;
  readonly username: string;
}

/** A member of these rooms by key, address or name. Fails with "unknown_member" or "which_member". */
export function findMember(
  wanted: string,
  rooms: readonly RoomSnapshot[],
  peers: readonly PeerView[],
): Result<FoundMember> {
  const found = new Map<PublicKey, string>();
  const addresses = new Map(peers.map((peer) => [peer.publicKey, peer.address]));
  for (const { publicKey, username, isSelf } of rooms.flatMap((room) => room.members)) {
    const { ipv4, ipv6 } = addresses.get(publicKey) ?? deriveAddress(publicKey);
    const names = [publicKey, username, ipv4, ipv6];
    if (!isSelf && names.includes(wanted)) found.set(publicKey, username);
  }
  const [first] = found;
  if (first && found.size === 1) return ok({ publicKey: first[0], username: first[1] });
  return found.size > 1
    ? fail("which_member", `several members are called "${wanted}"`)
    : fail("unknown_member", "no such member in the room");
}
