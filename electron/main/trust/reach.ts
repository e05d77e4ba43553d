import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import { InboundRules, type SavedInboundRules, type SharedRoom } from "../../../shared/trust/inbound-rules.ts";
import type { RoomTrust } from "../../../shared/trust/room-trust.ts";
import type { InboundRule } from "../../../shared/tunnel/inbound-rule.ts";

export interface ReachDeps {
  /** The rooms in which a member has a connection, or had one a moment ago. */
  readonly roomsOf: (member: PublicKey) => readonly RoomTrust[];
  /** The engine goes by this rule from the next packet on. */
  readonly tell: (member: PublicKey, rule: InboundRule) => void;
}

/** What members may begin with this machine: the rules of rooms and people, and what the engine was told of them last. */
export class Reach {
  readonly #deps: ReachDeps;
  readonly #rules = new InboundRules();
  /** As the engine was told last, of those who are let in. */
  readonly #told = new Map<PublicKey, string>();

  constructor(deps: ReachDeps) {
    this.#deps = deps;
  }

  ofRoom(room: SharedRoom): InboundRule {
    return this.#rules.ofRoom(room);
  }

  ofMember(member: PublicKey): { readonly rule: InboundRule; readonly own: boolean } {
    return this.#rules.ofMember(member, this.#sharedWith(member));
  }

  /** @param rule none: the default again. */
  setRoom(roomId: RoomId, rule: InboundRule | undefined): void {
    this.#rules.setRoom(roomId, rule);
    this.refresh();
  }

  /** Gives a member a rule of its own, kept with a room that it shares. @param rule none: the rooms' again. */
  setMember(roomId: RoomId, member: PublicKey, rule: InboundRule | undefined): void {
    this.#rules.setMember(roomId, member, rule);
    this.refresh();
  }

  saved(roomId: RoomId): SavedInboundRules {
    return this.#rules.saved(roomId);
  }

  restore(roomId: RoomId, saved: SavedInboundRules): void {
    this.#rules.restore(roomId, saved);
  }

  forgetRoom(roomId: RoomId): void {
    this.#rules.forget(roomId);
    this.refresh();
  }

  /** The member is about to be let in. Anew each time, for an engine forgets the rule of whoever is gone. */
  letIn(member: PublicKey): void {
    this.#told.delete(member);
    this.#tell(member);
  }

  /** The member is not let in any more, or gone. */
  letOut(member: PublicKey): void {
    this.#told.delete(member);
  }

  /** Something has changed that rules may follow from: of those who are let in the engine hears what is new. */
  refresh(): void {
    for (const member of this.#told.keys()) this.#tell(member);
  }

  #tell(member: PublicKey): void {
    const { rule } = this.ofMember(member);
    const text = JSON.stringify(rule);
    if (this.#told.get(member) === text) return;
    this.#told.set(member, text);
    this.#deps.tell(member, rule);
  }

  #sharedWith(member: PublicKey): readonly SharedRoom[] {
    const shared = this.#deps.roomsOf(member).filter((room) => room.standing(member) === "member");
    return shared.map(({ roomId, seal }) => ({ roomId, isSealed: seal === "sealed" }));
  }
}
