import type { PublicKey } from "../../../shared/base/brand.ts";
import type { RoomSessions } from "../../../shared/room/session.ts";
import { cleanUsername } from "../../../shared/room/username.ts";

/** Members' names: as they introduced themselves over a link, else as the rooms list them. */
export class MemberNames {
  readonly #rooms: Pick<RoomSessions, "snapshots">;
  /** From the links that are there, for their end: when this machine leaves a room, the room's list goes first. */
  readonly #introduced = new Map<PublicKey, string>();

  constructor(rooms: Pick<RoomSessions, "snapshots">) {
    this.#rooms = rooms;
  }

  /** @param username as the member typed it: control characters and all. */
  introduce(publicKey: PublicKey, username: string): void {
    this.#introduced.set(publicKey, cleanUsername(username, publicKey));
  }

  forget(publicKey: PublicKey): void {
    this.#introduced.delete(publicKey);
  }

  /** Undefined for somebody whom this machine has no link to. */
  introduced(publicKey: PublicKey): string | undefined {
    return this.#introduced.get(publicKey);
  }

  /** A name as shown; empty for somebody who is in no room of this machine. */
  of(publicKey: PublicKey): string {
    return this.#introduced.get(publicKey) ?? this.#listed(publicKey);
  }

  #listed(publicKey: PublicKey): string {
    const members = this.#rooms.snapshots.flatMap((room) => room.members);
    return members.find((member) => member.publicKey === publicKey)?.username ?? "";
  }
}
