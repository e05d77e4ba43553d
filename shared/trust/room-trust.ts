import type { PublicKey, RoomId } from "../base/brand.ts";
import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { RandomBytes } from "../base/random.ts";
import { TokenBucket } from "../base/rate.ts";
import { type Failure, fail, messageOf, ok, type Result } from "../base/result.ts";
import type { Signer, VerifySignature } from "../identity/keys.ts";
import { currentKeyId, type Ground, hasCurrentKey, isBehind, isSealed, type Shown, standingOf } from "./gate.ts";
import type { DoorAnswer, Greeting, TrustMessage } from "./messages.ts";
import {
  checkPolicy,
  comparePolicies,
  type HandOver,
  isHandOver,
  isListed,
  MAX_HANDOVERS,
  MAX_LISTED,
  MAX_REMOVED,
  ownerOf,
  type Policy,
  type Removal,
  removalOf,
  signHandOver,
  signPolicy,
  type UnsignedPolicy,
} from "./policy.ts";
import {
  isRoomProof,
  type KeyId,
  keyIdOf,
  makeRoomKey,
  type OwnerPin,
  ownerPinOf,
  type RoomKey,
  roomProof,
} from "./room-key.ts";
import type { SavedRoomTrust } from "./saved.ts";
import type { Doors, Role, Standing } from "./standing.ts";

/** Whoever came in with the room's key is written into the policy this much later, together with who comes meanwhile. */
export const LIST_AFTER_MS = 1_000;
/** Whoever was turned away may knock again after that; until then nobody is asked about it. */
export const TURNED_AWAY_MS = 10 * 60_000;
/** A policy costs a signature check for each hand-over in it. A member brings one at a time, and few in a row. */
const POLICY_BURST = 20;
const POLICY_REFILL_MS = 20_000;

/** SHA-256 fingerprints of a connection's two certificates, as in SDP. */
export interface Prints {
  readonly local: string;
  readonly remote: string;
}

export interface RoomTrustDeps {
  readonly self: PublicKey;
  readonly signer: Signer;
  readonly verify: VerifySignature;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Sends to a member over its proven connection; lost where there is none. */
  readonly say: (to: PublicKey, message: TrustMessage) => void;
  /** Writes down what `saved` gives. A new policy is handed out once it is. */
  readonly persist: () => Promise<void>;
  readonly tell: (news: RoomNews) => void;
  /** Something that a person can see has changed, or who is let in. */
  readonly changed: () => void;
}

/** What happened in a room that people should know of. */
export type RoomNews =
  | { readonly kind: "knock"; readonly member: PublicKey }
  /** This machine was let in. */
  | { readonly kind: "let_in"; readonly member: PublicKey }
  /** A member's door answered this machine. */
  | { readonly kind: "answered"; readonly member: PublicKey; readonly answer: DoorAnswer }
  /** The owner removed somebody; this machine, where it is itself. */
  | { readonly kind: "removed"; readonly member: PublicKey; readonly removal: Removal }
  | { readonly kind: "forgiven"; readonly member: PublicKey }
  | { readonly kind: "role"; readonly member: PublicKey; readonly role: Role }
  | { readonly kind: "owner"; readonly member: PublicKey }
  | { readonly kind: "rules"; readonly sealed: boolean; readonly doors: Doors }
  | { readonly kind: "renamed"; readonly name: string }
  | { readonly kind: "refused"; readonly member: PublicKey; readonly failure: Failure };

export type TrustFailure = Failure<
  | "not_owner"
  | "not_allowed"
  | "not_sealed"
  | "not_at_door"
  | "unknown_member"
  | "not_connected"
  | "too_many_removed"
  | "too_many_handovers"
  | "handing_over"
  | "not_signed"
  | "other_founder"
>;

interface Peer extends Shown {
  prints: Prints | undefined;
  greeting: Greeting | undefined;
  readonly proved: Set<KeyId>;
  answer: DoorAnswer | undefined;
  turnedAwayAt: number;
  readonly isTurnedAway: boolean;
  /** As it was told last on this connection. */
  greeted: string;
  standing: Standing;
  readonly policies: TokenBucket;
}

/**
 * Who belongs in one room. Fed with connections, with what members say over them, and with what the person decides; it
 * answers with messages, and with each member's standing.
 */
