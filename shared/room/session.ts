import type { PublicKey, RoomId } from "../base/brand.ts";
import type { Clock } from "../base/clock.ts";
import { type Disposable, DisposableStore } from "../base/disposable.ts";
import { Emitter } from "../base/emitter.ts";
import type { Logger } from "../base/logger.ts";
import type { RandomBytes } from "../base/random.ts";
import { fail, messageOf, ok, type Result } from "../base/result.ts";
import { MAX_SIGNAL_LENGTH, PIN_PATTERN, ROOM_ID_PATTERN } from "../protocols/govpn/limits.ts";
import type { SignalingClient } from "../signaling/client.ts";
import { REQUEST_DEADLINE_MS } from "../signaling/requests.ts";
import { type CreateRoom, Creation } from "./creation.ts";
import { Departures } from "./departures.ts";
import type { RoomSessionsEvents } from "./events.ts";
import { type RoomFailure, unknownRoom } from "./failures.ts";
import { Intake } from "./intake.ts";
import { Membership } from "./membership.ts";
import { cleanRoomName } from "./names.ts";
import { OwnerRequests } from "./owner-requests.ts";
import type { SavedRoom } from "./saved.ts";
import { type SignalKind, signalMessage } from "./signal.ts";
import { type RoomSnapshot, snapshotOf } from "./snapshot.ts";
import type { LeftReason } from "./state.ts";
import { cleanUsername } from "./username.ts";

/** What our server allows one connection; a person is in a handful. */
export const MAX_ROOMS = 32;

export interface RoomSessionsOptions {
  readonly client: SignalingClient;
  /** This machine's own key: the one the client signs with. */
  readonly self: PublicKey;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
}

export interface JoinRoom {
  readonly roomId: string;
  readonly pin: string;
  readonly username: string;
}

export interface LeaveOptions {
  /**
   * Without a word to the server: for a room that it takes for this machine's, and would delete, while its members
   * have another owner. It counts this machine as a member until the socket ends.
   */
  readonly quietly?: boolean;
}

/**
 * The rooms of this machine on one signaling server: enters them, keeps them over lost connections and restarts, and
 * brings what members signal to the mesh and back.
 */
export class RoomSessions implements Disposable {
  readonly events: Emitter<RoomSessionsEvents>;
  readonly #options: RoomSessionsOptions;
  readonly #logger: Logger;
  readonly #rooms = new Map<RoomId, Membership>();
  readonly #departures: Departures;
  readonly #intake: Intake;
  readonly #subscriptions = new DisposableStore();
  readonly #creation: Creation;
  readonly #owner: OwnerRequests;
  #savedText = "[]";

