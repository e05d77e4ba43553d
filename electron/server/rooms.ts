import type { ConnectionId, PublicKey } from "../../shared/base/brand.ts";
import type { Standing, StoredPin } from "./room-store.ts";

/** One client's socket, as the room logic sees it. Real: connection.ts. Fake: test/fakes/peer.ts. */
export interface Peer {
  readonly id: ConnectionId;
  /** Whom a limit "per address" means: see client-address.ts. */
  readonly address: ClientAddress;
  readonly isOpen: boolean;
  /** Sends a frame if the socket is still open. */
  send(frame: string): void;
}

export interface ClientAddress {
  /** An IPv4 address, an IPv6 /64 ("2001:db8:1:2::/64"). */
  readonly group: string;
  /** False for local connections, behind which there may be a proxy with everybody. */
  readonly isLimited: boolean;
}

export interface Member {
  readonly publicKey: PublicKey;
  readonly peer: Peer;
  username: string | undefined;
}

export interface Room {
  readonly id: string;
  name: string;
  /** Only through `Rooms.setOwner`, which also knows whom which room belongs to. */
  owner: PublicKey;
  readonly pin: StoredPin;
  /** Milliseconds since 1970. */
  lastActivity: number;
  /** The `lastActivity` that the store knows. */
  storedActivity: number;
  /** Keys that were let in before, the latest last. */
  readonly knownKeys: Set<PublicKey>;
  /** A key is in a room once, through one socket. */
  readonly members: Map<PublicKey, Member>;
  readonly membersByConnection: Map<ConnectionId, Member>;
}

export type NewRoom = Pick<Room, "id" | "name" | "owner" | "pin" | "lastActivity"> & {
  readonly knownKeys?: Iterable<PublicKey>;
};

/** With whom a peer shares its turns at work that takes time: its address, where that tells clients apart. */
export function turnsOf({ id, address }: Pick<Peer, "id" | "address">): string {
  return address.isLimited ? address.group : id;
}

/** What the PIN's guard makes of a key. */
export function standingOf(room: Room, key: PublicKey): Standing {
  if (key === room.owner) return "owner";
  return room.knownKeys.has(key) ? "member" : "stranger";
}

const noRooms: ReadonlySet<Room> = new Set();

/** Every room there is and who is in it. Plain bookkeeping: it decides nothing and sends nothing. */
export class Rooms {
  readonly #byId = new Map<string, Room>();
  readonly #byOwner = new Map<PublicKey, Room>();
  readonly #byConnection = new Map<ConnectionId, Set<Room>>();
  #memberCount = 0;

  get size(): number {
    return this.#byId.size;
  }

  get memberCount(): number {
    return this.#memberCount;
  }

  get(id: string): Room | undefined {
    return this.#byId.get(id);
  }

  ownedBy(key: PublicKey): Room | undefined {
    return this.#byOwner.get(key);
  }

  /** The rooms that a connection is in. */
  of(peer: Peer): ReadonlySet<Room> {
    return this.#byConnection.get(peer.id) ?? noRooms;
  }

  [Symbol.iterator](): IterableIterator<Room> {
    return this.#byId.values();
  }

  add(fields: NewRoom): Room {
    const room: Room = {
      id: fields.id,
      name: fields.name,
      owner: fields.owner,
      pin: fields.pin,
      lastActivity: fields.lastActivity,
      storedActivity: fields.lastActivity,
      knownKeys: new Set(fields.knownKeys),
      members: new Map(),
      membersByConnection: new Map(),
    };
    this.#byId.set(room.id, room);
    this.#byOwner.set(room.owner, room);
    return room;
  }

  /** Forgets the room and everybody's place in it. */
  remove(room: Room): void {
    for (const member of [...room.members.values()]) this.leave(room, member);
    this.#byId.delete(room.id);
    this.#byOwner.delete(room.owner);
  }

  /** @param owner a key that owns no room. */
  setOwner(room: Room, owner: PublicKey): void {
    this.#byOwner.delete(room.owner);
    room.owner = owner;
    this.#byOwner.set(owner, room);
  }

  enter(room: Room, member: Member): void {
    room.members.set(member.publicKey, member);
    room.membersByConnection.set(member.peer.id, member);
    this.#memberCount++;
    const rooms = this.#byConnection.get(member.peer.id);
    if (rooms) rooms.add(room);
    else this.#byConnection.set(member.peer.id, new Set([room]));
  }

  leave(room: Room, member: Member): void {
    if (!room.members.delete(member.publicKey)) return;
    room.membersByConnection.delete(member.peer.id);
    this.#memberCount--;
    const rooms = this.#byConnection.get(member.peer.id);
    rooms?.delete(room);
    if (rooms?.size === 0) this.#byConnection.delete(member.peer.id);
  }
}

/** @param id a connection id or a public key: the reference says "connection id" and hands out only keys. */
export function findMember(room: Room, id: string): Member | undefined {
  return room.membersByConnection.get(id as ConnectionId) ?? room.members.get(id as PublicKey);
}
