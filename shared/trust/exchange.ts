import type { PublicKey } from "../base/brand.ts";
import type { Clock } from "../base/clock.ts";
import { relationOf } from "./gate.ts";
import { type DoorAnswer, type Greeting, isRefusal, type TrustMessage } from "./messages.ts";
import type { Peer, Prints } from "./peers.ts";
import { idOf, isListed } from "./policy.ts";
import { isRoomProof, type KeyId, ownerPinOf, roomProof } from "./room-key.ts";
import type { RoomState } from "./room-state.ts";

export interface ExchangeDeps {
  readonly clock: Clock;
  /** Sends to a member over its proven connection; lost where there is none. */
  readonly say: (to: PublicKey, message: TrustMessage) => void;
}

/**
 * What this machine says to members of one room: which key and policy it has, and to whoever may have them those that it
 * lacks. Of a policy that is its own word it says nothing before that is written down.
 */
export class Exchange {
  readonly #state: RoomState;
  readonly #deps: ExchangeDeps;

  constructor(state: RoomState, deps: ExchangeDeps) {
    this.#state = state;
    this.#deps = deps;
  }

  /** Says which key and policy this machine has, if that is news on this connection. */
  greet(member: PublicKey, peer: Peer): void {
    if (!peer.prints || this.#state.isUnwritten) return;
    const greeting = this.#greeting(member, peer, peer.prints);
    const text = JSON.stringify(greeting);
    if (text === peer.greeted) return;
    peer.greeted = text;
    this.#deps.say(member, greeting);
  }

  /** Says it once more, and wants to hear the same of the member. */
  greetAgain(member: PublicKey, peer: Peer): void {
    if (!peer.prints || this.#state.isUnwritten) return;
    this.#deps.say(member, { ...this.#greeting(member, peer, peer.prints), ask: true });
  }

  /** Whether a greeting proves that its sender has the key that it names; undefined where this machine has not got it. */
  proves(
    member: PublicKey,
    prints: Prints,
    greeting: Greeting,
  ): { readonly key: KeyId; readonly holds: boolean } | undefined {
    const held = this.#state.keys.find(greeting.key);
    if (!held) return undefined;
    const { roomId, self } = this.#state;
    const binding = {
      room: roomId,
      from: member,
      to: self,
      fromFingerprint: prints.remote,
      toFingerprint: prints.local,
    };
    return { key: held.id, holds: isRoomProof(held.key, binding, greeting.proof) };
  }

  /**
   * What the member lacks it gets, if it may have it; else it hears where it stands. A newer policy gets whoever says
   * that it has an older one, wherever it stands: nobody may go by that any more, and a policy is no secret.
   */
  answer(member: PublicKey, peer: Peer): void {
    const { policy, isUnwritten } = this.#state;
    const { greeting } = peer;
    if (!greeting || !peer.prints || isUnwritten || !peer.answered.take(this.#deps.clock.now())) return;
    if (greeting.ask) peer.greeted = "";
    const refusal = refusalOf(peer);
    if (refusal !== undefined) this.door(member, peer, refusal);
    // Whoever asks may remember a refusal of which this machine knows nothing: it was out of the room meanwhile.
    else if (peer.isInside && (isRefusal(peer.told) || greeting.ask)) this.door(member, peer, "open");
    if (!policy) return;
    const relation = relationOf(greeting, policy);
    const lacksKey = policy.sealed && greeting.key !== policy.key;
    const isBehind = relation === "behind" || relation === "other" || (relation === "none" && peer.isInside);
    if (lacksKey && peer.isInside && isListed(policy, member) && this.#state.hasCurrentKey) this.grant(member);
    else if (isBehind) this.policy(member);
    if (relation === "same" && peer.isInside) this.#offerRoom(member);
  }

  door(member: PublicKey, peer: Peer, answer: DoorAnswer): void {
    peer.told = answer;
    this.#deps.say(member, { t: "door", room: this.#state.roomId, answer });
  }

  policy(member: PublicKey): void {
    const { policy, roomId, isUnwritten } = this.#state;
    if (policy && !isUnwritten) this.#deps.say(member, { t: "policy", room: roomId, policy });
  }

  /** Gives the room's key, and with it the policy that names it. */
  grant(member: PublicKey): void {
    const { policy, keys, roomId, hasCurrentKey, isUnwritten } = this.#state;
    if (!policy || !keys.held || !hasCurrentKey || isUnwritten) return;
    this.#deps.say(member, { t: "grant", room: roomId, key: keys.held.key, policy });
  }

  /** Offers the room to whom it is being handed over, once it has the policy that it goes on from. */
  #offerRoom(member: PublicKey): void {
    const { handingOver, roomId } = this.#state;
    if (handingOver?.to === member) this.#deps.say(member, { t: "handover", room: roomId, handover: handingOver });
  }

  #greeting(member: PublicKey, peer: Peer, prints: Prints): Greeting {
    const { roomId, self, policy, keys, hasCurrentKey } = this.#state;
    const { greeting } = peer;
    // The key that holds by the policy. Of two of which none does, or nobody can tell, the one that the member has too.
    const common = policy && hasCurrentKey ? undefined : greeting && keys.find(greeting.key);
    const held = common ?? keys.held;
    const binding = {
      room: roomId,
      from: self,
      to: member,
      fromFingerprint: prints.local,
      toFingerprint: prints.remote,
    };
    return {
      t: "room",
      room: roomId,
      key: held?.id ?? "",
      proof: held ? roomProof(held.key, binding) : "",
      founder: policy ? ownerPinOf(policy.founder) : "",
      chain: policy?.chain.length ?? 0,
      epoch: policy?.epoch ?? 0,
      policy: policy ? idOf(policy) : "",
      ask: false,
    };
  }
}

/** This machine and the member do not agree, or one of them has not heard the other: something may have been lost. */
export function isAtOdds(state: RoomState, member: PublicKey, { prints, greeting, standing }: Peer): boolean {
  if (!prints) return false;
  if (!greeting || standing !== "member" || member === state.handingOver?.to) return true;
  return state.policy !== undefined && relationOf(greeting, state.policy) !== "same";
}

/** How the door answers, to whom it does not open. */
function refusalOf({ standing }: Peer): DoorAnswer | undefined {
  if (standing === "door") return "wait";
  if (standing === "turned_away") return "no";
  return standing === "removed" || standing === "banned" ? standing : undefined;
}
