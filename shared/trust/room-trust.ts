import type { PublicKey, RoomId } from "../base/brand.ts";
import { fail, ok, type Result } from "../base/result.ts";
import { admit, remove, setRole, setRules } from "./amendments.ts";
import type { OwnersDesk } from "./desk.ts";
import { notOwner, type TrustFailure } from "./failures.ts";
import { relationOf, standingOf } from "./gate.ts";
import { Membership, type RoomTrustDeps } from "./membership.ts";
import type { TrustMessage } from "./messages.ts";
import type { Peers, Prints } from "./peers.ts";
import { isListed, type Policy, type Removal, removalOf } from "./policy.ts";
import type { OwnerPin, RoomKey } from "./room-key.ts";
import { RoomState } from "./room-state.ts";
import type { SavedRoomTrust } from "./saved.ts";
import type { Doors, Role, Standing } from "./standing.ts";

export type { TrustFailure } from "./failures.ts";
export type { RoomTrustDeps } from "./membership.ts";
export type { RoomNews } from "./news.ts";
export type { Prints } from "./peers.ts";

/**
 * Who belongs in one room. Fed with connections, with what members say over them, and with what the person decides; it
 * answers with messages, and with each member's standing.
 */
export class RoomTrust {
  readonly roomId: RoomId;
  readonly #self: PublicKey;
  readonly #persist: () => Promise<void>;
  readonly #changed: () => void;
  readonly #state: RoomState;
  readonly #members: Membership;
  readonly #peers: Peers;
  readonly #desk: OwnersDesk;

  constructor(saved: SavedRoomTrust, deps: RoomTrustDeps) {
    this.roomId = saved.roomId;
    this.#self = deps.self;
    this.#persist = deps.persist;
    this.#changed = deps.changed;
    this.#state = new RoomState(saved, deps.self);
    this.#members = new Membership(this.#state, deps);
    this.#peers = this.#members.peers;
    this.#desk = this.#members.desk;
  }

  get saved(): SavedRoomTrust {
    return this.#state.saved;
  }

  get policy(): Policy | undefined {
    return this.#state.policy;
  }

  get owner(): PublicKey | undefined {
    return this.#state.owner;
  }

  get isOwner(): boolean {
    return this.#state.isOwner;
  }

  get handingOverTo(): PublicKey | undefined {
    return this.#state.handingOver?.to;
  }

  get seal(): "sealed" | "open" | "unknown" {
    return this.#state.seal;
  }

