import * as v from "valibot";
import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import type { Clock } from "../../../shared/base/clock.ts";
import { Emitter } from "../../../shared/base/emitter.ts";
import type { Logger } from "../../../shared/base/logger.ts";
import type { RandomBytes } from "../../../shared/base/random.ts";
import { type Failure, messageOf, ok, type Result } from "../../../shared/base/result.ts";
import type { Signer, VerifySignature } from "../../../shared/identity/keys.ts";
import type { Vault } from "../../../shared/identity/ports.ts";
import type { MemberView, RoomTrustView } from "../../../shared/ipc/contract.ts";
import { cleanRoomName } from "../../../shared/room/names.ts";
import type { SavedRoom } from "../../../shared/room/saved.ts";
import { parseOwnerPin } from "../../../shared/trust/room-key.ts";
import type { RoomNews, RoomTrust } from "../../../shared/trust/room-trust.ts";
import { SavedRoomTrust } from "../../../shared/trust/saved.ts";
import { PublicKeyText } from "../../../shared/trust/schemas.ts";
import type { Standing } from "../../../shared/trust/standing.ts";
import { Trust } from "../../../shared/trust/trust.ts";
import { InboundRule } from "../../../shared/tunnel/inbound-rule.ts";
import type { EnginePort } from "../../engine/engine-port.ts";
import type { InvitationSecrets } from "./invitation-secrets.ts";
import { TrustMemory } from "./memory.ts";
import { People } from "./people.ts";
import { Reach } from "./reach.ts";

export interface TrustDeskEvents {
  news: RoomNews & { readonly roomId: RoomId };
  /** A member's packets pass from now on, or do not any more. */
  admitted: { readonly publicKey: PublicKey; readonly isAdmitted: boolean };
  /** Somebody of a known name came with another key. */
  key_changed: { readonly roomId: RoomId; readonly publicKey: PublicKey };
  refused: { readonly publicKey: PublicKey; readonly failure: Failure };
  /** Something that a person can see has changed. */
  changed: Record<string, never>;
}

export interface TrustDeskOptions {
  readonly engine: EnginePort;
  readonly vault: Vault;
  readonly serverUrl: string;
  readonly serverName?: string;
  readonly signer: Signer;
  readonly verify: VerifySignature;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
  /** A member's name as it introduced itself, made fit to show. */
  readonly nameOf: (member: PublicKey) => string;
}

/** What is kept of a room. */
const KeptRoom = v.object({
  trust: SavedRoomTrust,
  room: v.optional(InboundRule),
  members: v.optional(v.array(v.tuple([PublicKeyText, InboundRule]))),
});
/** What is kept of all rooms of a server, by their ids. */
export const KeptRooms = v.custom<Readonly<Record<string, v.InferOutput<typeof KeptRoom>>>>(
  (rooms) => typeof rooms === "object" && rooms !== null && Object.values(rooms).every((room) => v.is(KeptRoom, room)),
);

/** The part of a member's picture that follows from trust. */
export type MemberTrust = Pick<MemberView, "standing" | "role" | "words" | "compared" | "changedKey" | "inbound">;

/**
 * Everything of one machine that has to do with trust: who belongs in which room, which key goes by which name, and what
 * members may begin here. It tells the engine who is admitted and under which rule, and keeps all of it in the vault.
 */
export class TrustDesk {
  readonly events: Emitter<TrustDeskEvents>;
  readonly #options: TrustDeskOptions;
  readonly #logger: Logger;
  readonly #trust: Trust;
  readonly #memory: TrustMemory<v.InferOutput<typeof KeptRooms>>;
  readonly #reach: Reach;
  readonly #people: People;
  #isLoaded = false;

