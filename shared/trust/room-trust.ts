import type { PublicKey, RoomId } from "../base/brand.ts";
import type { Disposable } from "../base/disposable.ts";
import type { RandomBytes } from "../base/random.ts";
import { fail, ok, type Result } from "../base/result.ts";
import type { Signer, VerifySignature } from "../identity/keys.ts";
import { admit, listPresent, type Present, remove, setRole, setRules } from "./amendments.ts";
import { OwnersDesk } from "./desk.ts";
import { Exchange, type ExchangeDeps } from "./exchange.ts";
import { notOwner, type TrustFailure } from "./failures.ts";
import { belongs, relationOf, speaksAgainst, standingOf } from "./gate.ts";
import type { DoorAnswer, Greeting, TrustMessage } from "./messages.ts";
import { newsBetween, type RoomNews } from "./news.ts";
import { type Peer, Peers, type Prints } from "./peers.ts";
import {
  checkPolicy,
  comparePolicies,
  type HandOver,
  isHandOver,
  isListed,
  type Policy,
  type Removal,
  removalOf,
} from "./policy.ts";
import { keyIdOf, type OwnerPin, ownerPinOf, type RoomKey } from "./room-key.ts";
import { RoomState } from "./room-state.ts";
import type { SavedRoomTrust } from "./saved.ts";
import type { Doors, Role, Standing } from "./standing.ts";

export type { TrustFailure } from "./failures.ts";
export type { RoomNews } from "./news.ts";
export { type Prints, TURNED_AWAY_MS } from "./peers.ts";

/** Whoever came in with the room's key is written into the policy this much later, together with who comes meanwhile. */
export const LIST_AFTER_MS = 1_000;
/** A policy is handed out once it is written down. A disk that takes longer must not keep a removed member in. */
export const WRITE_PATIENCE_MS = 1_000;
/** Where two machines do not agree, a message was lost: they greet again, less and less often. */
export const GREET_AGAIN_MS = [5_000, 30_000, 120_000, 600_000] as const;
/** Nobody lets in more by hand who are not on the owner's list yet. */
const MAX_VOUCHED = 64;

export interface RoomTrustDeps extends ExchangeDeps {
  readonly self: PublicKey;
  readonly signer: Signer;
  readonly verify: VerifySignature;
  readonly random: RandomBytes;
  /** Writes down what `saved` gives. A new policy is handed out once it is. */
  readonly persist: () => Promise<void>;
  readonly tell: (news: RoomNews) => void;
  /** Something that a person can see has changed, or who is let in. */
  readonly changed: () => void;
}

/**
 * Who belongs in one room. Fed with connections, with what members say over them, and with what the person decides; it
 * answers with messages, and with each member's standing.
 */
export class RoomTrust {
  readonly roomId: RoomId;
  readonly #deps: RoomTrustDeps;
  readonly #state: RoomState;
  readonly #peers: Peers;
  readonly #exchange: Exchange;
  readonly #desk: OwnersDesk;
  /** Whom the person has let in, and the owner has not listed yet: they stay in when the key changes. */
  readonly #vouched = new Set<PublicKey>();
  #listing: Disposable | undefined;
  #greeting: Disposable | undefined;
  #greetings = 0;
  #isClosed = false;