  /** Members are inside, and none lets this machine in. */
  get isWaiting(): boolean {
    const standings = [...this.#peers].map(([, { standing }]) => standing);
    return standings.includes("away") && !standings.includes("member");
  }

  /** What an invitation needs beside the PIN. No key in an open room, or where this machine has not got the one that holds. */
  get invitation(): { readonly key?: RoomKey; readonly owner?: OwnerPin } {
    const { keys, hasCurrentKey, pin } = this.#state;
    return { ...(keys.held && hasCurrentKey && { key: keys.held.key }), ...(pin !== undefined && { owner: pin }) };
  }

  get canLetIn(): boolean {
    return this.#state.mayLetIn && !this.#desk.isHandingOver;
  }

  role(member: PublicKey): Role {
    return this.#state.role(member);
  }

  standing(member: PublicKey): Standing {
    if (member === this.#self) return "member";
    return this.#peers.get(member)?.standing ?? standingOf(this.#state.ground(false), member, undefined);
  }

  /** Whether a member has a connection, or had one a moment ago. */
  knows(member: PublicKey): boolean {
    return this.#peers.get(member) !== undefined;
  }

  /** Whether somebody of whom the server does not say that it is in a sealed room belongs there all the same. */
  recognizes(member: PublicKey, prints: Prints, message: TrustMessage): boolean {
    return this.seal === "sealed" && this.#members.recognizes(member, prints, message);
  }

  /** Members with a connection, now or a moment ago. */
  get peers(): readonly PublicKey[] {
    return this.#peers.keys;
  }

  /** Makes the room this machine's own: its first policy. */
  found(name: string, sealed: boolean): Promise<Result<void, TrustFailure>> {
    return this.#desk.found(name, sealed);
  }

  /** An invitation was opened for a room that this machine is in: what it did not have it has now. */
  learn({ key, owner }: { readonly key?: RoomKey; readonly owner?: OwnerPin }): Result<void, TrustFailure> {
    const { pin, keys, policy } = this.#state;
    if (owner !== undefined && pin !== undefined && owner !== pin) {
      return fail("other_founder", "the invitation names another founder than the room has");
    }
    if (owner !== undefined) this.#state.knowFounder(owner);
    if (key !== undefined && policy?.sealed !== false) keys.add(key, policy);
    this.#members.tookKey();
    if (owner !== undefined && policy === undefined) this.#members.askAgain();
    return ok(undefined);
  }

  /** A proven connection to a member is in use, or another one in its place. */
  linked(member: PublicKey, prints: Prints): void {
    this.#members.linked(member, prints);
  }

  unlinked(member: PublicKey): void {
    this.#members.unlinked(member);
  }

  /** The member is out of the room, or cannot be found any more. */
  left(member: PublicKey): void {
    this.#members.left(member);
  }

  heard(member: PublicKey, prints: Prints, message: TrustMessage): void {
    this.#members.heard(member, prints, message);
  }

  /** Whoever was turned away a moment ago can still be let in. */
  letIn(member: PublicKey): Promise<Result<void, TrustFailure>> {
    if (this.isOwner) {
      return this.#desk.amend((policy, present) => {
        const waiting = this.#atDoor(member);
        return waiting.ok ? admit(policy, member, present) : waiting;
      });
    }
    return this.#desk.serially(async () => {
      if (!this.canLetIn) return fail("not_allowed", "the owner has not allowed this machine to let anybody in");
      const waiting = this.#atDoor(member);
      if (!waiting.ok) return waiting;
      this.#members.vouch(member);
      return ok(undefined);
    });
  }

  /** Says no. Nobody is asked about it again for ten minutes. */
  turnAway(member: PublicKey): Result<void, TrustFailure> {
    const peer = this.#peers.get(member);
    if (peer?.standing !== "door") return fail("not_at_door", "nobody of this name is at the door");
    this.#members.turnAway(member, peer);
    return ok(undefined);
  }

  /** Removes somebody: all members cut the connection, and a sealed room has a new key. */
  remove(member: PublicKey, removal: Removal): Promise<Result<void, TrustFailure>> {
    return this.#desk.amend((policy, present) => {
      if (member === this.owner) return fail("not_allowed", "the owner cannot be removed");
      // What it has in its hands already makes the room its own whenever it wants.
      if (member === this.handingOverTo) return fail("handing_over", "the room is being handed over to this member");
      return remove(policy, member, removal, present);
    });
  }

  forgive(member: PublicKey): Promise<Result<void, TrustFailure>> {
    return this.#desk.amend(({ removed }) => {
      const others = removed.filter(([key]) => key !== member);
      if (others.length === removed.length) return fail("unknown_member", "nobody with this key was removed");
      return { removed: others };
    });
  }

  setRole(member: PublicKey, role: "trusted" | "member"): Promise<Result<void, TrustFailure>> {
    return this.#desk.amend((policy, present) => {
      if (member === this.owner) return fail("not_allowed", "the owner's role is the owner's");
      if (removalOf(policy, member) || (this.standing(member) !== "member" && !isListed(policy, member))) {
        return fail("unknown_member", "nobody with this key is a member");
      }
      return setRole(policy, member, role, present);
    });
  }

  rename(name: string): Promise<Result<void, TrustFailure>> {
    return this.#desk.amend(() => ({ name }));
  }

  /** Sealing keeps those who are in the room now. Opening lets in whoever has the PIN. */
  setRules(rules: { readonly sealed?: boolean; readonly doors?: Doors }): Promise<Result<void, TrustFailure>> {
    return this.#desk.amend((policy, present) => setRules(policy, rules, present));
  }

  /** Gives the room to a member that is connected: it signs the next policy. */
  async handOver(member: PublicKey): Promise<Result<void, TrustFailure>> {
    const { policy, isOwner } = this.#state;
    if (!policy || !isOwner) return notOwner();
    const peer = this.#peers.get(member);
    if (peer?.standing !== "member") return fail("unknown_member", "nobody with this key is a member");
    if (!peer.prints) return fail("not_connected", "there is no connection to the member");
    if (!peer.greeting || ["none", "foreign"].includes(relationOf(peer.greeting, policy))) {
      return fail("no_policy", "the member came without an invitation, and takes nobody's word for whose the room is");
    }
    const signed = await this.#desk.handOver(member);
    if (!signed.ok) return signed;
    await this.#persist();
    this.#members.answerAgain(member, peer);
    this.#changed();
    return signed;
  }

  /** What has been asked for is done. */
  settled(): Promise<unknown> {
    return this.#desk.settled;
  }

  /** The room is none of ours any more. */
  close(): void {
    this.#members.close();
  }

  #atDoor(member: PublicKey): Result<void, TrustFailure> {
    const peer = this.#peers.get(member);
    if (peer?.isTurnedAway) {
      this.#peers.welcome(member);
      this.#members.consider(member, peer);
    }
    return peer?.standing === "door" ? ok(undefined) : fail("not_at_door", "nobody of this name is at the door");
  }
}