export class RoomTrust {
  readonly roomId: RoomId;
  readonly #deps: RoomTrustDeps;
  readonly #peers = new Map<PublicKey, Peer>();
  #policy: Policy | undefined;
  #key: RoomKey | undefined;
  #pin: OwnerPin | undefined;
  #handingOver: HandOver | undefined;
  /** What the person does is done one after the other: a policy follows from the one before. */
  #queue: Promise<unknown> = Promise.resolve();
  #listing: Disposable | undefined;
  #isClosed = false;

  constructor(saved: SavedRoomTrust, deps: RoomTrustDeps) {
    this.roomId = saved.roomId;
    this.#deps = deps;
    this.#policy = saved.policy;
    this.#key = saved.key;
    this.#pin = saved.owner;
    this.#handingOver = saved.handingOver;
  }

  get saved(): SavedRoomTrust {
    return {
      roomId: this.roomId,
      ...(this.#key !== undefined && { key: this.#key }),
      ...(this.#pin !== undefined && { owner: this.#pin }),
      ...(this.#policy && { policy: this.#policy }),
      ...(this.#handingOver && { handingOver: this.#handingOver }),
    };
  }

  get policy(): Policy | undefined {
    return this.#policy;
  }

  get owner(): PublicKey | undefined {
    return this.#policy && ownerOf(this.#policy);
  }

  get isOwner(): boolean {
    return this.owner === this.#deps.self;
  }

  get handingOverTo(): PublicKey | undefined {
    return this.#handingOver?.to;
  }

  get seal(): "sealed" | "open" | "unknown" {
    if (isSealed(this.#ground)) return "sealed";
    return this.#policy ? "open" : "unknown";
  }

  /** Members are inside, and none lets this machine in. */
  get isWaiting(): boolean {
    const standings = [...this.#peers.values()].map(({ standing }) => standing);
    return standings.includes("away") && !standings.includes("member");
  }

  /** What an invitation needs beside the PIN. No key in an open room, or where this machine has not got the one that holds. */
  get invitation(): { readonly key?: RoomKey; readonly owner?: OwnerPin } {
    return {
      ...(this.#key !== undefined && hasCurrentKey(this.#ground) && { key: this.#key }),
      ...(this.#pin !== undefined && { owner: this.#pin }),
    };
  }

  get canLetIn(): boolean {
    const policy = this.#policy;
    if (!policy?.sealed || !hasCurrentKey(this.#ground) || this.#handingOver) return false;
    const role = this.role(this.#deps.self);
    if (role === "owner" || policy.doors === "members") return true;
    return role === "trusted" && policy.doors === "trusted";
  }

  role(member: PublicKey): Role {
    if (this.owner === member) return "owner";
    return this.#policy?.members.find(([key]) => key === member)?.[1] ?? "member";
  }

  standing(member: PublicKey): Standing {
    if (member === this.#deps.self) return "member";
    return this.#peers.get(member)?.standing ?? standingOf(this.#ground, member, undefined);
  }

  /** Members with a connection, now or a moment ago. */
  get peers(): readonly PublicKey[] {
    return [...this.#peers.keys()];
  }

  /** Makes the room this machine's own: its first policy. */
  found(name: string, sealed: boolean): Promise<Result<void, TrustFailure>> {
    return this.#serially(async () => {
      const { self, random } = this.#deps;
      const key = sealed ? makeRoomKey(random) : undefined;
      return this.#issue(
        {
          v: 1,
          room: this.roomId,
          founder: self,
          chain: [],
          epoch: 1,
          name,
          sealed,
          doors: "trusted",
          key: key ? keyIdOf(key) : "",
          members: [],
          removed: [],
        },
        key,
      );
    });
  }

  /** An invitation was opened for a room that this machine is in: what it did not have it has now. */
  learn({ key, owner }: { readonly key?: RoomKey; readonly owner?: OwnerPin }): Result<void, TrustFailure> {
    if (owner !== undefined && this.#pin !== undefined && owner !== this.#pin) {
      return fail("other_founder", "the invitation names another founder than the room has");
    }
    this.#pin ??= owner;
    if (key !== undefined && !hasCurrentKey(this.#ground)) this.#key = key;
    this.#tookKey();
    return ok(undefined);
  }

  /** A proven connection to a member is in use, or another one in its place. */
  linked(member: PublicKey, prints: Prints): void {
    const peer = this.#peers.get(member) ?? this.#newPeer();
    peer.prints = prints;
    peer.answer = undefined;
    peer.greeted = "";
    this.#peers.set(member, peer);
    this.#greet(member, peer);
    this.#consider(member, peer);
    this.#offerRoom(member, peer);
  }

  unlinked(member: PublicKey): void {
    const peer = this.#peers.get(member);
    if (peer) peer.prints = undefined;
  }

  /** The member is out of the room, or cannot be found any more. */
  left(member: PublicKey): void {
    if (this.#peers.delete(member)) this.#deps.changed();
  }

  heard(member: PublicKey, prints: Prints, message: TrustMessage): void {
    const peer = this.#peers.get(member);
    if (!peer || this.#isClosed) return;
    switch (message.t) {
      case "room":
        return this.#onGreeting(member, peer, prints, message);
      case "policy":
        this.#onPolicy(member, peer, message.policy);
        return;
      case "grant":
        return this.#onGrant(member, peer, message.key, message.policy);
      case "door":
        return this.#onAnswer(member, peer, message.answer);
      case "handover":
        void this.#serially(() => this.#onHandOver(member, message.handover));
        return;
    }
  }

  letIn(member: PublicKey): Promise<Result<void, TrustFailure>> {
    return this.#serially(async () => {
      if (!this.canLetIn) return fail("not_allowed", "the owner has not allowed this machine to let anybody in");
      const peer = this.#peers.get(member);
      if (this.standing(member) !== "door" || !peer) return fail("not_at_door", "nobody of this name is at the door");
      peer.turnedAwayAt = Number.NEGATIVE_INFINITY;
      if (!this.isOwner) {
        this.#grant(member);
        return ok(undefined);
      }
      return this.#amend(({ members, removed }) => ({
        members: [...members.filter(([key]) => key !== member), [member, "member"]],
        removed: removed.filter(([key]) => key !== member),
      }));
    });
  }

  /** Says no. Nobody is asked about it again for ten minutes. */
  turnAway(member: PublicKey): Result<void, TrustFailure> {
    const peer = this.#peers.get(member);
    if (peer?.standing !== "door") return fail("not_at_door", "nobody of this name is at the door");
    peer.turnedAwayAt = this.#deps.clock.now();
    this.#deps.say(member, { t: "door", room: this.roomId, answer: "no" });
    this.#consider(member, peer);
    return ok(undefined);
  }

  /** Removes somebody: all members cut the connection, and a sealed room has a new key. */
  remove(member: PublicKey, removal: Removal): Promise<Result<void, TrustFailure>> {
    return this.#serially(async () => {
      if (member === this.owner) return fail("not_allowed", "the owner cannot be removed");
      return this.#amend(({ members, removed, sealed }) => {
        const others = removed.filter(([key]) => key !== member);
        const room = makeRoom(others);
        if (!room) return fail("too_many_removed", `${MAX_REMOVED} members are banned: take one off the list first`);
        const kept = [...room, [member, removal] satisfies [PublicKey, Removal]];
        return { members: this.#listAll(members, member), removed: kept, ...(sealed && { newKey: true }) };
      });
    });
  }

  forgive(member: PublicKey): Promise<Result<void, TrustFailure>> {
    return this.#serially(async () => {
      if (!removalOf(this.#policy, member)) return fail("unknown_member", "nobody with this key was removed");
      return this.#amend(({ removed }) => ({ removed: removed.filter(([key]) => key !== member) }));
    });
  }

  setRole(member: PublicKey, role: "trusted" | "member"): Promise<Result<void, TrustFailure>> {
    return this.#serially(async () => {
      if (member === this.owner) return fail("not_allowed", "the owner's role is the owner's");
      if (this.standing(member) !== "member" && !isListed(this.#policy, member)) {
        return fail("unknown_member", "nobody with this key is a member");
      }
      return this.#amend(({ members }) => ({
        members: [...members.filter(([key]) => key !== member), [member, role]],
      }));
    });
  }

  rename(name: string): Promise<Result<void, TrustFailure>> {
    return this.#serially(async () => this.#amend(() => ({ name })));
  }

  /** Sealing keeps those who are in the room now. Opening lets in whoever has the PIN. */
  setRules(rules: { readonly sealed?: boolean; readonly doors?: Doors }): Promise<Result<void, TrustFailure>> {
    return this.#serially(async () =>
      this.#amend((policy) => {
        const { sealed = policy.sealed, doors = policy.doors } = rules;
        if (sealed === policy.sealed) return { doors };
        return { doors, sealed, members: this.#listAll(policy.members), newKey: sealed };
      }),
    );
  }

  /** Gives the room to a member that is connected: it signs the next policy. */
  handOver(member: PublicKey): Promise<Result<void, TrustFailure>> {
    return this.#serially(async () => {
      const policy = this.#policy;
      if (!policy || !this.isOwner) return notOwner();
      if (this.#handingOver) return fail("handing_over", "the room is being handed over already");
      const peer = this.#peers.get(member);
      if (peer?.standing !== "member") return fail("unknown_member", "nobody with this key is a member");
      if (!peer.prints) return fail("not_connected", "there is no connection to the member");
      if (policy.chain.length >= MAX_HANDOVERS) {
        return fail("too_many_handovers", `a room can change hands ${MAX_HANDOVERS} times`);
      }
      this.#handingOver = await signHandOver(this.roomId, member, policy.epoch + 1, this.#deps.signer);
      await this.#deps.persist();
      this.#offerRoom(member, peer);
      this.#deps.changed();
      return ok(undefined);
    });
  }

