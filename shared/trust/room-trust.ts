import type { PublicKey, RoomId } from "../base/brand.ts";
import type { Disposable } from "../base/disposable.ts";
import type { RandomBytes } from "../base/random.ts";
import { fail, ok, type Result } from "../base/result.ts";
import type { Signer, VerifySignature } from "../identity/keys.ts";
import { admit, listPresent, type Present, remove, setRole, setRules } from "./amendments.ts";
import { OwnersDesk } from "./desk.ts";
import { Exchange, type ExchangeDeps } from "./exchange.ts";
import { notOwner, type TrustFailure } from "./failures.ts";
import { belongs, relationOf, standingOf } from "./gate.ts";
import type { DoorAnswer, Greeting, TrustMessage } from "./messages.ts";
import { newsBetween, type RoomNews } from "./news.ts";
import { type Peer, Peers, type Prints } from "./peers.ts";
import { isListed, type Policy, type Removal, removalOf } from "./policy.ts";
import { Reception } from "./reception.ts";
import { Reminder } from "./reminder.ts";
import type { OwnerPin, RoomKey } from "./room-key.ts";
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
  readonly #reception: Reception;
  readonly #desk: OwnersDesk;
  readonly #reminder: Reminder;
  /** Whom the person has let in, and the owner has not listed yet: they stay in when the key changes. */
  readonly #vouched = new Set<PublicKey>();
  #listing: Disposable | undefined;
  #isClosed = false;

  constructor(saved: SavedRoomTrust, deps: RoomTrustDeps) {
    this.roomId = saved.roomId;
    this.#deps = deps;
    this.#state = new RoomState(saved, deps.self);
    this.#peers = new Peers(deps.clock);
    this.#exchange = new Exchange(this.#state, deps);
    const { signer, random, clock, verify } = deps;
    this.#reception = new Reception(this.#state, this.#peers, {
      verify,
      clock,
      refuse: (member, code, message) => this.#refuse(member, code, message),
    });
    this.#desk = new OwnersDesk(this.#state, {
      signer,
      random,
      clock,
      present: () => this.#present,
      issued: (policy) => this.#issued(policy),
    });
    this.#reminder = new Reminder({
      clock,
      isNeeded: () => [...this.#peers].some(([member, peer]) => this.#isOdds(member, peer)),
      remind: () => this.#greetAgain(),
    });
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
    this.#reminder.restart();
    this.#exchange.greet(member, peer);
    this.#consider(member, peer);
    this.#reminder.arm();
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
        if (this.#reception.handOver(member, peer, message.handover)) void this.#desk.take(message.handover);
        return;
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
    this.#reminder.arm();
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
    this.#reminder.dispose();
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
    else this.#answer(member, peer);
    this.#exchange.greet(member, peer);
    this.#reminder.arm();
  }

  #onPolicy(member: PublicKey, peer: Peer, policy: Policy): void {
    if (this.#reception.policy(member, peer, policy) === "news") this.#heardOf(policy, member);
  }

  #onGrant(member: PublicKey, peer: Peer, key: RoomKey, policy: Policy): void {
    const { hasCurrentKey, policy: held } = this.#state;
    const verdict = this.#reception.grant(member, peer, key, policy);
    if (verdict !== "news" && verdict !== "key") return;
    this.#state.keys.take(key);
    if (!held || !hasCurrentKey) this.#deps.tell({ kind: "let_in", member });
    if (verdict === "news") this.#heardOf(policy, member);
    else this.#tookKey();
  }

  #onAnswer(member: PublicKey, peer: Peer, answer: DoorAnswer): void {
    if (peer.answer === answer) return;
    peer.answer = answer;
    this.#deps.tell({ kind: "answered", member, answer });
    this.#consider(member, peer);
    this.#deps.changed();
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
    this.#reminder.restart();
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
      else if (member !== from) this.#answer(member, peer);
      this.#exchange.greet(member, peer);
    }
    this.#reminder.arm();
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
    if (standing === "door" && !this.#vouched.has(member) && this.#peers.knocks(member)) {
      this.#deps.tell({ kind: "knock", member });
    }
    this.#deps.changed();
  }

  /** Whom the person has let in gets the next key too; whoever else waits hears that it waits. */
  #answer(member: PublicKey, peer: Peer): void {
    if (peer.standing === "door" && this.#vouched.has(member) && this.canLetIn) this.#exchange.grant(member);
    else this.#exchange.answer(member, peer);
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

  /** Something may have been lost. */
  #greetAgain(): void {
    for (const [member, peer] of this.#peers) {
      if (!this.#isOdds(member, peer)) continue;
      this.#exchange.greetAgain(member, peer);
      this.#consider(member, peer);
    }
  }

  /** This machine and the member do not agree. */
  #isOdds(member: PublicKey, { prints, greeting, standing }: Peer): boolean {
    if (!prints) return false;
    if (!greeting || standing !== "member" || member === this.handingOverTo) return true;
    const { policy } = this.#state;
    return policy !== undefined && relationOf(greeting, policy) !== "same";
  }

  #refuse(member: PublicKey, code: string, message: string): void {
    this.#deps.tell({ kind: "refused", member, failure: { code, message } });
  }
}
