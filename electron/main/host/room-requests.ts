import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import type { Logger } from "../../../shared/base/logger.ts";
import { fail, ok, type Result } from "../../../shared/base/result.ts";
import type { InRoom, MemberInRoom, Method, Params, Replies, RoomView } from "../../../shared/ipc/contract.ts";
import type { PeerView } from "../../../shared/mesh/mesh.ts";
import { ROOM_ID_PATTERN } from "../../../shared/protocols/govpn/limits.ts";
import { cleanRoomName } from "../../../shared/room/names.ts";
import type { RoomSessions } from "../../../shared/room/session.ts";
import type { RoomSnapshot } from "../../../shared/room/snapshot.ts";
import type { RoomTrust } from "../../../shared/trust/room-trust.ts";
import type { TrustDesk } from "../trust/desk.ts";
import { readSecrets } from "../trust/invitation-secrets.ts";
import { type FoundMember, findMember, pickRoom } from "./lookup.ts";

export interface RoomRequestsDeps {
  readonly rooms: RoomSessions;
  readonly trust: TrustDesk;
  readonly logger: Logger;
  readonly peers: () => readonly PeerView[];
  /** The rooms, under the names that their owners gave them. */
  readonly snapshots: () => readonly RoomSnapshot[];
  readonly view: (room: RoomSnapshot) => RoomView;
  /** This machine's name, where a request brings none. */
  readonly username: () => string;
}

/** What of the host's requests is about a room. */
export type RoomMethod = Exclude<Method, "status" | "ping" | "setUsername" | "down">;
export type Handlers<M extends Method> = { readonly [N in M]: (params: Params<N>) => Promise<Result<Replies[N]>> };

/**
 * Carries out what is asked of rooms and their members, both as people name them. In a room whose owner has signed a
 * policy that is the way it is done, and the server is told beside it; in any other the server's word is all there is.
 */
export class RoomRequests {
  readonly #deps: RoomRequestsDeps;

  constructor(deps: RoomRequestsDeps) {
    this.#deps = deps;
  }

