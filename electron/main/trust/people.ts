import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import type { Clock } from "../../../shared/base/clock.ts";
import { safetyWords } from "../../../shared/identity/safety-words.ts";
import type { MemberView } from "../../../shared/ipc/contract.ts";
import { KnownMembers } from "../../../shared/trust/known-members.ts";

/** Twice the peers that a mesh has. What is forgotten is made, or told, once more. */
const MAX_REMEMBERED = 512;

export interface PeopleDeps {
  readonly clock: Clock;
  /** A member's name as it introduced itself over a proven connection; empty before. */
  readonly nameOf: (member: PublicKey) => string;
  /** Something is to be kept. */
  readonly onChange: (known: KnownMembers) => void;
  /** Somebody of a known name came with another key. Once for each. */
  readonly onOtherKey: (roomId: RoomId, member: PublicKey) => void;
}

/** Which key goes by which name in which room, and the words by which people compare keys. */
export class People {
  readonly #deps: PeopleDeps;
  /** Changed keys that were told of. */
  readonly #warned = new Set<string>();
  /** Words are hashes: each is made once. */
  readonly #words = new Map<PublicKey, string>();
  #known = new KnownMembers();

  constructor(deps: PeopleDeps) {
    this.#deps = deps;
  }

  restore(known: KnownMembers): void {
    this.#known = known;
  }

  /** A member is in a room. @param belongs who does not belong there takes no name, but is warned of all the same. */
  met(roomId: RoomId, member: PublicKey, belongs: boolean): void {
    const { nameOf, clock } = this.#deps;
    const name = nameOf(member);
    if (name === "") return;
    this.#warn(roomId, member, name);
    if (belongs && this.#known.seen(roomId, member, name, clock.wallTime())) this.#deps.onChange(this.#known);
  }

  /** The person compared somebody's words, or takes that back. Whoever is still at the door can be compared too. */
  setCompared(rooms: readonly RoomId[], member: PublicKey, compared: boolean): void {
    const { nameOf, clock } = this.#deps;
    for (const roomId of rooms) this.#known.seen(roomId, member, nameOf(member), clock.wallTime());
    this.#known.setCompared(member, compared);
    this.#deps.onChange(this.#known);
  }

  /** The person takes the key for the one that belongs to its name from now on. */
  accept(roomId: RoomId, member: PublicKey): void {
    const [name, now] = [this.#deps.nameOf(member), this.#deps.clock.wallTime()];
    this.#known.seen(roomId, member, name, now);
    this.#known.accept(roomId, member, name, now);
    this.#deps.onChange(this.#known);
  }

  /** As somebody introduced itself, or was known before. */
  nameOf(member: PublicKey): string {
    return this.#deps.nameOf(member) || this.#known.nameOf(member) || "";
  }

  view(roomId: RoomId, member: PublicKey): Pick<MemberView, "words" | "compared" | "changedKey"> {
    const conflict = this.#known.conflict(roomId, member, this.#deps.nameOf(member));
    return {
      words: this.#wordsOf(member),
      compared: this.#known.get(member)?.compared ?? false,
      ...(conflict && { changedKey: conflict }),
    };
  }

  #warn(roomId: RoomId, member: PublicKey, name: string): void {
    const conflict = this.#known.conflict(roomId, member, name);
    const what = conflict && `${roomId} ${member} ${conflict.knownKey}`;
    if (what === undefined || this.#warned.has(what)) return;
    if (this.#warned.size >= MAX_REMEMBERED) this.#warned.clear();
    this.#warned.add(what);
    this.#deps.onOtherKey(roomId, member);
  }

  #wordsOf(member: PublicKey): string {
    const known = this.#words.get(member);
    if (known !== undefined) return known;
    if (this.#words.size >= MAX_REMEMBERED) this.#words.clear();
    const words = safetyWords(member);
    this.#words.set(member, words);
    return words;
  }
}
