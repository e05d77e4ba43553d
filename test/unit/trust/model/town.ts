import { expect } from "vitest";
import type { PublicKey } from "../../../../shared/base/brand.ts";
import { readTrustMessage, type TrustMessage } from "../../../../shared/trust/messages.ts";
import {
  checkPolicy,
  comparePolicies,
  isListed,
  ownerOf,
  type Policy,
  removalOf,
} from "../../../../shared/trust/policy.ts";
import { keyIdOf, type OwnerPin, ownerPinOf, type RoomKey } from "../../../../shared/trust/room-key.ts";
import { den, type Machine, quickScheme, World } from "../world.ts";

export interface Invitation {
  readonly key?: RoomKey;
  readonly owner?: OwnerPin;
}

/** Longer than the longest wait before machines that disagree greet again, and than anybody is turned away. */
const LONG_MS = 11 * 60_000;

/**
 * A room's people, and one among them who lies. It knows what has been done, and says what must follow from it: who has
 * been let in by whom, which keys everybody could have, which policies there have been.
 */
export class Town {
  readonly world = new World(quickScheme());
  readonly founder: Machine;
  readonly honest: readonly Machine[];
  /** Does what all others do, and says besides whatever it likes. */
  readonly liar: Machine;
  /** Everything that the liar was told, or said. */
  readonly overheard: TrustMessage[] = [];
  readonly links: Invitation[] = [];
  /** Room keys that a machine could have, by id. */
  readonly #known = new Map<Machine, Set<string>>();
  readonly #keys = new Set<string>();
  /** Who came by a true link, and so knows the founder. */
  readonly #invited = new Set<Machine>();
  /** Whom a machine that may has let in by hand: `who guest`. */
  readonly #letIn = new Set<string>();
  readonly #held = new Map<Machine, Policy>();
  readonly #lists = new Set<string>();
  readonly #checked = new Set<string>();
  /** Policies that there have been, by owners until then and epoch. */
  readonly #past = new Map<string, Policy[]>();
  /** Messages are lost and out of order: only what never must be can be checked. */
  isStormy = false;
  steps = 0;

  constructor(names: readonly string[]) {
    const [founder, ...others] = names.map((name) => this.world.machine(name));
    if (!founder) throw new Error("nobody lives here");
    this.founder = founder;
    this.honest = [founder, ...others];
    this.liar = this.world.machine("liar");
    this.world.overhear = (message, from, to) => this.#overhear(message, from, to);
  }

  get everybody(): readonly Machine[] {
    return this.world.machines;
  }

  isIn(machine: Machine): boolean {
    return machine.trust.room(den) !== undefined;
  }

  policyOf(machine: Machine): Policy | undefined {
    return machine.trust.room(den)?.policy;
  }

  /** A machine enters with an invitation, or the PIN alone; the server brings it together with whoever `meets` says. */
  enter(machine: Machine, invitation: Invitation, meets: (other: Machine) => boolean): void {
    this.open(machine, invitation);
    for (const other of this.everybody)
      if (other !== machine && this.isIn(other) && meets(other)) this.world.link(machine, other);
  }

  open(machine: Machine, invitation: Invitation): void {
    const entered = machine.trust.enter(den, invitation);
    if (invitation.key !== undefined) this.#note(machine, invitation.key);
    // Whoever came by a deceived member's link knows another founder, and is told so by a true one.
    const isTrue = entered.ok && invitation.owner === this.pin;
    if (isTrue && this.policyOf(machine) === undefined) this.#invited.add(machine);
  }

  leave(machine: Machine): void {
    machine.trust.forget(den);
    for (const other of this.everybody) {
      if (other === machine) continue;
      this.world.cut(machine, other);
      machine.trust.gone(other.key);
      other.trust.gone(machine.key);
    }
  }