  readonly handlers: Handlers<RoomMethod> = {
    create: (params) => this.#create(params),
    join: (params) => this.#join(params),
    rename: (params) => this.#rename(params),
    kick: (params) => this.#kick(params),
    leave: (params) => this.#leave(params),
    unban: ({ roomId, publicKey }) =>
      this.#inRoom(roomId, ({ roomId: id }) => this.#ask(id, (trust) => trust.forgive(publicKey as PublicKey))),
    letIn: (params) => this.#ofMember(params, (room, member) => this.#ask(room, (trust) => trust.letIn(member))),
    turnAway: (params) => this.#ofMember(params, (room, member) => this.#ask(room, (trust) => trust.turnAway(member))),
    setRole: (params) =>
      this.#ofMember(params, (room, member) => this.#ask(room, (trust) => trust.setRole(member, params.role))),
    handOver: (params) => this.#ofMember(params, (room, member) => this.#ask(room, (trust) => trust.handOver(member))),
    setRules: ({ roomId, sealed, doors }) =>
      this.#inRoom(roomId, async (room) => {
        const ready = await this.#withPolicy(room);
        const rules = { ...(sealed !== undefined && { sealed }), ...(doors && { doors }) };
        return ready.ok ? this.#ask(room.roomId, (trust) => trust.setRules(rules)) : ready;
      }),
    setInbound: (params) => this.#setInbound(params),
    setCompared: async ({ member, compared }) => {
      const found = this.findMember(member);
      if (found.ok) this.#deps.trust.setCompared(found.value.publicKey, compared);
      return found;
    },
    acceptKey: (params) =>
      this.#ofMember(params, async (room, member) => {
        this.#deps.trust.acceptKey(room, member);
        return ok(undefined);
      }),
  };

  /** A member of any room, by key, address or name. Fails with "unknown_member" or "which_member". */
  findMember(wanted: string, rooms = this.#deps.snapshots()): Result<FoundMember> {
    return findMember(wanted, rooms, this.#deps.peers());
  }

  /** What the server should know too. Members go by the owner's word, so its answer changes nothing. */
  async tellServer(what: string, asked: Promise<Result<unknown>>): Promise<void> {
    const told = await asked;
    if (!told.ok) this.#deps.logger.info("the server was not told", { what, why: told.error.code });
  }

  async #create(params: Params<"create">): Promise<Result<Replies["create"]>> {
    const { name, pin, username = this.#deps.username(), sealed = true, inbound } = params;
    const { rooms, trust, view } = this.#deps;
    const created = await rooms.create({ name, pin, username });
    if (!created.ok) return created;
    const founded = await trust.found(created.value.roomId, created.value.name, sealed, inbound);
    if (founded.ok) return ok(view(created.value));
    // A room that was asked to be sealed must not stay open.
    await rooms.leave(created.value.roomId);
    return founded;
  }

  async #join(params: Params<"join">): Promise<Result<Replies["join"]>> {
    const { roomId, pin, username = this.#deps.username(), key, owner, inbound } = params;
    const { rooms, trust, view } = this.#deps;
    const secrets = readSecrets({ key, owner });
    if (!secrets.ok) return secrets;
    const id = roomId.trim() as RoomId;
    // Before anybody in it is met. A room that refuses this machine is forgotten when it is closed.
    const entered = ROOM_ID_PATTERN.test(id) ? trust.enter(id, secrets.value, inbound) : ok(undefined);
    if (!entered.ok) return entered;
    const joined = await rooms.join({ roomId: id, pin, username });
    if (joined.ok) return ok(view(joined.value));
    if (rooms.snapshot(id) === undefined) trust.forget(id);
    return joined;
  }

  async #rename({ roomId, name }: Params<"rename">): Promise<Result<Replies["rename"]>> {
    const { rooms } = this.#deps;
    const room = this.#pick(roomId);
    if (!room.ok) return room;
    const { roomId: id } = room.value;
    if (!this.#hasPolicy(id)) {
      const renamed = await rooms.rename(id, name);
      return renamed.ok ? ok({ roomId: id, name: renamed.value }) : renamed;
    }
    const cleaned = cleanRoomName(name);
    if (cleaned === undefined) return fail("invalid_room_name", "a room needs a name that can be seen");
    const renamed = await this.#ask(id, (trust) => trust.rename(cleaned));
    if (!renamed.ok) return renamed;
    void this.tellServer("the room's name", rooms.rename(id, cleaned));
    return ok({ roomId: id, name: cleaned });
  }

  async #kick({ roomId, member, ban = false }: Params<"kick">): Promise<Result<Replies["kick"]>> {
    const room = this.#pick(roomId);
    if (!room.ok) return room;
    const { roomId: id } = room.value;
    const found = this.findMember(member, [room.value]);
    if (!found.ok) return found;
    const { publicKey } = found.value;
    if (!ban && !this.#hasPolicy(id)) {
      const kicked = await this.#deps.rooms.kick(id, publicKey);
      return kicked.ok ? ok({ roomId: id, ...found.value }) : kicked;
    }
    const ready = await this.#withPolicy(room.value);
    if (!ready.ok) return ready;
    const removed = await this.#ask(id, (trust) =>
      trust.isOwner ? trust.remove(publicKey, ban ? "banned" : "kicked") : notOwner(),
    );
    return removed.ok ? ok({ roomId: id, ...found.value }) : removed;
  }

  async #leave({ roomId }: Params<"leave">): Promise<Result<Replies["leave"]>> {
    const { rooms, trust } = this.#deps;
    const room = this.#pick(roomId);
    if (!room.ok) return room;
    const { roomId: id } = room.value;
    const trusted = trust.room(id);
    // A server that does not know of the hand-over would close the room for everybody.
    const isGivenAway = trusted?.owner !== undefined && !trusted.isOwner;
    const left = await rooms.leave(id, { quietly: isGivenAway && this.#isOwnAtServer(id) });
    return left.ok ? ok({ roomId: id, delivered: left.value.delivered }) : left;
  }

  async #setInbound({ roomId, member, rule }: Params<"setInbound">): Promise<Result<Replies["setInbound"]>> {
    const { trust, snapshots } = this.#deps;
    if (member === undefined) {
      return this.#inRoom(roomId, async ({ roomId: id }) => {
        trust.setInbound(id, undefined, rule);
        return ok(undefined);
      });
    }
    const named = roomId === undefined ? undefined : this.#pick(roomId);
    if (named && !named.ok) return named;
    const rooms = named ? [named.value] : snapshots();
    const found = this.findMember(member, rooms);
    if (!found.ok) return found;
    const { publicKey } = found.value;
    const room = rooms.find(({ members }) => members.some((one) => one.publicKey === publicKey));
    if (!room) return fail("unknown_member", "no such member in the room");
    trust.setInbound(room.roomId, publicKey, rule);
    return ok({ roomId: room.roomId });
  }

  async #inRoom(
    roomId: string | undefined,
    act: (room: RoomSnapshot) => Promise<Result<void>>,
  ): Promise<Result<InRoom>> {
    const room = this.#pick(roomId);
    if (!room.ok) return room;
    const done = await act(room.value);
    return done.ok ? ok({ roomId: room.value.roomId }) : done;
  }

  async #ofMember(
    { roomId, member }: { readonly roomId?: string | undefined; readonly member: string },
    act: (room: RoomId, member: PublicKey) => Promise<Result<void>>,
  ): Promise<Result<MemberInRoom>> {
    const room = this.#pick(roomId);
    if (!room.ok) return room;
    const found = this.findMember(member, [room.value]);
    if (!found.ok) return found;
    const done = await act(room.value.roomId, found.value.publicKey);
    return done.ok ? ok({ roomId: room.value.roomId, ...found.value }) : done;
  }

  /** A room from before there were policies gets its first one from whoever owns it at the server. */
  async #withPolicy({ roomId, name }: RoomSnapshot): Promise<Result<void>> {
    if (this.#hasPolicy(roomId)) return ok(undefined);
    if (!this.#isOwnAtServer(roomId)) return notOwner();
    return this.#ask(roomId, (trust) => trust.found(name, false));
  }

  #ask(roomId: RoomId, question: (trust: RoomTrust) => Promise<Result<void>> | Result<void>): Promise<Result<void>> {
    return this.#deps.trust.ask(roomId, question);
  }

  #hasPolicy(roomId: RoomId): boolean {
    return this.#deps.trust.room(roomId)?.policy !== undefined;
  }

  #isOwnAtServer(roomId: RoomId): boolean {
    return this.#deps.rooms.saved.some((saved) => saved.roomId === roomId && saved.owner);
  }

  #pick(named: string | undefined): Result<RoomSnapshot> {
    return pickRoom(named, this.#deps.snapshots());
  }
}

function notOwner(): Result<never> {
  return fail("not_owner", "only the room's owner can do that");
}
