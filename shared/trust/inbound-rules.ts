import type { PublicKey, RoomId } from "../base/brand.ts";
import { type InboundRule, MAX_PORT_RANGES } from "../tunnel/inbound-rule.ts";

/** Rules that a person gave members of their own. More people than that are a room that wants a rule. */
export const MAX_MEMBER_RULES = 256;

/** One room in which a member is, for what it may begin here. */
export interface SharedRoom {
  readonly roomId: RoomId;
  /** Whether everybody in it has proven to belong there. */
  readonly isSealed: boolean;
}

/** The rules of one room, as they are kept: the room's own, and those of members that were set there. */
export interface SavedInboundRules {
  readonly room?: InboundRule;
  readonly members?: readonly (readonly [PublicKey, InboundRule])[];
}

const ALL: InboundRule = { mode: "all" };
const NONE: InboundRule = { mode: "none" };

/**
 * What members may begin with this computer. A member's own rule counts wherever it is met; else, of the rooms that it
 * shares, the one that allows most. A room without a rule allows everything if it is sealed, and nothing if it is not.
 */
export class InboundRules {
  readonly #rooms = new Map<RoomId, InboundRule>();
  readonly #members = new Map<RoomId, Map<PublicKey, InboundRule>>();

  /** The room's rule: the person's, or the default. */
  ofRoom({ roomId, isSealed }: SharedRoom): InboundRule {
    return this.#rooms.get(roomId) ?? (isSealed ? ALL : NONE);
  }

  ofMember(member: PublicKey, rooms: readonly SharedRoom[]): { readonly rule: InboundRule; readonly own: boolean } {
    for (const rules of this.#members.values()) {
      const own = rules.get(member);
      if (own) return { rule: own, own: true };
    }
    const rule = rooms.map((room) => this.ofRoom(room)).reduce(mostOf, NONE);
    return { rule, own: false };
  }

  /** @param rule none: the default again. */
  setRoom(roomId: RoomId, rule: InboundRule | undefined): void {
    if (rule) this.#rooms.set(roomId, rule);
    else this.#rooms.delete(roomId);
  }

  /** Gives a member a rule of its own, kept with a room that it shares. @param rule none: the rooms' again. */
  setMember(roomId: RoomId, member: PublicKey, rule: InboundRule | undefined): void {
    for (const rules of this.#members.values()) rules.delete(member);
    if (!rule) return;
    const rules = this.#members.get(roomId) ?? new Map<PublicKey, InboundRule>();
    for (const oldest of [...rules.keys()].slice(0, Math.max(0, rules.size + 1 - MAX_MEMBER_RULES)))
      rules.delete(oldest);
    rules.set(member, rule);
    this.#members.set(roomId, rules);
  }

  forget(roomId: RoomId): void {
    this.#rooms.delete(roomId);
    this.#members.delete(roomId);
  }

  saved(roomId: RoomId): SavedInboundRules {
    const [room, members] = [this.#rooms.get(roomId), this.#members.get(roomId)];
    return { ...(room && { room }), ...(members && members.size > 0 && { members: [...members] }) };
  }

  restore(roomId: RoomId, { room, members }: SavedInboundRules): void {
    if (room) this.#rooms.set(roomId, room);
    if (members) this.#members.set(roomId, new Map(members));
  }
}

/** Whatever either of two rules lets in. More ports than a rule holds are taken from the first. */
function mostOf(a: InboundRule, b: InboundRule): InboundRule {
  if (a.mode === "all" || b.mode === "all") return ALL;
  if (a.mode !== "ports") return b;
  if (b.mode !== "ports") return a;
  return { mode: "ports", ports: [...a.ports, ...b.ports].slice(0, MAX_PORT_RANGES) };
}