  async letIn(machine: Machine, guest: Machine): Promise<void> {
    const policy = this.policyOf(machine);
    const role = machine.trust.room(den)?.role(machine.key);
    const may = role === "owner" || policy?.doors === "members" || (policy?.doors === "trusted" && role === "trusted");
    this.#letIn.add(`${machine.name} ${guest.name}`);
    const done = await machine.trust.ask(den, (room) => room.letIn(guest.key));
    if (!done.ok) this.#letIn.delete(`${machine.name} ${guest.name}`);
    if (done.ok && machine !== this.liar) expect(may, `${machine.name} may let in ${guest.name}`).toBe(true);
  }

  remember(invitation: Invitation): void {
    if (!this.links.some(({ key, owner }) => key === invitation.key && owner === invitation.owner))
      this.links.push(invitation);
  }

  /** Everything that is on its way arrives; then nothing may be wrong. */
  async settle(): Promise<void> {
    this.steps++;
    await this.world.settle();
    this.#takeNote();
    for (const machine of this.honest) this.#checkPolicy(machine);
    for (const machine of this.honest) this.#checkStrangers(machine);
    if (!this.isStormy) this.#checkRemovals();
  }

  async pass(ms: number): Promise<void> {
    await this.world.clock.advance(ms);
    await this.settle();
  }

  /** The liar is gone, the storm is over, and all who are in the room are connected: they agree. */
  async reunite(): Promise<void> {
    this.world.weather = () => "arrives";
    this.leave(this.liar);
    await this.pass(LONG_MS);
    this.isStormy = false;
    const present = this.honest.filter((machine) => this.isIn(machine));
    for (const [n, one] of present.entries()) {
      for (const other of present.slice(n + 1)) if (!this.world.isLinked(one, other)) this.world.link(one, other);
    }
    await this.settle();
    await this.pass(LONG_MS);
    await this.pass(LONG_MS);
    this.#checkAgreement();
  }

  #overhear(message: TrustMessage, from: Machine, to: Machine): void {
    if ((from === this.liar || to === this.liar) && readTrustMessage(message).ok) this.overheard.push(message);
    // Whoever is removed in the same moment has forgotten it before anybody looks.
    if (message.t === "grant") this.#note(to, message.key);
    if (from === this.liar) return;
    if (message.t === "policy" || message.t === "grant") this.#file(message.policy);
    if (message.t === "grant") return this.#checkGrant(message, from, to);
    const text = JSON.stringify(message);
    for (const key of this.#keys) expect(text.includes(key), `${from.name} tells ${to.name} a key`).toBe(false);
  }

