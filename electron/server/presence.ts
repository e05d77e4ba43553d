import type { Logger } from "../../shared/base/logger.ts";
import { messageOf } from "../../shared/base/result.ts";
import type { ServerMessage } from "../../shared/protocols/govpn/messages.ts";
import { sentence } from "../../shared/protocols/govpn/sentences.ts";
import type { ServerMetrics } from "./metrics.ts";
import type { RoomRecords } from "./room-records.ts";
import type { RoomStore } from "./room-store.ts";
import type { Member, Peer, Room, Rooms } from "./rooms.ts";
import { shortKey } from "./short-key.ts";

export type PeerLeftReason = "left" | "kicked" | "disconnected";

export interface PresenceOptions {
  readonly rooms: Rooms;
  readonly store: Pick<RoomStore, "delete">;
  readonly records: RoomRecords;
  readonly metrics: ServerMetrics;
  readonly logger: Logger;
  /** The room is gone, and everybody was told. */
  readonly onClosed: (room: Room) => void;
}

/** Who comes and goes, and the ends of rooms: each is written down, and told to the members. */
export class Presence {
  readonly #options: PresenceOptions;

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  /** A key is in a room through one socket: a later join takes its place over, since the earlier socket may be dead. */
  enter(room: Room, member: Member): void {
    const { rooms, records, metrics, logger } = this.#options;
    const { publicKey, peer } = member;
    records.touch(room);
    records.remember(room, publicKey);
    const before = room.members.get(publicKey);
    if (before?.peer === peer) {
      before.username = member.username;
      return;
    }
    if (before) this.leave(room, before, "disconnected");
    this.tell(room, {
      type: "PeerJoined",
      room_id: room.id,
      public_key: publicKey,
      ...(member.username !== undefined && { username: member.username }),
      connection_id: peer.id,
    });
    rooms.enter(room, member);
    metrics.roomsChanged(rooms);
    logger.info("member joined", { room: room.id, member: shortKey(publicKey), members: room.members.size });
  }

  leave(room: Room, member: Member, reason: PeerLeftReason): void {
    const { rooms, metrics, logger } = this.#options;
    rooms.leave(room, member);
    const { publicKey, peer } = member;
    this.tell(room, {
      type: "PeerLeft",
      room_id: room.id,
      public_key: publicKey,
      reason,
      connection_id: peer.id,
    });
    metrics.roomsChanged(rooms);
    logger.info("member left", { room: room.id, member: shortKey(publicKey), reason });
  }

  expire(room: Room): void {
    try {
      this.close(room, { type: "RoomDeleted", room_id: room.id, data: sentence.roomExpired }, "it expired");
    } catch (error) {
      this.#options.logger.error("an expired room could not be deleted", { room: room.id, error: messageOf(error) });
    }
  }

  /**
   * The store comes first: if it fails, nothing has happened yet.
   * @param leaving is not told: it asked for it.
   * @throws what the store throws.
   */
  close(room: Room, farewell: ServerMessage, why: string, leaving?: Peer): void {
    const { rooms, store, metrics, logger, onClosed } = this.#options;
    store.delete(room.id);
    this.tell(room, farewell, leaving);
    rooms.remove(room);
    onClosed(room);
    metrics.roomsChanged(rooms);
    logger.info("room deleted", { room: room.id, why });
  }

  /** To everybody in the room but `except`, in one serialization. */
  tell(room: Room, message: ServerMessage, except?: Peer): void {
    if (room.members.size === 0) return;
    const frame = JSON.stringify(message);
    for (const { peer } of room.members.values()) if (peer !== except) peer.send(frame);
  }
}