  constructor(options: RoomSessionsOptions) {
    this.#options = options;
    this.#logger = options.logger.child("rooms");
    this.events = new Emitter((error) => this.#logger.error("a listener failed", { error: messageOf(error) }));
    const { client, clock, random } = options;
    this.#departures = new Departures({ client, clock, random, onChange: () => this.#save() });
    this.#creation = new Creation({
      client,
      clock,
      opened: (saved, name) => this.#created(saved, name),
      enter: (saved) => this.#enter(saved),
      onQueued: () => this.events.emit("creationQueued", { until: this.creationQueuedUntil }),
    });
    this.#owner = new OwnerRequests({
      client,
      self: options.self,
      clock,
      rooms: this.#rooms,
      onKicked: (event) => this.events.emit("peerGone", event),
    });
    this.#intake = new Intake(this.#rooms, clock, {
      peerSeen: (event) => this.events.emit("peerSeen", event),
      peerAbsent: (event) => this.events.emit("peerAbsent", event),
      peerGone: (event) => this.events.emit("peerGone", event),
      signal: (event) => this.events.emit("signal", event),
      closed: (membership, reason, message) => this.#close(membership, reason, message),
      dropped: (message, why) => this.#logger.debug("dropped a message", { type: message.type, why }),
    });
    this.#subscriptions.add(client.events.on("message", (message) => this.#intake.receive(message)));
    this.#subscriptions.add(client.events.on("state", ({ kind }) => this.#connectionChanged(kind === "online")));
  }

  get snapshots(): readonly RoomSnapshot[] {
    return [...this.#rooms.values()].map(({ room }) => snapshotOf(room));
  }

  snapshot(roomId: RoomId): RoomSnapshot | undefined {
    const membership = this.#rooms.get(roomId);
    return membership && snapshotOf(membership.room);
  }

  /** Until when a room that is to be made waits for the server's rate limit; of one that is entered, its status tells. */
  get creationQueuedUntil(): number | undefined {
    return this.#creation.queuedUntil;
  }

  /** What `restore` takes. */
  get saved(): readonly SavedRoom[] {
    const established = [...this.#rooms.values()].filter((membership) => membership.isEstablished);
    return [...established.map((membership) => membership.saved), ...this.#departures.saved];
  }

  /** Takes up the rooms of an earlier run: rejoins them as soon as there is a connection, in the order given. */
  restore(list: readonly SavedRoom[]): void {
    const now = this.#options.clock.now();
    list.forEach((saved, i) => {
      if (saved.leaving) void this.#departures.add(saved);
      else if (!this.#rooms.has(saved.roomId) && this.#rooms.size < MAX_ROOMS) {
        this.#open(saved, { isEstablished: true, activeAt: now - 1 - i });
      }
    });
    this.#save();
    if (this.#options.client.state.kind === "online") this.#rejoin();
  }

  /** Makes a room, which this key then owns. One owned room a key: "already_created" names it. */
  async create(wanted: CreateRoom): Promise<Result<RoomSnapshot, RoomFailure>> {
    const name = cleanRoomName(wanted.name);
    if (name === undefined) return fail("invalid_room_name", "a room needs a name that can be seen");
    const invalid = this.#checkEntry(wanted.pin);
    if (invalid) return invalid;
    const username = cleanUsername(wanted.username, this.#options.self);
    return this.#creation.create({ name, pin: wanted.pin, username });
  }

  /** Enters a room. A failure ends it; only rooms that let us in once are rejoined. */
  async join(wanted: JoinRoom): Promise<Result<RoomSnapshot, RoomFailure>> {
    const roomId = wanted.roomId.trim();
    if (!ROOM_ID_PATTERN.test(roomId)) return fail("invalid_room_id", "this is not a room id");
    const invalid = this.#checkEntry(wanted.pin, roomId as RoomId);
    if (invalid) return invalid;
    return this.#enter({
      roomId: roomId as RoomId,
      name: "",
      pin: wanted.pin,
      owner: false,
      username: cleanUsername(wanted.username, this.#options.self),
    });
  }

  /**
   * Leaves a room: at once on this side, at the server as soon as it can be told. An owner's leaving deletes the room.
   * @returns whether the server has confirmed; if not, it is told later, after a restart if need be, unless quietly.
   */
  async leave(
    roomId: RoomId,
    options: LeaveOptions = {},
  ): Promise<Result<{ readonly delivered: boolean }, RoomFailure>> {
    const membership = this.#rooms.get(roomId);
    if (!membership) return unknownRoom();
    const { saved } = membership;
    this.#close(membership, "left", "left by the user");
    if (options.quietly) return ok({ delivered: false });
    return ok({ delivered: await this.#departures.add(saved) });
  }

  /**
   * The room's owner removed this machine, by its signed word: it is out at once. The server is told, since it may not
   * know; not where it still takes this machine for the owner, and would close the room for everybody.
   */
  expelled(roomId: RoomId, message: string): void {
    const membership = this.#rooms.get(roomId);
    if (!membership) return;
    const { saved } = membership;
    this.#close(membership, "kicked", message);
    if (!saved.owner) void this.#departures.add(saved);
  }

  /** Renames a room of one's own. @returns the name as the server has it. */
  rename(roomId: RoomId, name: string): Promise<Result<string, RoomFailure>> {
    return this.#owner.rename(roomId, name);
  }

  /** Removes a member from a room of one's own. It can come back with the PIN. */
  kick(roomId: RoomId, publicKey: PublicKey): Promise<Result<void, RoomFailure>> {
    return this.#owner.kick(roomId, publicKey);
  }

  /** As `OwnerRequests.handOver`; then the room is not this machine's any more. */
  async handOver(roomId: RoomId, publicKey: PublicKey): Promise<Result<void, RoomFailure>> {
    const done = await this.#owner.handOver(roomId, publicKey);
    if (done.ok) this.setOwner(roomId, false);
    return done;
  }

  /** Whose the room is was decided elsewhere: by its members' signed policy. The server is not asked. */
  setOwner(roomId: RoomId, isOwner: boolean): void {
    const membership = this.#rooms.get(roomId);
    if (!membership || membership.isOwner === isOwner) return;
    membership.setOwner(isOwner);
    this.#save();
  }

  /** Whether the room is sealed, and by which hash its founder is known: kept for when its key and policy are lost. */
  setSealed(roomId: RoomId, sealed: string | undefined): void {
    const membership = this.#rooms.get(roomId);
    if (!membership || membership.saved.sealed === sealed) return;
    membership.setSealed(sealed);
    this.#save();
  }

  /** The name for all rooms. The server knows the new one from the next join on; members hear it from the mesh. */
  setUsername(username: string): void {
    const cleaned = cleanUsername(username, this.#options.self);
    for (const membership of this.#rooms.values()) membership.setUsername(cleaned);
    this.#save();
  }

  /**
   * Sends an offer, an answer or a candidate to a member.
   * @returns false when it was dropped: not in the room just now, too large, or too much is waiting.
   */
  sendSignal(roomId: RoomId, to: PublicKey, kind: SignalKind, content: string): boolean {
    const membership = this.#rooms.get(roomId);
    if (!membership?.isJoined || content.length > MAX_SIGNAL_LENGTH) return false;
    const destination = membership.member(to)?.connectionId ?? to;
    return this.#options.client.send(signalMessage(roomId, destination, kind, content));
  }

  /** A member told its name over its tunnel. */
  hello(roomId: RoomId, publicKey: PublicKey, username: string): void {
    this.#rooms.get(roomId)?.apply({ type: "hello", publicKey, username });
  }

  /** The mesh gives a member up: neither signaling nor a tunnel reaches it. */
  memberGone(roomId: RoomId, publicKey: PublicKey): void {
    this.#rooms.get(roomId)?.apply({ type: "memberGone", publicKey, reason: "gone" });
  }

  /** Lets go of the client. The rooms stay as they are at the server and in what was saved. */
  dispose(): void {
    this.#subscriptions.dispose();
    this.#departures.dispose();
    for (const membership of this.#rooms.values()) membership.dispose();
    this.#rooms.clear();
  }

  #connectionChanged(isOnline: boolean): void {
    if (isOnline) {
      this.#departures.connected();
      this.#rejoin();
    } else {
      this.#departures.disconnected();
      for (const membership of this.#rooms.values()) membership.signalingLost();
    }
  }

  /** The liveliest room first, since the rate limit may spread this over minutes. */
  #rejoin(): void {
    const lost = [...this.#rooms.values()].filter((membership) => !membership.isJoined);
    for (const membership of lost.sort((a, b) => b.activeAt - a.activeAt)) void membership.rejoin();
  }

  /** The server made a room, and we are in it. Undefined if it gave it the id of another one. */
  #created(saved: SavedRoom, name: string | undefined): RoomSnapshot | undefined {
    if (this.#rooms.has(saved.roomId)) return undefined;
    this.#departures.cancel(saved.roomId);
    const membership = this.#open(saved);
    membership.entered(name);
    return snapshotOf(membership.room);
  }

  async #enter(saved: SavedRoom): Promise<Result<RoomSnapshot, RoomFailure>> {
    const present = this.#rooms.get(saved.roomId);
    if (present) return this.#joinPresent(present);
    this.#departures.cancel(saved.roomId);
    const membership = this.#open(saved);
    const result = await membership.join();
    if (result.ok) return ok(snapshotOf(membership.room));
    const isMissing = result.error.code === "room_missing";
    this.#close(membership, isMissing ? "deleted" : "refused", result.error.message);
    return result;
  }

  async #joinPresent(membership: Membership): Promise<Result<RoomSnapshot, RoomFailure>> {
    if (await membership.whenJoined(REQUEST_DEADLINE_MS)) return ok(snapshotOf(membership.room));
    return fail("timeout", "the room could not be joined in time");
  }

  #checkEntry(pin: string, roomId?: RoomId): Result<never, RoomFailure> | undefined {
    if (!PIN_PATTERN.test(pin)) return fail("invalid_pin", "a PIN is exactly four digits");
    const isNew = roomId === undefined || !this.#rooms.has(roomId);
    if (!isNew || this.#rooms.size < MAX_ROOMS) return undefined;
    return fail("too_many_rooms", `a machine can be in ${MAX_ROOMS} rooms at once`);
  }

  #open(saved: SavedRoom, options = { isEstablished: false, activeAt: this.#options.clock.now() }): Membership {
    const { client, self, clock, random } = this.#options;
    const membership = new Membership(
      {
        client,
        self,
        clock,
        random,
        onDelta: ({ roomId }, delta) => {
          this.events.emit("delta", { roomId, delta });
          if (delta.type === "renamed" || delta.type === "status") this.#save();
        },
        onRefused: (refused, reason, message) => this.#close(refused, reason, message),
      },
      saved,
      options,
    );
    this.#rooms.set(saved.roomId, membership);
    this.events.emit("opened", snapshotOf(membership.room));
    return membership;
  }

  #close(membership: Membership, reason: LeftReason, message: string): void {
    const { roomId } = membership;
    if (this.#rooms.get(roomId) !== membership) return;
    this.#rooms.delete(roomId);
    membership.apply({ type: "closed", at: this.#options.clock.wallTime(), reason, message });
    this.#save();
    this.events.emit("closed", { roomId, reason, message });
  }

  #save(): void {
    const { saved } = this;
    const text = JSON.stringify(saved);
    if (text === this.#savedText) return;
    this.#savedText = text;
    this.events.emit("saved", saved);
  }
}