  constructor(options: TrustDeskOptions) {
    const { engine, signer, verify, clock, random, logger, vault, serverUrl, serverName = serverUrl } = options;
    this.#options = options;
    this.#logger = logger.child("trust");
    this.events = new Emitter((error) => this.#logger.error("a listener failed", { error: messageOf(error) }));
    this.#memory = new TrustMemory(vault, serverName, logger, KeptRooms, serverUrl);
    this.#people = new People({
      clock,
      nameOf: options.nameOf,
      onChange: (known) => {
        this.#memory.storeKnown(known.toState());
        this.events.emit("changed", {});
      },
      onOtherKey: (roomId, publicKey) => this.events.emit("key_changed", { roomId, publicKey }),
    });
    this.#trust = new Trust({
      self: signer.publicKey,
      signer,
      verify,
      clock,
      random,
      logger,
      say: (to, message) => engine.say(to, message),
      admit: (member, isAdmitted) => this.#admit(member, isAdmitted),
      persist: () => this.#persist(),
    });
    this.#reach = new Reach({
      roomsOf: (member) => this.#trust.roomsOf(member),
      tell: (member, rule) => engine.setInbound(member, rule),
    });
    this.#trust.events.on("news", (news) => this.events.emit("news", news));
    this.#trust.events.on("refused", (refused) => this.events.emit("refused", refused));
    this.#trust.events.on("changed", () => {
      this.#reach.refresh();
      this.events.emit("changed", {});
    });
  }

  /** Reads what is kept. Fails as `TrustMemory.load` does. @param rooms those that this machine is in. */
  async load(rooms: readonly Pick<SavedRoom, "roomId" | "sealed">[]): Promise<Result<void>> {
    const loaded = await this.#memory.load();
    if (!loaded.ok) return loaded;
    this.#people.restore(loaded.value.known);
    for (const { roomId, sealed } of rooms) {
      const kept = Object.hasOwn(loaded.value.rooms, roomId) ? loaded.value.rooms[roomId] : undefined;
      if (kept?.trust.roomId !== roomId) {
        // What was sealed must not be open because a file was lost.
        const owner = sealed === undefined ? undefined : parseOwnerPin(sealed);
        this.#trust.restore([{ roomId, ...(owner && { owner }), ...(sealed !== undefined && { wasSealed: true }) }]);
        continue;
      }
      this.#reach.restore(roomId, {
        ...(kept.room && { room: kept.room }),
        ...(kept.members && { members: kept.members }),
      });
      this.#trust.restore([kept.trust as SavedRoomTrust]);
    }
    this.#isLoaded = true;
    return ok(undefined);
  }

  room(roomId: RoomId): RoomTrust | undefined {
    return this.#trust.room(roomId);
  }

  isAdmitted(member: PublicKey): boolean {
    return this.#trust.isAdmitted(member);
  }

  standing(roomId: RoomId, member: PublicKey): Standing {
    return this.#trust.room(roomId)?.standing(member) ?? "proving";
  }

  /** The name that the room's owner gave it, where there is an owner whose word counts. */
  nameOfRoom(roomId: RoomId): string | undefined {
    const name = this.#trust.room(roomId)?.policy?.name;
    return name === undefined ? undefined : cleanRoomName(name);
  }

  /** What is to be kept with the list of rooms, should all of the trust in this one be lost. */
  sealOf(roomId: RoomId): string | undefined {
    const room = this.#trust.room(roomId);
    return room?.seal === "sealed" ? (room.invitation.owner ?? "") : undefined;
  }

  /** This machine made the room. */
  async found(roomId: RoomId, name: string, sealed: boolean, inbound: InboundRule | undefined): Promise<Result<void>> {
    this.#reach.setRoom(roomId, inbound);
    return this.#trust.found(roomId, name, sealed);
  }

  /** This machine enters a room. */
  enter(roomId: RoomId, secrets: InvitationSecrets, inbound: InboundRule | undefined): Result<void> {
    if (inbound) this.#reach.setRoom(roomId, inbound);
    return this.#trust.enter(roomId, secrets);
  }

  forget(roomId: RoomId): void {
    this.#trust.forget(roomId);
    this.#reach.forgetRoom(roomId);
  }

  linked(member: PublicKey, prints: { readonly local: string; readonly remote: string }): void {
    const peer = this.#options.engine.peers.find(({ publicKey }) => publicKey === member);
    this.#trust.linked(member, prints, peer?.rooms ?? []);
  }

  unlinked(member: PublicKey): void {
    this.#trust.unlinked(member);
  }

  said(member: PublicKey, prints: { readonly local: string; readonly remote: string }, body: unknown): void {
    this.#trust.said(member, prints, body);
  }

  /** A member with a connection is in these rooms, and told its name over it. */
  met(member: PublicKey, rooms: readonly RoomId[]): void {
    this.#trust.shares(member, rooms);
    this.#remember(member);
  }

  /** The member is out of a room. */
  left(roomId: RoomId, member: PublicKey): void {
    this.#trust.room(roomId)?.left(member);
  }

  gone(member: PublicKey): void {
    this.#trust.gone(member);
    this.#reach.letOut(member);
  }

  ask(roomId: RoomId, question: (room: RoomTrust) => Promise<Result<void>> | Result<void>): Promise<Result<void>> {
    return this.#trust.ask(roomId, question);
  }

  setInbound(roomId: RoomId, member: PublicKey | undefined, rule: InboundRule | undefined): void {
    if (member === undefined) this.#reach.setRoom(roomId, rule);
    else this.#reach.setMember(roomId, member, rule);
    void this.#persist();
    this.events.emit("changed", {});
  }

  /** The person compared somebody's words, or takes that back. */
  setCompared(member: PublicKey, compared: boolean): void {
    const rooms = this.#trust.roomsOf(member).map(({ roomId }) => roomId);
    this.#people.setCompared(rooms, member, compared);
  }

  /** The person takes the key for the one that belongs to its name from now on. */
  acceptKey(roomId: RoomId, member: PublicKey): void {
    this.#people.accept(roomId, member);
  }

  roomView(roomId: RoomId): RoomTrustView {
    const room = this.#trust.room(roomId);
    const inbound = this.#reach.ofRoom({ roomId, isSealed: room?.seal === "sealed" });
    const self = this.#self;
    if (!room) {
      const nothing = { seal: "unknown", waiting: false, role: "member", doors: "owner" } as const;
      return { ...nothing, canLetIn: false, canInvite: false, removed: {}, inbound };
    }
    const { owner, policy, handingOverTo } = room;
    const removed = (policy?.removed ?? []).map(([key, kind]) => [key, { username: this.#people.nameOf(key), kind }]);
    return {
      seal: room.seal,
      waiting: room.isWaiting,
      role: room.role(self),
      ...(owner !== undefined && { ownerKey: owner }),
      doors: policy?.doors ?? "owner",
      canLetIn: room.canLetIn,
      canInvite: room.seal === "open" || room.invitation.key !== undefined,
      removed: Object.fromEntries(removed),
      inbound,
      ...(handingOverTo !== undefined && { handingOver: handingOverTo }),
    };
  }

  memberView(roomId: RoomId, member: PublicKey, refused: number): MemberTrust {
    const isSelf = member === this.#self;
    const { changedKey, ...known } = this.#people.view(roomId, member);
    return {
      standing: isSelf ? "member" : this.standing(roomId, member),
      role: this.#trust.room(roomId)?.role(member) ?? "member",
      ...known,
      // Somebody else who goes by this machine's name has not changed this machine's key.
      ...(changedKey && !isSelf && { changedKey }),
      inbound: { ...this.#reach.ofMember(member), refused },
    };
  }

  /** Everything that was said to be kept is. */
  async settled(): Promise<void> {
    await this.#trust.settled();
    await this.#memory.settled();
  }

  dispose(): void {
    this.#trust.dispose();
  }

  get #self(): PublicKey {
    return this.#options.signer.publicKey;
  }

  #admit(member: PublicKey, isAdmitted: boolean): void {
    // The rule first: between the two anything could come in.
    if (isAdmitted) this.#reach.letIn(member);
    else this.#reach.letOut(member);
    this.#options.engine.setAdmitted(member, isAdmitted);
    if (isAdmitted) this.#remember(member);
    this.events.emit("admitted", { publicKey: member, isAdmitted });
  }

  #remember(member: PublicKey): void {
    for (const room of this.#trust.roomsOf(member)) {
      this.#people.met(room.roomId, member, room.standing(member) === "member");
    }
  }

  async #persist(): Promise<void> {
    // What has not been read yet must not be written over.
    if (!this.#isLoaded) return;
    const kept = this.#trust.saved.map((trust) => [trust.roomId, { trust, ...this.#reach.saved(trust.roomId) }]);
    this.#memory.storeRooms(Object.fromEntries(kept));
    await this.#memory.settled();
  }
}