  constructor(saved: SavedRoomTrust, deps: RoomTrustDeps) {
    this.roomId = saved.roomId;
    this.#deps = deps;
    this.#state = new RoomState(saved, deps.self);
    this.#peers = new Peers(deps.clock);
    this.#exchange = new Exchange(this.#state, deps);
    const { signer, random } = deps;
    const present = () => this.#present;
    this.#desk = new OwnersDesk(this.#state, { signer, random, present, issued: (policy) => this.#issued(policy) });
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
    if (member === this.#deps.self) return "member";
    return this.#peers.get(member)?.standing ?? standingOf(this.#state.ground(false), member, undefined);
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
    this.#tookKey();
    return ok(undefined);
  }

  /** A proven connection to a member is in use, or another one in its place. */
  linked(member: PublicKey, prints: Prints): void {
    const peer = this.#peers.linked(member, prints);
    this.#greetings = 0;
    this.#exchange.greet(member, peer);
    this.#consider(member, peer);
    this.#greetAgain();
  }

  unlinked(member: PublicKey): void {
    const peer = this.#peers.get(member);
    if (peer) peer.prints = undefined;
  }

  /** The member is out of the room, or cannot be found any more. */
  left(member: PublicKey): void {
    if (!this.#peers.left(member)) return;
    // What it said of the room may have been what all others were kept out for.
    if (this.#state.policy) this.#deps.changed();
    else this.#reconsider();
  }

  heard(member: PublicKey, prints: Prints, message: TrustMessage): void {
    const peer = this.#peers.get(member);
    if (!peer || this.#isClosed || this.#isFlood(member, peer)) return;
    switch (message.t) {
      case "room":
        return this.#onGreeting(member, peer, prints, message);
      case "policy":
        return this.#onPolicy(member, peer, message.policy);
      case "grant":
        return this.#onGrant(member, peer, message.key, message.policy);
      case "door":
        return this.#onAnswer(member, peer, message.answer);
      case "handover":
        return this.#onHandOver(member, peer, message.handover);
    }
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
      if (this.#vouched.size >= MAX_VOUCHED) this.#vouched.clear();
      this.#vouched.add(member);
      this.#exchange.grant(member);
      return ok(undefined);
    });
  }

  /** Says no. Nobody is asked about it again for ten minutes. */
  turnAway(member: PublicKey): Result<void, TrustFailure> {
    const peer = this.#peers.get(member);
    if (peer?.standing !== "door") return fail("not_at_door", "nobody of this name is at the door");
    this.#peers.turnAway(member);
    this.#exchange.door(member, peer, "no");
    this.#consider(member, peer);
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
    await this.#deps.persist();
    this.#exchange.answer(member, peer);
    this.#greetAgain();
    this.#deps.changed();
    return signed;
  }

  /** What has been asked for is done. */
  settled(): Promise<unknown> {
    return this.#desk.settled;
  }

  /** The room is none of ours any more. */
  close(): void {
    this.#isClosed = true;
    this.#desk.close();
    this.#listing?.dispose();
    this.#greeting?.dispose();
    this.#peers.clear();
  }

  get #present(): Present {
    return {
      inside: [...this.#peers].flatMap(([key, peer]) => (peer.isInside ? [key] : [])),
      isHere: (member) => this.#peers.get(member)?.prints !== undefined,
    };
  }

  #atDoor(member: PublicKey): Result<void, TrustFailure> {
    const peer = this.#peers.get(member);
    if (peer?.isTurnedAway) {
      this.#peers.welcome(member);
      this.#consider(member, peer);
    }
    return peer?.standing === "door" ? ok(undefined) : fail("not_at_door", "nobody of this name is at the door");
  }

  #isFlood(member: PublicKey, peer: Peer): boolean {
    const isFlooding = !peer.heard.take(this.#deps.clock.now());
    if (isFlooding && !peer.isFlooding) this.#refuse(member, "flood", "the member says too much");
    peer.isFlooding = isFlooding;
    return isFlooding;
  }

  #onGreeting(member: PublicKey, peer: Peer, prints: Prints, greeting: Greeting): void {
    const { policy } = this.#state;
    const proof = this.#exchange.proves(member, prints, greeting);
    if (proof?.holds) peer.proved.add(proof.key);
    if (proof?.holds === false) {
      this.#refuse(member, "bad_room_proof", "a member claims the room's key, and has not got it");
    }
    // Whoever has not heard yet that it was removed does not knock: it takes itself for a member.
    const isUnaware = policy && removalOf(policy, member) && relationOf(greeting, policy) === "behind";
    peer.greeting = isUnaware ? undefined : greeting;
    if (policy) this.#consider(member, peer);
    else this.#reconsider();
    if (isUnaware) this.#exchange.policy(member);
    else this.#exchange.answer(member, peer);
    this.#exchange.greet(member, peer);
    this.#greetAgain();
  }

  #onPolicy(member: PublicKey, peer: Peer, policy: Policy): void {
    // Without an invitation, and before anybody has let this machine in, there is nobody whose word it could check.
    if (!this.#maySpeakOfPolicy(peer, policy)) return;
    const verdict = this.#judge(member, peer, policy);
    if (verdict === "news") this.#heardOf(policy, member);
    // It shows that it was let in once, and asks what has become of the room.
    else if (verdict === "older" && !peer.isInside && this.#isSigned(member, peer, policy))
      this.#exchange.policy(member);
  }

  /** Who knows no founder believes whoever proves the invitation's key, of a policy that names that key. */
  #maySpeakOfPolicy({ proved }: Peer, { key }: Policy): boolean {
    if (this.#state.pin !== undefined) return true;
    return key !== "" && proved.has(key) && this.#state.keys.find(key) !== undefined;
  }

  /** Whether a policy is one to go by from now on: of this room, of its founder's line, newer than the held one, and signed. */
  #judge(member: PublicKey, peer: Peer, policy: Policy): "news" | "older" | "known" | "refused" {
    const { policy: held, pin } = this.#state;
    if (policy.room !== this.roomId) return "refused";
    if (held?.sig === policy.sig) return "known";
    if (pin !== undefined && pin !== ownerPinOf(policy.founder)) {
      return this.#refuse(member, "foreign_policy", "a policy names another founder than the room has");
    }
    const order = held ? comparePolicies(held, policy) : "newer";
    if (order === "split") {
      return this.#refuse(member, "split_policy", "a policy is of somebody who does not own the room any more");
    }
    if (order !== "newer") return "older";
    return this.#isSigned(member, peer, policy) ? "news" : "refused";
  }

  #isSigned(member: PublicKey, peer: Peer, policy: Policy): boolean {
    if (!peer.checked.take(this.#deps.clock.now())) {
      this.#refuse(member, "flood", "the member sent too many policies");
      return false;
    }
    const checked = checkPolicy(policy, this.#deps.verify);
    if (!checked.ok) this.#refuse(member, checked.error.code, checked.error.message);
    return checked.ok;
  }

  #onGrant(member: PublicKey, peer: Peer, key: RoomKey, policy: Policy): void {
    const state = this.#state;
    // Whoever contradicts the one that lets this machine in may be right: neither is believed.
    if (state.pin === undefined && this.#isSpokenAgainst(member, policy)) {
      this.#refuse(member, "conflicting_claims", "members contradict each other: ask for an invitation's link");
      return;
    }
    if (policy.key !== keyIdOf(key)) {
      this.#refuse(member, "bad_grant", "a member gave another key than the owner's policy names");
      return;
    }
    const hadKey = state.hasCurrentKey && state.policy !== undefined;
    const verdict = this.#judge(member, peer, policy);
    // A policy that is known, or older than the held one, may still bring the key that the held one names.
    const isMissing = verdict !== "refused" && !hadKey && policy.key === state.policy?.key;
    if (verdict !== "news" && !isMissing) return;
    state.keys.take(key);
    if (!hadKey) this.#deps.tell({ kind: "let_in", member });
    if (verdict === "news") this.#heardOf(policy, member);
    else this.#tookKey();
  }

  #isSpokenAgainst(member: PublicKey, policy: Policy): boolean {
    const founder = ownerPinOf(policy.founder);
    return [...this.#peers].some(
      ([key, { greeting, prints }]) =>
        key !== member && prints !== undefined && greeting !== undefined && speaksAgainst(greeting, policy, founder),
    );
  }

