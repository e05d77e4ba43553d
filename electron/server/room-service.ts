import type { PublicKey } from "../../shared/base/brand.ts";
import type { Clock } from "../../shared/base/clock.ts";
import type { Logger } from "../../shared/base/logger.ts";
import type { RandomBytes } from "../../shared/base/random.ts";
import { missingCase } from "../../shared/base/result.ts";
import type { ClientMessage, ClientMessageOf, ServerMessage } from "../../shared/protocols/govpn/messages.ts";
import { sentence } from "../../shared/protocols/govpn/sentences.ts";
import { Founding } from "./founding.ts";
import { DAY_MS, MAX_ROOMS_PER_CONNECTION, type ServerLimits } from "./limits.ts";
import type { ServerMetrics } from "./metrics.ts";
import { type Outcome, refuse } from "./outcome.ts";
import { PinGate } from "./pin-gate.ts";
import { Busy, Pins } from "./pins.ts";
import { Presence } from "./presence.ts";
import { RateLimits } from "./rate-limits.ts";
import { type Refusal, refusal } from "./refusal.ts";
import { RoomRecords } from "./room-records.ts";
import type { RoomStore } from "./room-store.ts";
import { findMember, type Peer, type Room, Rooms, standingOf } from "./rooms.ts";
import { shortKey } from "./short-key.ts";

export interface RoomServiceOptions {
  readonly store: RoomStore;
  readonly limits: ServerLimits;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
  readonly metrics: ServerMetrics;
}

type Relayed = ClientMessageOf<"Offer" | "Answer" | "Candidate">;

/**
 * What the protocol's eight messages do, and our ninth, HandOver. Messages come in verified and bound to their peer; replies go out as
 * the result, pushes through `Peer.send`. Time, randomness, storage and sockets are ports, so tests drive it without any.
 */
export class RoomService {
  readonly rooms = new Rooms();
  readonly #store: RoomStore;
  readonly #limits: ServerLimits;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: ServerMetrics;
  readonly #pins: Pins;
  readonly #pinGate: PinGate;
  readonly #records: RoomRecords;
  readonly #rates: RateLimits;
  readonly #presence: Presence;
  readonly #founding: Founding;

