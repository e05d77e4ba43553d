import type { ConnectionId, PublicKey, RoomId } from "../base/brand.ts";
import type { Clock } from "../base/clock.ts";
import type { ServerMessage } from "../protocols/govpn/messages.ts";
import { sentence } from "../protocols/govpn/sentences.ts";
import type { Membership } from "./membership.ts";
import type { SignalKind } from "./signal.ts";
import type { MemberRemoval } from "./snapshot.ts";
import type { LeftReason } from "./state.ts";

export interface PeerSeen {
  readonly roomId: RoomId;
  readonly publicKey: PublicKey;
  readonly connectionId?: ConnectionId;
  /** It was announced to us, so it came later, and the offer is ours. */
  readonly arrivedAfterUs: boolean;
}

export interface PeerGone {
  readonly roomId: RoomId;
  readonly publicKey: PublicKey;
  readonly reason: MemberRemoval;
}

export interface PeerAbsent {
  readonly roomId: RoomId;
  readonly publicKey: PublicKey;
}

export interface RelayedSignal {
  readonly roomId: RoomId;
  /** As the server says; what is inside proves itself. */
  readonly from: PublicKey;
  readonly connectionId?: ConnectionId;
  readonly kind: SignalKind;
  readonly content: string;
}

/** What a pushed message comes to. */
export interface IntakeSink {
  readonly peerSeen: (event: PeerSeen) => void;
  readonly peerAbsent: (event: PeerAbsent) => void;
  readonly peerGone: (event: PeerGone) => void;
  readonly signal: (event: RelayedSignal) => void;
  readonly closed: (membership: Membership, reason: LeftReason, message: string) => void;
  /** It is about no room of ours, or too much: dropped. */
  readonly dropped: (message: ServerMessage, why: string) => void;
}

type Pushed<T extends ServerMessage["type"]> = Extract<ServerMessage, { type: T }>;

/** Brings what the server pushes to the room it is about. */
export class Intake {
  readonly #rooms: ReadonlyMap<RoomId, Membership>;
  readonly #clock: Clock;
  readonly #sink: IntakeSink;

  constructor(rooms: ReadonlyMap<RoomId, Membership>, clock: Clock, sink: IntakeSink) {
    this.#rooms = rooms;
    this.#clock = clock;
    this.#sink = sink;
  }

  receive(message: ServerMessage): void {
    const membership = this.#roomOf(message);
    if (!membership) return this.#sink.dropped(message, "not about a room of ours");
    if (!membership.frames.take(this.#clock.now())) return this.#sink.dropped(message, "too many frames for one room");
    switch (message.type) {
      case "RoomJoined":
        // The answer to a request that had already been given up.
        return membership.entered(message.room_name);
      case "PeerJoined":
        return this.#peerJoined(membership, message);
      case "PeerLeft":
        return this.#peerLeft(membership, message);
      case "Offer":
        return this.#signal(membership, message, "offer", message.offer);
      case "Answer":
        return this.#signal(membership, message, "answer", message.answer);
      case "Candidate":
        return this.#signal(membership, message, "candidate", message.candidate);
      case "RoomRenamed":
        return membership.apply({ type: "renamed", name: message.room_name });
      case "Kicked":
        return this.#kicked(membership, message.data);
      case "RoomDeleted":
        return this.#sink.closed(membership, "deleted", message.data ?? "the room was deleted");
      default:
        return this.#sink.dropped(message, "a late reply");
    }
  }

  #roomOf(message: ServerMessage): Membership | undefined {
    if ("room_id" in message && message.room_id !== undefined) return this.#rooms.get(message.room_id as RoomId);
    if (message.type !== "Offer" && message.type !== "Answer" && message.type !== "Candidate") return undefined;
    // A server may relay without saying the room: then it is the one room, or the one where we know the sender.
    const rooms = [...this.#rooms.values()];
    if (rooms.length === 1) return rooms[0];
    const shared = rooms.filter((membership) => membership.member(message.public_key));
    return shared.length === 1 ? shared[0] : undefined;
  }

  #peerJoined(membership: Membership, message: Pushed<"PeerJoined">): void {
    const { public_key: publicKey, username } = message;
    const connectionId = message.connection_id as ConnectionId | undefined;
    membership.apply({ type: "peerJoined", publicKey, username, connectionId, at: this.#clock.wallTime() });
    this.#seen(membership, publicKey, true);
  }

  #peerLeft(membership: Membership, message: Pushed<"PeerLeft">): void {
    const { public_key: publicKey, reason } = message;
    const before = membership.member(publicKey);
    membership.apply({
      type: "peerLeft",
      publicKey,
      reason,
      connectionId: message.connection_id as ConnectionId | undefined,
    });
    const { roomId } = membership;
    const after = membership.member(publicKey);
    if (before && !after) this.#sink.peerGone({ roomId, publicKey, reason: reason === "kicked" ? "kicked" : "left" });
    else if (after && after !== before) this.#sink.peerAbsent({ roomId, publicKey });
  }

  #signal(
    membership: Membership,
    message: Pushed<"Offer" | "Answer" | "Candidate">,
    kind: SignalKind,
    content: string,
  ): void {
    const { public_key: from } = message;
    const connectionId = message.connection_id as ConnectionId | undefined;
    const wasKnown = membership.member(from) !== undefined;
    membership.apply({ type: "signalSeen", publicKey: from, connectionId, at: this.#clock.wallTime() });
    const member = membership.member(from);
    if (!member || member.isSelf) return this.#sink.dropped(message, "its sender is not a member");
    if (!wasKnown) this.#seen(membership, from, false);
    membership.touch();
    this.#sink.signal({
      roomId: membership.roomId,
      from,
      ...(member.connectionId !== undefined && { connectionId: member.connectionId }),
      kind,
      content,
    });
  }

  /** Tells of a member, unless it is ourselves or was one too many. */
  #seen(membership: Membership, publicKey: PublicKey, arrivedAfterUs: boolean): void {
    const member = membership.member(publicKey);
    if (!member || member.isSelf) return;
    membership.touch();
    this.#sink.peerSeen({
      roomId: membership.roomId,
      publicKey,
      ...(member.connectionId !== undefined && { connectionId: member.connectionId }),
      arrivedAfterUs,
    });
  }

  #kicked(membership: Membership, data: string | undefined): void {
    if (data === sentence.ownerLeft) this.#sink.closed(membership, "closed_by_owner", data);
    else this.#sink.closed(membership, "kicked", data ?? "the owner removed this member");
  }
}
