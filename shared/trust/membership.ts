import type { PublicKey } from "../base/brand.ts";
import type { RandomBytes } from "../base/random.ts";
import type { Signer, VerifySignature } from "../identity/keys.ts";
import type { Present } from "./amendments.ts";
import { OwnersDesk } from "./desk.ts";
import { Exchange, type ExchangeDeps, isAtOdds } from "./exchange.ts";
import { belongs, relationOf, standingOf } from "./gate.ts";
import { Listing } from "./listing.ts";
import { type DoorAnswer, type Greeting, isRefusal, type TrustMessage } from "./messages.ts";
import { newsBetween, type RoomNews } from "./news.ts";
import { type Peer, Peers, type Prints } from "./peers.ts";
import { isListed, type Policy, removalOf } from "./policy.ts";
import { Reception } from "./reception.ts";
import { Reminder } from "./reminder.ts";
import type { RoomKey } from "./room-key.ts";
import type { RoomState } from "./room-state.ts";
import { written } from "./written.ts";

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
 * Where each member of one room stands, as connections come and go, members speak, and policies follow each other. What
 * follows from a change is said to whom it concerns.
 */
export class Membership {
  readonly peers: Peers;
  readonly desk: OwnersDesk;
  readonly #deps: RoomTrustDeps;
  readonly #state: RoomState;
  readonly #exchange: Exchange;
  readonly #reception: Reception;
  readonly #reminder: Reminder;
  /** Whom the person has let in, and the owner has not listed yet: they stay in when the key changes. */
  readonly #vouched = new Set<PublicKey>();
  readonly #listing: Listing;
  #isClosed = false;

