import type { PublicKey } from "../../shared/base/brand.ts";
import { hex } from "../../shared/base/bytes.ts";
import type { Clock } from "../../shared/base/clock.ts";
import type { Logger } from "../../shared/base/logger.ts";
import type { RandomBytes } from "../../shared/base/random.ts";
import { TokenBucket } from "../../shared/base/rate.ts";
import { messageOf, missingCase } from "../../shared/base/result.ts";
import type { ClientMessage, ClientMessageOf, ServerMessage } from "../../shared/protocols/govpn/messages.ts";
import { sentence } from "../../shared/protocols/govpn/sentences.ts";
import { CLEARED_SHARE, DAY_MS, MAX_ROOMS_PER_CONNECTION, type ServerLimits, SOLITARY_IDLE_MS } from "./limits.ts";
import type { ServerMetrics } from "./metrics.ts";
import { PinGate } from "./pin-gate.ts";
import { Busy, Pins } from "./pins.ts";
import { RateLimits } from "./rate-limits.ts";
import { type Refusal, refusal } from "./refusal.ts";
import { RoomRecords } from "./room-records.ts";
import type { RoomStore } from "./room-store.ts";
import { findMember, type Member, type Peer, type Room, Rooms, standingOf, turnsOf } from "./rooms.ts";
import { shortKey } from "./short-key.ts";
import { solitaryRooms } from "./solitary-rooms.ts";

/** 64 random bits: ids cannot be guessed, and 100,000 rooms collide once in 4 billion servers. */
const ROOM_ID_BYTES = 8;
const ROOM_ID_TRIES = 3;

/** What the sender of a message is told; undefined where the reference gives no answer (relayed messages). */
export type Outcome = { readonly reply: ServerMessage } | { readonly refusal: Refusal } | undefined;

export interface RoomServiceOptions {
  readonly store: RoomStore;
  readonly limits: ServerLimits;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
  readonly metrics: ServerMetrics;
}

type Relayed = ClientMessageOf<"Offer" | "Answer" | "Candidate">;
type PeerLeftReason = "left" | "kicked" | "disconnected";

const refuse = (...why: Parameters<typeof refusal>): Outcome => ({ refusal: refusal(...why) });

/**
 * What the protocol's eight messages do, and our ninth, HandOver. Messages come in verified and bound to their peer; replies go out as
 * the result, pushes through `Peer.send`. Time, randomness, storage and sockets are ports, so tests drive it without any.
 */
export class RoomService {
  readonly rooms = new Rooms();
  readonly #store: RoomStore;
  readonly #limits: ServerLimits;
  readonly #clock: Clock;
  readonly #random: RandomBytes;
  readonly #logger: Logger;
  readonly #metrics: ServerMetrics;
  readonly #pins: Pins;
  readonly #pinGate: PinGate;
  readonly #records: RoomRecords;
  readonly #rates: RateLimits;
  readonly #clearances: TokenBucket;

  /** Loads the store's rooms. @throws what the store throws. */
  constructor(options: RoomServiceOptions) {
    this.#store = options.store;
    this.#limits = options.limits;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#logger = options.logger.child("rooms");
    this.#metrics = options.metrics;
    this.#pins = new Pins(options.random);
    this.#records = new RoomRecords(options.store, options.clock, this.#logger);
    this.#pinGate = new PinGate(this.#pins, this.#records, options.clock, this.#logger);
    this.#rates = new RateLimits(options.limits.rateLimitPerMinute);
    this.#clearances = new TokenBucket(1, 60_000, options.clock.now());
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
        return refusedWhenBusy(this.#create(peer, message));
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
      if (member) this.#remove(room, member, "disconnected");
    }
  }

  /** Deletes rooms idle for too long. A room with anyone connected is in use, however quiet. */
  deleteIdleRooms(): void {
    const oldest = this.#clock.wallTime() - this.#limits.roomExpiryDays * DAY_MS;
    for (const room of [...this.rooms]) {
      if (room.members.size > 0) this.#records.touch(room);
      else if (room.lastActivity < oldest) this.#expire(room);
    }
  }

  /** Writes what activity the store does not know yet; for shutting down. */
  flush(): void {
    this.#records.flush(this.rooms);
  }

  async #create(peer: Peer, message: ClientMessageOf<"CreateRoom">): Promise<Outcome> {
    const owner = message.public_key;
    if (!this.#mayEnter(peer, owner)) return refuse("rateLimited");
    const refused = this.#refuseCreation(peer, owner);
    if (refused) return refused;
    if (!this.#rates.mayCreate(peer.address, this.#clock.now())) {
      this.#metrics.rateLimited("enter");
      return refuse("rateLimited");
    }
    const pin = await this.#pins.seal(message.password, turnsOf(peer));
    // The world may have changed while the PIN was hashed.
    if (!peer.isOpen) return undefined;
    const late = this.#refuseCreation(peer, owner);
    if (late) return late;

    const now = this.#clock.wallTime();
    const stored = { name: message.room_name, owner, pin, createdAt: now, lastActivity: now, knownKeys: [owner] };
    const id = this.#insert(stored);
    if (typeof id !== "string") return id;
    const room = this.rooms.add({ ...stored, id });
    this.#pins.remember(id, message.password);
    this.rooms.enter(room, { publicKey: owner, peer, username: message.username });
    this.#metrics.roomsChanged(this.rooms);
    this.#logger.info("room created", { room: id, owner: shortKey(owner) });
    return { reply: { type: "RoomCreated", room_id: id, room_name: room.name, password: message.password } };
  }