  /** What has been asked for is done. */
  settled(): Promise<unknown> {
    return this.#queue;
  }

  /** The room is none of ours any more. */
  close(): void {
    this.#isClosed = true;
    this.#listing?.dispose();
    this.#peers.clear();
  }

  get #ground(): Ground {
    return { self: this.#deps.self, policy: this.#policy, key: this.#key };
  }

  #newPeer(): Peer {
    const { clock } = this.#deps;
    return {
      prints: undefined,
      greeting: undefined,
      proved: new Set(),
      answer: undefined,
      turnedAwayAt: Number.NEGATIVE_INFINITY,
      get isTurnedAway() {
        return clock.now() - this.turnedAwayAt < TURNED_AWAY_MS;
      },
      greeted: "",
      standing: "proving",
      policies: new TokenBucket(POLICY_BURST, POLICY_REFILL_MS, clock.now()),
    };
  }

  /** Says which key and policy this machine has, if that is news on this connection. */
  #greet(member: PublicKey, peer: Peer): void {
    if (!peer.prints) return;
    const { self } = this.#deps;
    const { chain = [], epoch = 0 } = this.#policy ?? {};
    const binding = {
      room: this.roomId,
      from: self,
      to: member,
      fromFingerprint: peer.prints.local,
      toFingerprint: peer.prints.remote,
    };
    const greeting: Greeting = {
      t: "room",
      room: this.roomId,
      key: this.#key ? keyIdOf(this.#key) : "",
      proof: this.#key ? roomProof(this.#key, binding) : "",
      chain: chain.length,
      epoch,
    };
    const text = JSON.stringify(greeting);
    if (text === peer.greeted) return;
    peer.greeted = text;
    this.#deps.say(member, greeting);
  }

  #greetAll(): void {
    for (const [member, peer] of this.#peers) this.#greet(member, peer);
  }

  #onGreeting(member: PublicKey, peer: Peer, prints: Prints, greeting: Greeting): void {
    peer.greeting = greeting;
    const key = this.#key;
    if (key && greeting.key === keyIdOf(key)) {
      const binding = {
        room: this.roomId,
        from: member,
        to: this.#deps.self,
        fromFingerprint: prints.remote,
        toFingerprint: prints.local,
      };
      if (isRoomProof(key, binding, greeting.proof)) peer.proved.add(keyIdOf(key));
      else this.#refuse(member, "bad_room_proof", "a member claims the room's key, and has not got it");
    }
    this.#consider(member, peer);
    this.#answer(member, peer);
  }

  /** After a greeting: what the member lacks it gets, if it may have it; else it hears where it stands. */
  #answer(member: PublicKey, peer: Peer): void {
    const { greeting } = peer;
    const policy = this.#policy;
    if (!greeting || !policy) return;
    const answer = answerOf(peer);
    if (answer !== undefined) return this.#deps.say(member, { t: "door", room: this.roomId, answer });
    if (peer.standing !== "member" && peer.standing !== "away") return;
    const lacksKey = policy.key !== "" && greeting.key !== policy.key;
    if (lacksKey && isListed(policy, member) && hasCurrentKey(this.#ground)) return this.#grant(member);
    if (isBehind(greeting, policy)) this.#deps.say(member, { t: "policy", room: this.roomId, policy });
  }

  #grant(member: PublicKey): void {
    if (!this.#policy || !this.#key || !hasCurrentKey(this.#ground)) return;
    this.#deps.say(member, { t: "grant", room: this.roomId, key: this.#key, policy: this.#policy });
  }

  #onPolicy(member: PublicKey, peer: Peer, policy: Policy): void {
    // Without an invitation, and before anybody has let this machine in, there is nobody whose word it could check.
    if (this.#pin !== undefined && this.#isNews(member, peer, policy)) void this.#adopt(policy, member);
  }

  /** Whether a policy is one to go by from now on: of this room, of its founder's line, newer than the held one, and signed. */
  #isNews(member: PublicKey, peer: Peer, policy: Policy): boolean {
    const held = this.#policy;
    if (policy.room !== this.roomId || held?.sig === policy.sig) return false;
    if (this.#pin !== undefined && this.#pin !== ownerPinOf(policy.founder)) {
      return this.#refuse(member, "foreign_policy", "a policy names another founder than the room has");
    }
    const order = held ? comparePolicies(held, policy) : "newer";
    if (order === "split") {
      return this.#refuse(member, "split_policy", "a policy is of somebody who does not own the room any more");
    }
    if (order !== "newer") return false;
    if (!peer.policies.take(this.#deps.clock.now())) {
      return this.#refuse(member, "flood", "the member sent too many policies");
    }
    const checked = checkPolicy(policy, this.#deps.verify);
    return checked.ok || this.#refuse(member, checked.error.code, checked.error.message);
  }

  #onGrant(member: PublicKey, peer: Peer, key: RoomKey, policy: Policy): void {
    // Whoever says that the room is open, by a policy, contradicts whoever lets this machine in: neither is believed.
    if (this.#pin === undefined && this.#claimsOpen(member)) {
      const message = "one member says that the room is sealed, another that it is open: ask for an invitation's link";
      this.#refuse(member, "conflicting_claims", message);
      return;
    }
    if (policy.key !== keyIdOf(key)) {
      this.#refuse(member, "bad_grant", "a member gave another key than the owner's policy names");
      return;
    }
    const hadKey = hasCurrentKey(this.#ground);
    const isNews = this.#isNews(member, peer, policy);
    // A policy that is known, or older than the held one, may still bring the key that the held one names.
    if (!isNews && (hadKey || policy.key !== currentKeyId(this.#ground))) return;
    this.#key = key;
    if (!hadKey) this.#deps.tell({ kind: "let_in", member });
    if (isNews) void this.#adopt(policy, member);
    else this.#tookKey();
  }

  #tookKey(): void {
    void this.#deps.persist();
    this.#reconsider();
    this.#greetAll();
  }

  #claimsOpen(except: PublicKey): boolean {
    return [...this.#peers].some(
      ([key, { greeting, prints }]) => key !== except && prints && greeting?.key === "" && greeting.epoch > 0,
    );
  }

  #onAnswer(member: PublicKey, peer: Peer, answer: DoorAnswer): void {
    if (peer.answer === answer) return;
    peer.answer = answer;
    this.#deps.tell({ kind: "answered", member, answer });
    this.#consider(member, peer);
    this.#deps.changed();
  }

  async #onHandOver(member: PublicKey, given: HandOver): Promise<Result<void, TrustFailure>> {
    const policy = this.#policy;
    const { self, verify } = this.#deps;
    if (!policy || given.to !== self || this.isOwner) return ok(undefined);
    const owner = ownerOf(policy);
    if (given.epoch <= policy.epoch || !isHandOver(this.roomId, owner, given, verify)) {
      this.#refuse(member, "bad_handover", "a member offered the room without owning it");
      return ok(undefined);
    }
    if (policy.chain.length >= MAX_HANDOVERS) return ok(undefined);
    const { sig: _, ...before } = policy;
    const members = [...policy.members.filter(([key]) => key !== self && key !== owner), [owner, "trusted"]];
    return this.#issue({
      ...before,
      chain: [...policy.chain, given],
      epoch: given.epoch + 1,
      members: members.slice(-MAX_LISTED) as Policy["members"],
    });
  }

  /** Offers the room to whom it is being handed over. It may have missed it. */
  #offerRoom(member: PublicKey, peer: Peer): void {
    const handover = this.#handingOver;
    if (handover?.to !== member || !peer.prints || !this.#policy) return;
    this.#deps.say(member, { t: "policy", room: this.roomId, policy: this.#policy });
    this.#deps.say(member, { t: "handover", room: this.roomId, handover });
  }

  /** Changes the policy as its owner. */
  async #amend(
    change: (policy: Policy) => (Partial<UnsignedPolicy> & { newKey?: boolean }) | Result<never, TrustFailure>,
  ): Promise<Result<void, TrustFailure>> {
    const policy = this.#policy;
    if (!policy || !this.isOwner) return notOwner();
    if (this.#handingOver) return fail("handing_over", "the room is being handed over");
    const changed = change(policy);
    if ("ok" in changed) return changed;
    const { newKey = false, ...parts } = changed;
    const { sig: _, ...before } = policy;
    const next: UnsignedPolicy = { ...before, ...parts, epoch: policy.epoch + 1 };
    if (next.members.length > MAX_LISTED) next.members = next.members.slice(-MAX_LISTED);
    const key = newKey ? makeRoomKey(this.#deps.random) : undefined;
    return this.#issue({ ...next, key: key ? keyIdOf(key) : next.sealed ? next.key : "" }, key);
  }

  /** Signs a policy, writes it down, and hands it out. */
  async #issue(unsigned: UnsignedPolicy, key?: RoomKey): Promise<Result<void, TrustFailure>> {
    let policy: Policy;
    try {
      policy = await signPolicy(unsigned, this.#deps.signer);
    } catch (error) {
      return fail("not_signed", `the room's policy could not be signed: ${messageOf(error)}`);
    }
    if (this.#isClosed) return ok(undefined);
    if (key) this.#key = key;
    await this.#adopt(policy, undefined);
    return ok(undefined);
  }

  /** A checked policy is the one that counts from now on. Its owner's own is written down before anybody hears of it. */
  async #adopt(policy: Policy, from: PublicKey | undefined): Promise<void> {
    const before = this.#policy;
    const isNewlyGone = (member: PublicKey) =>
      removalOf(policy, member) !== undefined && removalOf(before, member) === undefined;
    this.#policy = policy;
    this.#pin = ownerPinOf(policy.founder);
    if (!policy.sealed) this.#key = undefined;
    if (this.#handingOver && policy.chain.length > (before?.chain.length ?? 0)) this.#handingOver = undefined;
    const written = this.#deps.persist();
    if (from === undefined) await written;
    if (this.#isClosed) return;
    const removal = removalOf(policy, this.#deps.self);
    if (removal) return this.#deps.tell({ kind: "removed", member: this.#deps.self, removal });
    for (const [member, peer] of this.#peers) if (isNewlyGone(member)) forgetShown(peer);
    this.#reconsider();
    for (const [member, peer] of [...this.#peers]) {
      if (member === from || !peer.prints) continue;
      if (peer.standing !== "member" && peer.standing !== "away" && !isNewlyGone(member)) continue;
      // Who is let in by this policy lacks the key, and so does everybody after it has changed.
      const lacksKey = policy.sealed && peer.greeting?.key !== policy.key && isListed(policy, member);
      if (lacksKey && hasCurrentKey(this.#ground)) this.#grant(member);
      else this.#deps.say(member, { t: "policy", room: this.roomId, policy });
    }
    this.#greetAll();
    // Last: whoever hears of it may cut the connection to whom the owner removed, and that one is to know why.
    this.#tellChanges(before, policy);
  }

  #tellChanges(before: Policy | undefined, policy: Policy): void {
    const { tell } = this.#deps;
    if (!before) {
      tell({ kind: "renamed", name: policy.name });
      return;
    }
    for (const [member, kind] of policy.removed) {
      if (removalOf(before, member) !== kind) tell({ kind: "removed", member, removal: kind });
    }
    for (const [member] of before.removed) if (!removalOf(policy, member)) tell({ kind: "forgiven", member });
    const owner = ownerOf(policy);
    const isOwnerNew = owner !== ownerOf(before);
    if (isOwnerNew) tell({ kind: "owner", member: owner });
    for (const [member, role] of isOwnerNew ? [] : policy.members) {
      const had = before.members.find(([key]) => key === member)?.[1] ?? "member";
      if (had !== role) tell({ kind: "role", member, role });
    }
    if (before.sealed !== policy.sealed || before.doors !== policy.doors) {
      tell({ kind: "rules", sealed: policy.sealed, doors: policy.doors });
    }
    if (before.name !== policy.name) tell({ kind: "renamed", name: policy.name });
  }

  #reconsider(): void {
    for (const [member, peer] of [...this.#peers]) this.#consider(member, peer);
    this.#deps.changed();
  }

  #consider(member: PublicKey, peer: Peer): void {
    const before = peer.standing;
    const standing = standingOf(this.#ground, member, peer);
    peer.standing = standing;
    this.#listSoon();
    if (standing === before) return;
    if (standing === "door") {
      this.#deps.say(member, { t: "door", room: this.roomId, answer: "wait" });
      this.#deps.tell({ kind: "knock", member });
    }
    const wasOut = before === "door" || before === "removed" || before === "banned";
    if (standing === "member" && wasOut) this.#deps.say(member, { t: "door", room: this.roomId, answer: "open" });
    this.#deps.changed();
  }

  /** The owner writes down who came in with the room's key, so that it stays when the key changes. */
  #listSoon(): void {
    if (this.#listing || !this.isOwner || !this.#policy?.sealed || this.#handingOver) return;
    if (this.#unlisted(this.#policy.members).length === 0) return;
    this.#listing = this.#deps.clock.after(LIST_AFTER_MS, () => {
      this.#listing = undefined;
      void this.#serially(async () => {
        const policy = this.#policy;
        if (!policy || this.#unlisted(policy.members).length === 0) return ok(undefined);
        return this.#amend(({ members }) => ({ members: this.#listAll(members) }));
      });
    });
  }

  #unlisted(listed: Policy["members"]): readonly PublicKey[] {
    if (listed.length >= MAX_LISTED) return [];
    const keys = new Set(listed.map(([key]) => key));
    return [...this.#peers].flatMap(([key, peer]) =>
      (peer.standing === "member" || peer.standing === "away") && !keys.has(key) && key !== this.owner ? [key] : [],
    );
  }

  /** Who is listed, and who is in the room without being listed yet. */
  #listAll(listed: Policy["members"], except?: PublicKey): Policy["members"] {
    const added = this.#unlisted(listed).map((key): Policy["members"][number] => [key, "member"]);
    return [...listed, ...added].filter(([key]) => key !== except).slice(-MAX_LISTED);
  }

  /** @returns false, for whoever asked whether something counts. */
  #refuse(member: PublicKey, code: string, message: string): false {
    this.#deps.tell({ kind: "refused", member, failure: { code, message } });
    return false;
  }

  #serially<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(task);
    this.#queue = done.catch(() => undefined);
    return done;
  }
}

/** What it showed before it was removed counts for nothing: whoever wants in again says so. */
function forgetShown(peer: Peer): void {
  peer.greeting = undefined;
  peer.proved.clear();
}

/** How a door answers, to whom it does not open. */
function answerOf({ standing, isTurnedAway }: Peer): DoorAnswer | undefined {
  if (isTurnedAway) return "no";
  if (standing === "door") return "wait";
  if (standing === "removed" || standing === "banned") return standing;
  return undefined;
}

/** Room for one more: whoever was kicked longest ago goes. Undefined where all are banned. */
function makeRoom(removed: Policy["removed"]): Policy["removed"] | undefined {
  if (removed.length < MAX_REMOVED) return removed;
  const oldest = removed.findIndex(([, removal]) => removal === "kicked");
  return oldest < 0 ? undefined : removed.filter((_, n) => n !== oldest);
}

function notOwner(): Result<never, TrustFailure> {
  return fail("not_owner", "only the room's owner can do that");
}
