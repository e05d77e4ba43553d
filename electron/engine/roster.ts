import type { PublicKey, RoomId } from "../../shared/base/brand.ts";
import type { InboundRule } from "../../shared/tunnel/inbound-rule.ts";
import type { ToEngine } from "./messages.ts";

interface Member {
  readonly rooms: Set<RoomId>;
  isAdmitted: boolean;
}

/** What main has told its engine of members and still holds: all of it is news to an engine that starts anew. */
export class Roster {
  readonly #members = new Map<PublicKey, Member>();
  /** May be told of a member before it is one. */
  readonly #rules = new Map<PublicKey, InboundRule>();

  seen(room: RoomId, key: PublicKey): void {
    const member = this.#members.get(key) ?? { rooms: new Set(), isAdmitted: false };
    member.rooms.add(room);
    this.#members.set(key, member);
  }

  left(room: RoomId, key: PublicKey): void {
    const member = this.#members.get(key);
    member?.rooms.delete(room);
    if (member?.rooms.size === 0) this.gone(key);
  }

  has(key: PublicKey): boolean {
    return this.#members.has(key);
  }

  leaveRoom(room: RoomId): void {
    for (const key of [...this.#members.keys()]) this.left(room, key);
  }

  gone(key: PublicKey): void {
    this.#members.delete(key);
    this.#rules.delete(key);
  }

  setAdmitted(key: PublicKey, admitted: boolean): void {
    const member = this.#members.get(key);
    if (member) member.isAdmitted = admitted;
  }

  setInbound(key: PublicKey, rule: InboundRule): void {
    this.#rules.set(key, rule);
  }

  *orders(): Generator<Extract<ToEngine, { readonly type: "order" }>> {
    // Before anybody is admitted: until it is told, an engine lets those in to everything.
    for (const [key, rule] of this.#rules) yield { type: "order", order: "setInbound", args: [key, rule] };
    for (const [key, { rooms, isAdmitted }] of this.#members) {
      // A link that the old engine had is gone at this end only, so this end offers.
      for (const room of rooms) yield { type: "order", order: "peerSeen", args: [room, key, true] };
      if (isAdmitted) yield { type: "order", order: "setAdmitted", args: [key, true] };
    }
  }
}
