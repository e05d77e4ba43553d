import type { PublicKey, RoomId } from "../base/brand.ts";
import { Emitter } from "../base/emitter.ts";
import type { Logger } from "../base/logger.ts";
import { type Failure, fail, messageOf, type Result } from "../base/result.ts";
import { readTrustMessage } from "./messages.ts";
import type { OwnerPin, RoomKey } from "./room-key.ts";
import { type Prints, type RoomNews, RoomTrust, type RoomTrustDeps, type TrustFailure } from "./room-trust.ts";
import type { SavedRoomTrust } from "./saved.ts";

export interface TrustEvents {
  news: RoomNews & { readonly roomId: RoomId };
  refused: { readonly publicKey: PublicKey; readonly failure: Failure };
  /** Something that a person can see has changed. */
  changed: Record<string, never>;
}

export interface TrustDeps extends Omit<RoomTrustDeps, "tell" | "changed" | "persist"> {
  readonly logger: Logger;
  /** Whether packets pass to and from a member. */
  readonly admit: (member: PublicKey, isAdmitted: boolean) => void;
  /** Writes down everything of the rooms; done when it is safe. Does not fail: a disk that is full keeps nobody out. */
  readonly persist: (rooms: readonly SavedRoomTrust[]) => Promise<void>;
}

/** What is known of a proven connection. */
interface LinkedMember {
  readonly prints: Prints;
  rooms: ReadonlySet<RoomId>;
}

/**
 * Who may exchange packets with this machine: whoever belongs in one of its rooms. It is told of proven connections and
 * of what members say over them; nothing that a server says counts.
 */
export class Trust {
  readonly events: Emitter<TrustEvents>;
  readonly #deps: TrustDeps;
  readonly #rooms = new Map<RoomId, RoomTrust>();
  readonly #linked = new Map<PublicKey, LinkedMember>();
  readonly #admitted = new Set<PublicKey>();

  constructor(deps: TrustDeps) {
    this.#deps = deps;
    const logger = deps.logger.child("trust");
    this.events = new Emitter((error) => logger.error("a listener failed", { error: messageOf(error) }));
  }