  #refuseCreation(peer: Peer, owner: PublicKey): Outcome {
    const owned = this.rooms.ownedBy(owner);
    if (owned) return refuse("alreadyCreated", owned.id);
    if (this.rooms.of(peer).size >= MAX_ROOMS_PER_CONNECTION) return refuse("tooManyRooms");
    if (this.rooms.size >= this.#limits.maxRooms && !this.#clearOut()) {
      this.#logger.warn("no more rooms can be created", { rooms: this.rooms.size });
      return refuse("databaseError");
    }
    return undefined;
  }

  /** @returns whether there is a place for another room. Looks for one once a minute, for it looks at every room. */
  #clearOut(): boolean {
    if (!this.#clearances.take(this.#clock.now())) return false;
    const before = this.#clock.wallTime() - SOLITARY_IDLE_MS;
    const count = Math.ceil(this.#limits.maxRooms * CLEARED_SHARE);
    for (const room of solitaryRooms(this.rooms, before, count)) this.#expire(room);
    return this.rooms.size < this.#limits.maxRooms;
  }

  #insert(room: Omit<Parameters<RoomStore["insert"]>[0], "id">): string | Outcome {
    for (let i = 0; i < ROOM_ID_TRIES; i++) {
      const id = hex.encode(this.#random(ROOM_ID_BYTES));
      if (this.rooms.get(id)) continue;
      try {
        if (this.#store.insert({ ...room, id })) return id;
      } catch (error) {
        this.#logger.error("a room could not be stored", { error: messageOf(error) });
        return refuse("databaseError");
      }
    }
    return refuse("roomIdConflict");
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

    this.#enter(room, { publicKey: key, peer, username: message.username });
    return { reply: { type: "RoomJoined", room_id: room.id, room_name: room.name } };
  }

  /** A key is in a room through one socket: a later join takes its place over, since the earlier socket may be dead. */
  #enter(room: Room, member: Member): void {
    const { publicKey, peer } = member;
    this.#records.touch(room);
    this.#records.remember(room, publicKey);
    const before = room.members.get(publicKey);
    if (before?.peer === peer) {
      before.username = member.username;
      return;
    }
    if (before) this.#remove(room, before, "disconnected");
    this.#push(room, {
      type: "PeerJoined",
      room_id: room.id,
      public_key: publicKey,
      ...(member.username !== undefined && { username: member.username }),
      connection_id: peer.id,
    });
    this.rooms.enter(room, member);
    this.#metrics.roomsChanged(this.rooms);
    this.#logger.info("member joined", { room: room.id, member: shortKey(publicKey), members: room.members.size });
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
      this.#delete(room, { type: "Kicked", room_id: room.id, data: sentence.ownerLeft }, "its owner left", peer);
    } else {
      this.#records.touch(room);
      this.#remove(room, member, "left");
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
    this.#remove(room, target, "kicked");
    return { reply: { type: "KickSuccess", room_id: room.id, target_id: message.target_id } };
  }

  #rename(peer: Peer, message: ClientMessageOf<"Rename">): Outcome {
    if (!this.#mayChange(peer, message.public_key)) return refuse("rateLimited");
    const room = this.#roomOwnedBy(peer, message, "ownerOnlyRename");
    if ("refusal" in room) return room;
    this.#store.rename(room.id, message.room_name);
    room.name = message.room_name;
    this.#records.touch(room);
    this.#push(room, { type: "RoomRenamed", room_id: room.id, room_name: room.name });
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

  #remove(room: Room, member: Member, reason: PeerLeftReason): void {
    this.rooms.leave(room, member);
    const { publicKey, peer } = member;
    this.#push(room, {
      type: "PeerLeft",
      room_id: room.id,
      public_key: publicKey,
      reason,
      connection_id: peer.id,
    });
    this.#metrics.roomsChanged(this.rooms);
    this.#logger.info("member left", { room: room.id, member: shortKey(publicKey), reason });
  }

  #expire(room: Room): void {
    try {
      this.#delete(room, { type: "RoomDeleted", room_id: room.id, data: sentence.roomExpired }, "it expired");
    } catch (error) {
      this.#logger.error("an expired room could not be deleted", { room: room.id, error: messageOf(error) });
    }
  }

  /** The store comes first: if it fails, nothing has happened yet. */
  #delete(room: Room, farewell: ServerMessage, why: string, leaving?: Peer): void {
    this.#store.delete(room.id);
    this.#push(room, farewell, leaving);
    this.rooms.remove(room);
    this.#pins.forget(room.id);
    this.#pinGate.forget(room.id);
    this.#metrics.roomsChanged(this.rooms);
    this.#logger.info("room deleted", { room: room.id, why });
  }

  /** To everybody in the room but `except`, in one serialization. */
  #push(room: Room, message: ServerMessage, except?: Peer): void {
    if (room.members.size === 0) return;
    const frame = JSON.stringify(message);
    for (const { peer } of room.members.values()) if (peer !== except) peer.send(frame);
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