  constructor(state: RoomState, deps: RoomTrustDeps) {
    this.#deps = deps;
    this.#state = state;
    this.peers = new Peers(deps.clock);
    this.#exchange = new Exchange(this.#state, deps);
    const { signer, random, clock, verify } = deps;
    this.#reception = new Reception(this.#state, this.peers, {
      verify,
      clock,
      refuse: (member, code, message) => this.#refuse(member, code, message),
    });
    this.desk = new OwnersDesk(this.#state, {
      signer,
      random,
      clock,
      present: () => this.#present,
      issued: (policy) => this.#issued(policy),
    });
    this.#listing = new Listing(this.#state, { clock, desk: this.desk, present: () => this.#present });
    this.#reminder = new Reminder({
      clock,
      isNeeded: () => [...this.peers].some(([member, peer]) => isAtOdds(this.#state, member, peer)),
      remind: () => this.#greetAgain(),
    });
  }

  /** A proven connection to a member is in use, or another one in its place. */
  linked(member: PublicKey, prints: Prints): void {
    const peer = this.peers.linked(member, prints);
    this.#reminder.restart();
    this.#exchange.greet(member, peer);
    this.consider(member, peer);
    this.#reminder.arm();
  }

  unlinked(member: PublicKey): void {
    const peer = this.peers.get(member);
    if (peer) peer.prints = undefined;
  }

  /** The member is out of the room, or cannot be found any more. */
  left(member: PublicKey): void {
    if (!this.peers.left(member)) return;
    // What it said of the room may have been what all others were kept out for.
    if (this.#state.policy) this.#deps.changed();
    else this.#reconsider();
  }

  heard(member: PublicKey, prints: Prints, message: TrustMessage): void {
    const peer = this.peers.get(member);
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
        if (this.#reception.handOver(member, peer, message.handover)) void this.desk.take(message.handover);
        return;
    }
  }

  /** By the owner's list, or by a proof that it has a key which this machine has too. */
  recognizes(member: PublicKey, prints: Prints, message: TrustMessage): boolean {
    if (removalOf(this.#state.policy, member)) return false;
    if (isListed(this.#state.policy, member)) return true;
    return message.t === "room" && this.#exchange.proves(member, prints, message)?.holds === true;
  }

  /** The person has let somebody in by hand. */
  vouch(member: PublicKey): void {
    if (this.#vouched.size >= MAX_VOUCHED) this.#vouched.clear();
    this.#vouched.add(member);
    this.#exchange.grant(member);
  }

  turnAway(member: PublicKey, peer: Peer): void {
    this.peers.turnAway(member);
    this.#exchange.door(member, peer, "no");
    this.consider(member, peer);
  }

  /** This machine can check now what members may have told it in vain: they are to say it again. */
  askAgain(): void {
    for (const [member, peer] of this.peers) this.#exchange.greetAgain(member, peer);
  }

  answerAgain(member: PublicKey, peer: Peer): void {
    this.#answer(member, peer);
    this.#reminder.arm();
  }

  close(): void {
    this.#isClosed = true;
    this.desk.close();
    this.#listing.dispose();
    this.#reminder.dispose();
    this.peers.clear();
  }

  get #canLetIn(): boolean {
    return this.#state.mayLetIn && !this.desk.isHandingOver;
  }

  get #present(): Present {
    return {
      inside: [...this.peers].flatMap(([key, peer]) => (peer.isInside ? [key] : [])),
      isHere: (member) => this.peers.get(member)?.prints !== undefined,
    };
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
    if (policy) this.consider(member, peer);
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
    else this.tookKey();
  }

  #onAnswer(member: PublicKey, peer: Peer, answer: DoorAnswer): void {
    if (peer.answer === answer) return;
    const isNews = isRefusal(answer) || isRefusal(peer.answer);
    peer.answer = answer;
    if (isNews && peer.answersTold.take(this.#deps.clock.now())) this.#deps.tell({ kind: "answered", member, answer });
    this.consider(member, peer);
    this.#deps.changed();
  }

  tookKey(): void {
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
    await written(this.#deps.persist, this.#deps.clock);
    if (this.#isClosed) return;
    if (this.#state.policy === policy) {
      this.#state.isUnwritten = false;
      this.#spread();
    }
    this.#tellNews(before, policy);
  }

  /** @returns the policy before. */
  #follow(policy: Policy): Policy | undefined {
    const before = this.#state.policy;
    this.#state.follow(policy);
    this.#reminder.restart();
    for (const [member, peer] of this.peers) {
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
    for (const [member, peer] of this.peers) {
      if (this.#isClosed) return;
      const isRemoved = removalOf(this.#state.policy, member) !== undefined;
      if (isRemoved && !peer.greeting && peer.prints) this.#exchange.policy(member);
      else if (member !== from) this.#answer(member, peer);
      this.#exchange.greet(member, peer);
    }
    this.#reminder.arm();
  }

  #reconsider(): void {
    for (const [member, peer] of this.peers) this.consider(member, peer);
    this.#deps.changed();
  }

  consider(member: PublicKey, peer: Peer): void {
    const before = peer.standing;
    const { keys } = this.#state;
    const ground = this.#state.ground(this.peers.contradict(keys.held?.id));
    const standing = standingOf(ground, member, peer);
    peer.standing = standing;
    peer.isInside = belongs(ground, member, peer);
    this.#listing.arm();
    if (standing === before) return;
    if (standing === "door" && !this.#vouched.has(member) && this.peers.knocks(member)) {
      this.#deps.tell({ kind: "knock", member });
    }
    this.#deps.changed();
  }

  /** Whom the person has let in gets the next key too; whoever else waits hears that it waits. */
  #answer(member: PublicKey, peer: Peer): void {
    if (peer.standing === "door" && this.#vouched.has(member) && this.#canLetIn) this.#exchange.grant(member);
    else this.#exchange.answer(member, peer);
  }

  /** Something may have been lost. */
  #greetAgain(): void {
    for (const [member, peer] of this.peers) {
      if (!isAtOdds(this.#state, member, peer)) continue;
      this.#exchange.greetAgain(member, peer);
      this.consider(member, peer);
    }
  }

  #refuse(member: PublicKey, code: string, message: string): void {
    this.#deps.tell({ kind: "refused", member, failure: { code, message } });
  }
}