  #onAnswer(member: PublicKey, peer: Peer, answer: DoorAnswer): void {
    if (peer.answer === answer) return;
    peer.answer = answer;
    this.#deps.tell({ kind: "answered", member, answer });
    this.#consider(member, peer);
    this.#deps.changed();
  }

  #onHandOver(member: PublicKey, peer: Peer, given: HandOver): void {
    const { owner, isOwner, policy } = this.#state;
    if (!policy || owner === undefined || isOwner || given.to !== this.#deps.self) return;
    if (given.epoch !== policy.epoch + 1 || !peer.checked.take(this.#deps.clock.now())) return;
    if (isHandOver(this.roomId, owner, given, this.#deps.verify)) void this.#desk.take(given);
    else this.#refuse(member, "bad_handover", "a member offered the room without owning it");
  }

  #tookKey(): void {
    void this.#deps.persist();
    this.#reconsider();
    this.#spread();
  }

  /** A checked policy of another machine's is the one that counts from now on. */
  #heardOf(policy: Policy, from: PublicKey): void {
    const before = this.#follow(policy);
    this.#state.isUnwritten = false;
    void this.#deps.persist();
    // Whoever is out has nothing to say in the room. A greeting of it would be a knock.
    if (removalOf(policy, this.#deps.self) === undefined) this.#spread(from);
    this.#tellNews(before, policy);
  }

  /** This machine's own counts at once, and is handed out when it is written down. */
  async #issued(policy: Policy): Promise<void> {
    this.#state.isUnwritten = true;
    const before = this.#follow(policy);
    await this.#written();
    if (this.#isClosed) return;
    if (this.#state.policy === policy) {
      this.#state.isUnwritten = false;
      this.#spread();
    }
    this.#tellNews(before, policy);
  }

  #written(): Promise<void> {
    return new Promise((resolve) => {
      const patience = this.#deps.clock.after(WRITE_PATIENCE_MS, resolve);
      const done = () => {
        patience.dispose();
        resolve();
      };
      this.#deps.persist().then(done, done);
    });
  }

  /** @returns the policy before. */
  #follow(policy: Policy): Policy | undefined {
    const before = this.#state.policy;
    this.#state.follow(policy);
    this.#greetings = 0;
    for (const [member, peer] of this.#peers) {
      if (removalOf(policy, member) && !removalOf(before, member)) peer.forgetShown();
    }
    for (const [member] of policy.removed) this.#vouched.delete(member);
    this.#reconsider();
    return before;
  }

  /** After everybody has heard of the policy: people are told, and connections cut. */
  #tellNews(before: Policy | undefined, policy: Policy): void {
    for (const news of newsBetween(before, policy, this.#deps.self)) this.#deps.tell(news);
  }

  /** All who may hear of it get what they lack; whoever has been removed by it gets the proof of that. */
  #spread(from?: PublicKey): void {
    for (const [member, peer] of this.#peers) {
      if (this.#isClosed) return;
      const isRemoved = removalOf(this.#state.policy, member) !== undefined;
      if (isRemoved && !peer.greeting && peer.prints) this.#exchange.policy(member);
      else if (member !== from) this.#exchange.answer(member, peer);
      this.#exchange.greet(member, peer);
    }
    this.#greetAgain();
  }

  #reconsider(): void {
    for (const [member, peer] of this.#peers) this.#consider(member, peer);
    this.#deps.changed();
  }

  #consider(member: PublicKey, peer: Peer): void {
    const before = peer.standing;
    const { keys } = this.#state;
    const ground = this.#state.ground(this.#peers.contradict(keys.held?.id));
    const standing = standingOf(ground, member, peer);
    peer.standing = standing;
    peer.isInside = belongs(ground, member, peer);
    this.#listSoon();
    if (standing === before) return;
    if (standing === "door") this.#onKnock(member);
    this.#deps.changed();
  }

  #onKnock(member: PublicKey): void {
    if (this.#vouched.has(member) && this.canLetIn) this.#exchange.grant(member);
    else if (this.#peers.knocks(member)) this.#deps.tell({ kind: "knock", member });
  }

  /** The owner writes down who came in with the room's key, so that it stays when the key changes. */
  #listSoon(): void {
    const { policy, isOwner } = this.#state;
    if (this.#listing || !policy?.sealed || !isOwner || !listPresent(policy, this.#present)) return;
    this.#listing = this.#deps.clock.after(LIST_AFTER_MS, () => {
      this.#listing = undefined;
      void this.#desk.amend((held, present) => (held.sealed ? listPresent(held, present) : undefined));
    });
  }

  /** Greets again, after a while, those with whom this machine does not agree: something may have been lost. */
  #greetAgain(): void {
    if (this.#greeting || this.#isClosed || ![...this.#peers].some(([member, peer]) => this.#isOdds(member, peer)))
      return;
    const wait = GREET_AGAIN_MS[Math.min(this.#greetings++, GREET_AGAIN_MS.length - 1)] ?? 0;
    this.#greeting = this.#deps.clock.after(wait, () => {
      this.#greeting = undefined;
      for (const [member, peer] of this.#peers) {
        if (!this.#isOdds(member, peer)) continue;
        this.#exchange.greetAgain(member, peer);
        this.#consider(member, peer);
      }
      this.#greetAgain();
    });
  }

  #isOdds(member: PublicKey, { prints, greeting, standing }: Peer): boolean {
    if (!prints) return false;
    if (!greeting || standing !== "member" || member === this.handingOverTo) return true;
    const { policy } = this.#state;
    return policy !== undefined && relationOf(greeting, policy) !== "same";
  }

  #refuse(member: PublicKey, code: string, message: string): "refused" {
    this.#deps.tell({ kind: "refused", member, failure: { code, message } });
    return "refused";
  }
}
