import type { PublicKey } from "../base/brand.ts";
import type { Clock } from "../base/clock.ts";
import type { VerifySignature } from "../identity/keys.ts";
import { speaksAgainst } from "./gate.ts";
import type { Peer, Peers } from "./peers.ts";
import { checkPolicy, comparePolicies, type HandOver, isHandOver, type Policy } from "./policy.ts";
import { keyIdOf, ownerPinOf, type RoomKey } from "./room-key.ts";
import type { RoomState } from "./room-state.ts";

/** "news": to go by from now on. "known": held, or older than what is held. */
export type Verdict = "news" | "known" | "refused";

export interface ReceptionDeps {
  readonly verify: VerifySignature;
  readonly clock: Clock;
  /** A member sent what cannot be right. */
  readonly refuse: (member: PublicKey, code: string, message: string) => void;
}

/** Judges what members bring: policies, keys and hand-overs. Who brings them does not matter, but for how many. */
export class Reception {
  readonly #state: RoomState;
  readonly #peers: Peers;
  readonly #deps: ReceptionDeps;

  constructor(state: RoomState, peers: Peers, deps: ReceptionDeps) {
    this.#state = state;
    this.#peers = peers;
    this.#deps = deps;
  }

  /** Without an invitation, and before anybody has let this machine in, there is nobody whose word it could check. */
  policy(member: PublicKey, peer: Peer, policy: Policy): Verdict {
    return this.#isOfThisRoom(peer, policy) ? this.#judge(member, peer, policy) : "known";
  }

  /** A key, with the policy that names it. "known" where the policy is, and the key is none that was missing. */
  grant(member: PublicKey, peer: Peer, key: RoomKey, policy: Policy): Verdict | "key" {
    const { pin, policy: held, hasCurrentKey } = this.#state;
    // Whoever contradicts the one that lets this machine in may be right: neither is believed.
    if (pin === undefined && this.#isSpokenAgainst(member, policy)) {
      return this.#refuse(member, "conflicting_claims", "members contradict each other: ask for an invitation's link");
    }
    if (policy.key !== keyIdOf(key)) {
      return this.#refuse(member, "bad_grant", "a member gave another key than the owner's policy names");
    }
    const verdict = this.#judge(member, peer, policy);
    if (verdict !== "known") return verdict;
    // What is known, or older than what is held, may still bring the key that the held one names.
    return held && !hasCurrentKey && policy.key === held.key ? "key" : "known";
  }

  /** Whether the room's owner gives it to this machine, from the policy on that is held here. */
  handOver(member: PublicKey, peer: Peer, given: HandOver): boolean {
    const { owner, isOwner, policy, roomId, self } = this.#state;
    if (!policy || owner === undefined || isOwner || given.to !== self || given.epoch !== policy.epoch + 1)
      return false;
    if (!peer.checked.take(this.#deps.clock.now())) return false;
    if (isHandOver(roomId, owner, given, this.#deps.verify)) return true;
    this.#refuse(member, "bad_handover", "a member offered the room without owning it");
    return false;
  }

  /** Who knows no founder believes whoever proves the invitation's key, of a policy that names that key. */
  #isOfThisRoom({ proved }: Peer, { key }: Policy): boolean {
    const { pin, keys } = this.#state;
    return pin !== undefined || (key !== "" && proved.has(key) && keys.find(key) !== undefined);
  }

  /** Of this room, of its founder's line, newer than the held one, and signed. */
  #judge(member: PublicKey, peer: Peer, policy: Policy): Verdict {
    const { policy: held, pin, roomId } = this.#state;
    if (policy.room !== roomId) return this.#refuse(member, "foreign_policy", "a policy is of another room");
    if (held?.sig === policy.sig) return "known";
    if (pin !== undefined && pin !== ownerPinOf(policy.founder)) {
      return this.#refuse(member, "foreign_policy", "a policy names another founder than the room has");
    }
    const order = held ? comparePolicies(held, policy) : "newer";
    if (order === "split") {
      return this.#refuse(member, "split_policy", "a policy is of somebody who does not own the room any more");
    }
    if (order !== "newer") return "known";
    if (!peer.checked.take(this.#deps.clock.now())) {
      return this.#refuse(member, "flood", "the member sent too many policies");
    }
    const checked = checkPolicy(policy, this.#deps.verify);
    return checked.ok ? "news" : this.#refuse(member, checked.error.code, checked.error.message);
  }

  #isSpokenAgainst(member: PublicKey, policy: Policy): boolean {
    const founder = ownerPinOf(policy.founder);
    return [...this.#peers].some(
      ([key, { greeting, prints }]) =>
        key !== member && prints !== undefined && greeting !== undefined && speaksAgainst(greeting, policy, founder),
    );
  }

  #refuse(member: PublicKey, code: string, message: string): "refused" {
    this.#deps.refuse(member, code, message);
    return "refused";
  }
}