  get saved(): readonly SavedRoomTrust[] {
    return [...this.#rooms.values()].map(({ saved }) => saved);
  }

  room(roomId: RoomId): RoomTrust | undefined {
    return this.#rooms.get(roomId);
  }

  /** The rooms in which a member has a connection, or had one a moment ago. */
  roomsOf(member: PublicKey): readonly RoomTrust[] {
    return [...this.#rooms.values()].filter((room) => room.knows(member));
  }

  isAdmitted(member: PublicKey): boolean {
    return this.#admitted.has(member);
  }

  /** Takes up the rooms of an earlier run. */
  restore(saved: readonly SavedRoomTrust[]): void {
    for (const room of saved) if (!this.#rooms.has(room.roomId)) this.#open(room);
  }

  /** This machine made the room. */
  async found(roomId: RoomId, name: string, sealed: boolean): Promise<Result<void, TrustFailure>> {
    return this.#roomOrNew(roomId).found(name, sealed);
  }

  /** This machine enters a room, with what the invitation holds. */
  enter(
    roomId: RoomId,
    invitation: { readonly key?: RoomKey; readonly owner?: OwnerPin } = {},
  ): Result<void, TrustFailure> {
    return this.#roomOrNew(roomId).learn(invitation);
  }

  /** This machine is out of the room. Its key and policy are forgotten: whoever was removed has no use for them. */
  forget(roomId: RoomId): void {
    const room = this.#rooms.get(roomId);
    if (!room) return;
    room.close();
    this.#rooms.delete(roomId);
    void this.#persist();
    this.#readmit();
  }

  /** A proven connection to a member is in use. @param rooms where it is said to be. */
  linked(member: PublicKey, prints: Prints, rooms: readonly RoomId[]): void {
    this.#linked.set(member, { prints, rooms: new Set(rooms) });
    for (const roomId of rooms) this.#rooms.get(roomId)?.linked(member, prints);
    this.#readmit();
  }

  /** A member is said to be in these rooms and in no others. */
  shares(member: PublicKey, rooms: readonly RoomId[]): void {
    const linked = this.#linked.get(member);
    if (!linked) return;
    const before = linked.rooms;
    linked.rooms = new Set(rooms);
    for (const roomId of rooms) if (!before.has(roomId)) this.#rooms.get(roomId)?.linked(member, linked.prints);
    for (const roomId of before) if (!linked.rooms.has(roomId)) this.#rooms.get(roomId)?.left(member);
    this.#readmit();
  }

  unlinked(member: PublicKey): void {
    this.#linked.delete(member);
    for (const room of this.#rooms.values()) room.unlinked(member);
  }

  /** Nothing is known of the member any more. */
  gone(member: PublicKey): void {
    this.#linked.delete(member);
    for (const room of this.#rooms.values()) room.left(member);
    this.#readmit();
  }

  /** What a member said over a proven connection. What makes no sense is reported, and changes nothing. */
  said(member: PublicKey, prints: Prints, body: unknown): void {
    const read = readTrustMessage(body);
    if (!read.ok) return this.events.emit("refused", { publicKey: member, failure: read.error });
    const message = read.value;
    const room = message && this.#rooms.get(message.room);
    if (!message || !room) return;
    if (!room.knows(member)) {
      // Who shows that it belongs here may know better than the server. Else the id of a room would do in place of its PIN.
      if (!room.recognizes(member, prints, message)) return;
      room.linked(member, prints);
    }
    room.heard(member, prints, message);
    this.#readmit();
  }

  /** Asks something of a room. Fails with "unknown_room". */
  async ask<F extends Failure>(
    roomId: RoomId,
    question: (room: RoomTrust) => Promise<Result<void, F>> | Result<void, F>,
  ): Promise<Result<void>> {
    const room = this.#rooms.get(roomId);
    if (!room) return fail("unknown_room", "this machine is not in that room");
    const answer = await question(room);
    this.#readmit();
    return answer;
  }

  /** What has been asked for is done. */
  async settled(): Promise<void> {
    await Promise.all([...this.#rooms.values()].map((room) => room.settled()));
  }

  dispose(): void {
    for (const room of this.#rooms.values()) room.close();
    this.#rooms.clear();
  }

  #roomOrNew(roomId: RoomId): RoomTrust {
    return this.#rooms.get(roomId) ?? this.#open({ roomId });
  }

  #open(saved: SavedRoomTrust): RoomTrust {
    const { roomId } = saved;
    const room: RoomTrust = new RoomTrust(saved, {
      ...this.#deps,
      persist: () => this.#persist(),
      tell: (news) => this.#rooms.get(roomId) === room && this.events.emit("news", { ...news, roomId }),
      changed: () => {
        this.#readmit();
        this.events.emit("changed", {});
      },
    });
    this.#rooms.set(roomId, room);
    for (const [member, { rooms, prints }] of this.#linked) if (rooms.has(roomId)) room.linked(member, prints);
    return room;
  }

  /** Says who is let in, where that has changed. */
  #readmit(): void {
    const wanted = new Set<PublicKey>();
    for (const room of this.#rooms.values()) {
      for (const member of room.peers) if (room.standing(member) === "member") wanted.add(member);
    }
    for (const member of [...this.#admitted]) {
      if (wanted.has(member)) continue;
      this.#admitted.delete(member);
      this.#deps.admit(member, false);
    }
    for (const member of wanted) {
      if (this.#admitted.has(member)) continue;
      this.#admitted.add(member);
      this.#deps.admit(member, true);
    }
  }

  #persist(): Promise<void> {
    return this.#deps.persist(this.saved);
  }
}