  /** Loads the store's rooms. @throws what the store throws. */
  constructor(options: RoomServiceOptions) {
    this.#store = options.store;
    this.#limits = options.limits;
    this.#clock = options.clock;
    this.#logger = options.logger.child("rooms");
    this.#metrics = options.metrics;
    this.#pins = new Pins(options.random);
    this.#records = new RoomRecords(options.store, options.clock, this.#logger);
    this.#pinGate = new PinGate(this.#pins, this.#records, options.clock, this.#logger);
    this.#rates = new RateLimits(options.limits.rateLimitPerMinute);
    const { rooms } = this;
    const shared = { ...options, rooms, logger: this.#logger, records: this.#records };
    this.#presence = new Presence({
      ...shared,
      onClosed: ({ id }) => {
        this.#pins.forget(id);
        this.#pinGate.forget(id);
      },
    });
    const expire = (room: Room) => this.#presence.expire(room);
    this.#founding = new Founding({ ...shared, pins: this.#pins, rates: this.#rates, expire });
    for (const stored of this.#store.load()) {
      this.rooms.add(stored);
      this.#pinGate.restore(stored);
    }
    this.#metrics.roomsChanged(this.rooms);
  }

  /** Carries out one message of `peer`, signed by the key in it. */
  handle(peer: Peer, message: ClientMessage): Outcome | Promise<Outcome> {
    switch (message.type) {
      case "Offer":
      case "Answer":
      case "Candidate":
        return this.#relay(peer, message);
      case "CreateRoom":
        if (!this.#mayEnter(peer, message.public_key)) return refuse("rateLimited");
        return refusedWhenBusy(this.#founding.create(peer, message));
      case "JoinRoom":
        return refusedWhenBusy(this.#join(peer, message));
      case "LeaveRoom":
        return this.#leave(peer, message);
      case "Kick":
        return this.#kick(peer, message);
      case "Rename":
        return this.#rename(peer, message);
      case "HandOver":
        return this.#handOver(peer, message);
      default:
        return missingCase(message);
    }
  }

  /** The peer's socket is gone: its rooms stay, even its own, and the others are told. */
  disconnected(peer: Peer): void {
    for (const room of [...this.rooms.of(peer)]) {
      const member = room.membersByConnection.get(peer.id);
      if (member) this.#presence.leave(room, member, "disconnected");
    }
  }

  /** Deletes rooms idle for too long. A room with anyone connected is in use, however quiet. */
  deleteIdleRooms(): void {
    const oldest = this.#clock.wallTime() - this.#limits.roomExpiryDays * DAY_MS;
    for (const room of [...this.rooms]) {
      if (room.members.size > 0) this.#records.touch(room);
      else if (room.lastActivity < oldest) this.#presence.expire(room);
    }
  }

  /** Writes what activity the store does not know yet; for shutting down. */
  flush(): void {
    this.#records.flush(this.rooms);
  }

  async #join(peer: Peer, message: ClientMessageOf<"JoinRoom">): Promise<Outcome> {
    const key = message.public_key;
    const room = this.rooms.get(message.room_id);
    if (!this.#mayEnter(peer, key, room)) return refuse("rateLimited");
    if (!room) return refuse("roomMissing");
    const rooms = this.rooms.of(peer);
    if (rooms.size >= MAX_ROOMS_PER_CONNECTION && !rooms.has(room)) return refuse("tooManyRooms");

    const wrong = await this.#checkPin(room, message.password, peer, key);
    if (wrong) return wrong;
    if (!peer.isOpen) return undefined;
    if (this.rooms.get(room.id) !== room) return refuse("roomMissing");
    // Whether a room is full is nobody's business who does not know its PIN.
    if (room.members.size >= this.#limits.maxMembers && !room.members.has(key)) return refuse("roomFull");

    this.#presence.enter(room, { publicKey: key, peer, username: message.username });
    return { reply: { type: "RoomJoined", room_id: room.id, room_name: room.name } };
  }

  async #checkPin(room: Room, pin: string, peer: Peer, key: PublicKey): Promise<Outcome> {
    const verdict = await this.#pinGate.check(room, pin, peer, key);
    if (verdict === "right") return undefined;
    if (verdict === "wrong") return refuse("wrongPin");
    this.#metrics.rateLimited("pin");
    return refuse("rateLimited");
  }

  /** Whoever floods an address's allowance keeps its other users out, but none who are coming back to their room. */
  #mayEnter(peer: Peer, key: PublicKey, room?: Room): boolean {
    const isReturning = room !== undefined && standingOf(room, key) !== "stranger";
    const now = this.#clock.now();
    const may = isReturning ? this.#rates.mayReturn(key, now) : this.#rates.mayEnter(key, peer.address, now);
    if (may) return true;
    this.#metrics.rateLimited("enter");
    return false;
  }

  #mayChange(peer: Peer, key: PublicKey): boolean {
    if (this.#rates.mayChange(key, peer.address, this.#clock.now())) return true;
    this.#metrics.rateLimited("change");
    return false;
  }

  #leave(peer: Peer, message: ClientMessageOf<"LeaveRoom">): Outcome {
    if (!this.#mayChange(peer, message.public_key)) return refuse("rateLimited");
    const room = this.#roomToLeave(peer, message.room_id);
    if ("refusal" in room) return room;
    const member = room.membersByConnection.get(peer.id);
    if (!member) return refuse("notInRoom");
    if (member.publicKey === room.owner) {
      this.#presence.close(
        room,
        { type: "Kicked", room_id: room.id, data: sentence.ownerLeft },
        "its owner left",
        peer,
      );
    } else {
      this.#records.touch(room);
      this.#presence.leave(room, member, "left");
    }
    return { reply: { type: "LeaveRoomSuccess", room_id: room.id } };
  }

  /** "If not provided, the server will use the room ID associated with the connection" : where there is just one. */
  #roomToLeave(peer: Peer, roomId: string | undefined): Room | { readonly refusal: Refusal } {
    // Clients send an empty id, or null, for one that they leave out.
    if (roomId) return this.rooms.get(roomId) ?? { refusal: refusal("roomMissing") };
    const [only, ...more] = this.rooms.of(peer);
    if (!only) return { refusal: refusal("notInRoom") };
    return more.length === 0 ? only : { refusal: refusal("roomIdRequired") };
  }

  #kick(peer: Peer, message: ClientMessageOf<"Kick">): Outcome {
    if (!this.#mayChange(peer, message.public_key)) return refuse("rateLimited");
    const room = this.#roomOwnedBy(peer, message, "ownerOnlyKick");
    if ("refusal" in room) return room;
    const target = findMember(room, message.target_id);
    if (!target) return refuse("peerMissing");
    if (target.publicKey === room.owner) return refuse("kickSelf");
    this.#records.touch(room);
    target.peer.send(JSON.stringify({ type: "Kicked", room_id: room.id } satisfies ServerMessage));
    this.#presence.leave(room, target, "kicked");
    return { reply: { type: "KickSuccess", room_id: room.id, target_id: message.target_id } };
  }

  #rename(peer: Peer, message: ClientMessageOf<"Rename">): Outcome {
    if (!this.#mayChange(peer, message.public_key)) return refuse("rateLimited");
    const room = this.#roomOwnedBy(peer, message, "ownerOnlyRename");
    if ("refusal" in room) return room;
    this.#store.rename(room.id, message.room_name);
    room.name = message.room_name;
    this.#records.touch(room);
    this.#presence.tell(room, { type: "RoomRenamed", room_id: room.id, room_name: room.name });
    return { reply: { type: "RenameSuccess", room_id: room.id, room_name: room.name } };
  }

  /** Told to nobody else: whom the members take for their owner, they tell each other, signed. */
  #handOver(peer: Peer, message: ClientMessageOf<"HandOver">): Outcome {
    if (!this.#mayChange(peer, message.public_key)) return refuse("rateLimited");
    const room = this.#roomOwnedBy(peer, message, "ownerOnlyHandOver");
    if ("refusal" in room) return room;
    const target = findMember(room, message.target_id);
    if (!target) return refuse("peerMissing");
    const { publicKey } = target;
    if (publicKey === room.owner) return refuse("handOverSelf");
    if (this.rooms.ownedBy(publicKey) || !this.#store.setOwner(room.id, publicKey)) return refuse("peerOwnsRoom");
    this.rooms.setOwner(room, publicKey);
    this.#records.touch(room);
    this.#logger.info("room handed over", {
      room: room.id,
      from: shortKey(message.public_key),
      to: shortKey(publicKey),
    });
    return { reply: { type: "HandOverSuccess", room_id: room.id, target_id: message.target_id } };
  }

  /** The owner acts from inside: its signature alone would let a recorded message act after it has gone. */
  #roomOwnedBy(
    peer: Peer,
    message: { readonly room_id: string; readonly public_key: PublicKey },
    otherwise: "ownerOnlyKick" | "ownerOnlyRename" | "ownerOnlyHandOver",
  ): Room | { readonly refusal: Refusal } {
    const room = this.rooms.get(message.room_id);
    if (!room) return { refusal: refusal("roomMissing") };
    if (room.owner !== message.public_key) return { refusal: refusal(otherwise) };
    return room.membersByConnection.has(peer.id) ? room : { refusal: refusal("notInRoom") };
  }

  /** The hot path: two look-ups and one frame, written out once. */
  #relay(peer: Peer, message: Relayed): Outcome {
    const room = this.rooms.get(message.room_id);
    if (!room) return refuse("roomMissing");
    if (!room.membersByConnection.has(peer.id)) return refuse("notInRoom");
    const target = findMember(room, message.destination_id);
    if (!target || target.peer === peer) return refuse("peerMissing");
    this.#records.touch(room);
    target.peer.send(JSON.stringify(relayedMessage(peer, message)));
    this.#metrics.relayed();
    return undefined;
  }
}

/** Hashing PINs is at its limit: better to try again later than to wait for minutes. */
async function refusedWhenBusy(outcome: Promise<Outcome>): Promise<Outcome> {
  try {
    return await outcome;
  } catch (error) {
    if (error instanceof Busy) return refuse("rateLimited");
    throw error;
  }
}

/** What the receiver gets: who it is from, as verified, and the signal. The signature was for this server alone. */
function relayedMessage(peer: Peer, message: Relayed): ServerMessage {
  const from = { room_id: message.room_id, public_key: message.public_key, connection_id: peer.id };
  switch (message.type) {
    case "Offer":
      return { type: "Offer", ...from, offer: message.offer };
    case "Answer":
      return { type: "Answer", ...from, answer: message.answer };
    case "Candidate":
      return { type: "Candidate", ...from, candidate: message.candidate };
    default:
      return missingCase(message);
  }
}