  /** A key goes to whom the owner has listed, or to whom the machine has let in by hand; never to somebody removed. */
  #checkGrant({ policy, key }: Extract<TrustMessage, { t: "grant" }>, from: Machine, to: Machine): void {
    const held = this.policyOf(from);
    expect(policy, `${from.name} gives what it holds`).toEqual(held);
    expect(keyIdOf(key)).toBe(policy.key);
    const isLetIn = this.#letIn.has(`${from.name} ${to.name}`);
    expect(isListed(policy, to.key) || isLetIn, `${from.name} gives ${to.name} the key`).toBe(true);
    expect(removalOf(policy, to.key), `${from.name} gives ${to.name} the key`).toBeUndefined();
  }

  #takeNote(): void {
    for (const machine of this.everybody) {
      const [saved] = machine.trust.saved;
      for (const key of [saved?.key, saved?.spare]) {
        if (key !== undefined) this.#note(machine, key);
      }
      const room = machine.trust.room(den);
      if (room && machine !== this.liar && room.owner !== undefined) this.remember(room.invitation);
    }
    for (const [machine] of this.#held) if (!this.isIn(machine)) this.#held.delete(machine);
    for (const machine of this.#invited) if (!this.isIn(machine)) this.#invited.delete(machine);
  }

  #note(machine: Machine, key: RoomKey): void {
    this.#keys.add(key);
    const known = this.#known.get(machine) ?? new Set();
    this.#known.set(machine, known.add(keyIdOf(key)));
  }

  /** What a machine holds was signed along the founder's line, follows from what it held before, and lists nobody by mistake. */
  #checkPolicy(machine: Machine): void {
    const policy = this.policyOf(machine);
    if (!policy) return;
    const text = JSON.stringify(policy);
    if (!this.#checked.has(text)) {
      expect(checkPolicy(policy, this.world.scheme.verify), `${machine.name}'s policy`).toMatchObject({ ok: true });
      this.#checked.add(text);
    }
    const before = this.#held.get(machine);
    if (before) expect(["same", "newer"], `${machine.name}'s policy`).toContain(comparePolicies(before, policy));
    this.#held.set(machine, policy);
    if (this.#invited.has(machine)) expect(this.isTrue(policy), `${machine.name} knows the founder`).toBe(true);
    if (!this.isTrue(policy)) return;
    expect(this.honest.map(({ key }) => key)).toContain(ownerOf(policy));
    this.#checkTakenOver(policy);
    if (ownerOf(policy) !== machine.key || !before || !this.isTrue(before)) return;
    this.#checkListed(machine, before, policy);
  }

  /** A new owner takes up the room as the one before left it: with everybody out whom that one removed. */
  #checkTakenOver(policy: Policy): void {
    this.#file(policy);
    const taken = policy.chain.at(-1);
    if (!taken || policy.epoch !== taken.epoch + 1) return;
    const left = this.#past.get(`${policy.chain.length - 1} ${taken.epoch - 1}`) ?? [];
    expect(left.map(({ removed }) => removed)).toContainEqual(policy.removed);
  }

  /** What an owner may have gone on from to a policy: much can have been heard, and decided, since somebody looked. */
  #before(policy: Policy, from: Policy): readonly Policy[] {
    const between = (each: Policy) =>
      comparePolicies(from, each) === "newer" && comparePolicies(each, policy) === "newer";
    return [from, ...[...this.#past.values()].flat().filter(between)];
  }

  #file(policy: Policy): void {
    const when = `${policy.chain.length} ${policy.epoch}`;
    const past = this.#past.get(when) ?? [];
    if (!past.some(({ sig }) => sig === policy.sig)) this.#past.set(when, [...past, policy]);
  }

  /** Of the founder's line, and not of a room that the liar has made up for whoever came with the PIN alone. */
  isTrue(policy: Policy): boolean {
    return policy.founder === this.founder.key;
  }

  #checkListed(owner: Machine, before: Policy, policy: Policy): void {
    if (policy === before || this.#lists.has(policy.sig)) return;
    this.#lists.add(policy.sig);
    const isRemoval = policy.removed.some(([key]) => !removalOf(before, key));
    if (isRemoval && policy.sealed) expect(policy.key, "the key changes with a removal").not.toBe(before.key);
    const grounds = this.#before(policy, before);
    for (const [key] of policy.members) {
      const guest = this.named(key);
      const isLetIn = this.#letIn.has(`${owner.name} ${guest.name}`);
      const isListedBy = (earlier: Policy) => {
        if (isListed(earlier, key)) return true;
        const knew = !earlier.sealed || this.#known.get(guest)?.has(earlier.key);
        return knew === true && !removalOf(earlier, key);
      };
      expect(isLetIn || grounds.some(isListedBy), `${guest.name} is listed by ${owner.name}`).toBe(true);
    }
  }

  named(key: PublicKey): Machine {
    const machine = this.everybody.find((each) => each.key === key);
    if (!machine) throw new Error("nobody has this key");
    return machine;
  }

  /** Into a sealed room comes nobody but who is listed, or could have the key that holds. */
  #checkStrangers(machine: Machine): void {
    const room = machine.trust.room(den);
    if (room?.seal !== "sealed") return;
    const [saved] = machine.trust.saved;
    const current = room.policy ? room.policy.key : saved?.key && keyIdOf(saved.key);
    for (const other of this.everybody) {
      if (other === machine || !machine.trust.isAdmitted(other.key)) continue;
      const hasKey = current !== undefined && (this.#known.get(other)?.has(current) ?? false);
      expect(isListed(room.policy, other.key) || hasKey, `${machine.name} admits ${other.name}`).toBe(true);
    }
  }

  /** Nobody admits whom the newest policy removes, of all that its news can have come from. */
  #checkRemovals(): void {
    for (const group of this.#groups()) {
      const newest = this.newest(group);
      for (const [removed, kind] of newest?.removed ?? []) {
        for (const machine of group) {
          const what = `${machine.name} admits ${this.named(removed).name}, ${kind} in epoch ${newest?.epoch}`;
          expect(machine.trust.isAdmitted(removed), what).toBe(false);
        }
      }
    }
  }

  /** Honest machines that can hear of each other's policies: connected, and not without any word of the founder. */
  #groups(): readonly (readonly Machine[])[] {
    const left = new Set(this.honest.filter((machine) => this.isInformed(machine)));
    const groups: Machine[][] = [];
    for (const first of left) {
      const group = [first];
      left.delete(first);
      for (const one of group) {
        for (const other of left) {
          if (!this.world.isLinked(one, other)) continue;
          left.delete(other);
          group.push(other);
        }
      }
      groups.push(group);
    }
    return groups;
  }

  /** It can tell the founder's word from another's, and has heard it. */
  isInformed(machine: Machine): boolean {
    const policy = this.policyOf(machine);
    return policy !== undefined && this.isTrue(policy);
  }

  newest(machines: readonly Machine[]): Policy | undefined {
    return machines.reduce<Policy | undefined>((best, machine) => {
      const policy = this.policyOf(machine);
      if (!policy || !this.isTrue(policy)) return best;
      if (!best) return policy;
      const order = comparePolicies(best, policy);
      expect(order, "there is one line of owners").not.toBe("split");
      return order === "newer" ? policy : best;
    }, undefined);
  }

  #checkAgreement(): void {
    const present = this.honest.filter((machine) => this.isIn(machine));
    const newest = this.newest(present);
    if (!newest) return;
    const key = present
      .map((machine) => machine.trust.saved[0]?.key)
      .find((each) => each && keyIdOf(each) === newest.key);
    const inside = present.filter((machine) => this.#isInside(machine, newest));
    for (const machine of present) {
      if (this.isInformed(machine)) expect(this.policyOf(machine), `${machine.name}'s policy`).toEqual(newest);
    }
    for (const machine of inside) {
      // Those who have the key that holds may all be out: then each still has the one that it had before.
      const mayDiffer = newest.sealed && key === undefined;
      if (!mayDiffer)
        expect(machine.trust.saved[0]?.key, `${machine.name}'s key`).toBe(newest.sealed ? key : undefined);
      const heir = machine.room.handingOverTo;
      if (heir)
        expect(
          inside.map(({ key }) => key),
          `${machine.name} hands over`,
        ).not.toContain(heir);
      for (const other of present) {
        if (other === machine) continue;
        const belongs = inside.includes(other);
        // In an open room whoever came with the PIN alone may have been deceived, and keep others out.
        if (!belongs && !newest.sealed && !removalOf(newest, other.key)) continue;
        // In a sealed one too, where the owner knows it from before and it does not know the owner any more.
        if (!this.isInformed(other) && isListed(newest, other.key)) continue;
        const what = `${machine.name} about ${other.name}: ${machine.standing(other)}, ${other.standing(machine)}`;
        expect(machine.trust.isAdmitted(other.key), what).toBe(belongs);
      }
    }
  }

  #isInside(machine: Machine, policy: Policy): boolean {
    if (!this.isInformed(machine) || removalOf(policy, machine.key)) return false;
    if (!policy.sealed || isListed(policy, machine.key)) return true;
    const [saved] = machine.trust.saved;
    return saved?.key !== undefined && keyIdOf(saved.key) === policy.key;
  }

  /** The founder by which a true invitation names this room. */
  get pin(): OwnerPin {
    return ownerPinOf(this.founder.key);
  }
}
