import * as v from "valibot";
import type { PublicKey, RoomId } from "../base/brand.ts";
import { fail, ok, type Result } from "../base/result.ts";
import { foldName } from "./name-folding.ts";
import { PublicKeyText } from "./schemas.ts";

/** 40 full rooms' worth. At some 200 bytes each that is half a megabyte. */
export const MAX_KNOWN_MEMBERS = 2_048;
/** In how many rooms one key's name is kept; nobody shares more with one person. */
export const MAX_ROOMS_PER_MEMBER = 16;
/** A member may reconnect every minute; the book need not be written every minute. */
export const LAST_SEEN_STEP_MS = 60 * 60 * 1000;
/** Who was seen again after this long is not one of a crowd that somebody made up on the spot. */
const ACQUAINTED_AFTER_MS = 24 * 60 * 60 * 1000;
/** What a name that was made fit to show is cut to anyway. */
const MAX_NAME_LENGTH = 32;

const Time = v.pipe(v.number(), v.finite(), v.minValue(0));
const Member = v.object({
  key: PublicKeyText,
  firstSeen: Time,
  lastSeen: Time,
  compared: v.boolean(),
  // Lists and not records: a room may be called "__proto__".
  rooms: v.pipe(
    v.array(
      v.object({
        room: v.custom<RoomId>((room) => typeof room === "string" && /^[A-Za-z0-9_-]{1,64}$/.test(room)),
        name: v.pipe(v.string(), v.maxLength(MAX_NAME_LENGTH)),
        since: Time,
      }),
    ),
    v.maxLength(MAX_ROOMS_PER_MEMBER),
  ),
});
const State = v.object({ v: v.literal(1), members: v.pipe(v.array(Member), v.maxLength(MAX_KNOWN_MEMBERS)) });

/** The book as plain JSON. Times are milliseconds since 1970 by this machine's clock. */
export type KnownMembersState = v.InferOutput<typeof State>;

export interface KnownMember {
  readonly firstSeen: number;
  /** To the hour: LAST_SEEN_STEP_MS. */
  readonly lastSeen: number;
  /** The person compared the safety words of this key. */
  readonly compared: boolean;
}

/** The name is known in the room under another key. */
export interface NameConflict {
  readonly knownKey: PublicKey;
  /** Since when the name belongs to that key, in milliseconds since 1970. */
  readonly since: number;
  /** Whether the person compared that key's safety words: then this is no misunderstanding about names. */
  readonly compared: boolean;
}

interface Named {
  readonly name: string;
  readonly folded: string;
  readonly since: number;
}

interface Entry {
  firstSeen: number;
  lastSeen: number;
  compared: boolean;
  readonly rooms: Map<RoomId, Named>;
}

/**
 * Which key goes by which name in which room: trust on first use. The first key seen under a name keeps it until the
 * person accepts another; a name counts as the same when people would take it for the same (foldName).
 *
 *   nobody has the name ──seen──▶ the key has it ──seen under another name──▶ the name is free again
 *                                      │ another key seen under it: conflict, and nothing changes
 *                                      └──accept(another key)──▶ that key has it
 *
 * Every method that changes something returns whether it did: then `toState()` is to be stored.
 */
export class KnownMembers {
  readonly #entries = new Map<PublicKey, Entry>();
  /** Whose a name is in a room, by what is left of it when folded. It is asked for with every picture of every member. */
  readonly #holders = new Map<RoomId, Map<string, PublicKey>>();

  /** Fails with "known_members_damaged" for anything that `toState` cannot have returned. */
  static from(json: unknown): Result<KnownMembers> {
    const parsed = v.safeParse(State, json);
    if (!parsed.success) {
      const where = v.getDotPath(parsed.issues[0]) ?? "the top";
      return fail("known_members_damaged", `The list of known members is damaged (at ${where}).`);
    }
    const known = new KnownMembers();
    for (const { key, rooms, ...times } of parsed.output.members) {
      const entry: Entry = { ...times, rooms: new Map() };
      known.#entries.set(key, entry);
      for (const { room, name, since } of rooms) known.#give(key, entry, room, { name, folded: foldName(name), since });
    }
    return ok(known);
  }

  get(key: PublicKey): KnownMember | undefined {
    const entry = this.#entries.get(key);
    return entry && { firstSeen: entry.firstSeen, lastSeen: entry.lastSeen, compared: entry.compared };
  }

  /** Under which name the key went when a room met it last; undefined for a key that was never seen. */
  nameOf(key: PublicKey): string | undefined {
    return [...(this.#entries.get(key)?.rooms.values() ?? [])].at(-1)?.name;
  }

  /**
   * A member is in a room under a name that it gave itself over a proven connection. What a server says of names must not
   * get here: it could rename a member and have the name given to another.
   * A name that is another key's in this room stays that key's; `conflict` says so until `accept`.
   */
  seen(room: RoomId, key: PublicKey, name: string, now: number): boolean {
    const entry = this.#entries.get(key);
    if (!entry) {
      this.#makeRoom();
      const added: Entry = { firstSeen: now, lastSeen: now, compared: false, rooms: new Map() };
      this.#entries.set(key, added);
      this.#giveIfFree(added, room, key, name, now);
      return true;
    }
    const named = this.#giveIfFree(entry, room, key, name, now);
    if (now - entry.lastSeen < LAST_SEEN_STEP_MS) return named;
    entry.lastSeen = now;
    return true;
  }

  /** Undefined when the name is this key's or nobody's. The same key under a new name is no conflict. */
  conflict(room: RoomId, key: PublicKey, name: string): NameConflict | undefined {
    const holder = this.#holderOf(room, foldName(cut(name)));
    if (!holder || holder.key === key) return undefined;
    return { knownKey: holder.key, since: holder.since, compared: holder.entry.compared };
  }

  /** The person says that this key has the name from now on. False for a key that was never seen. */
  accept(room: RoomId, key: PublicKey, name: string, now: number): boolean {
    const entry = this.#entries.get(key);
    const holder = this.#holderOf(room, foldName(cut(name)));
    if (!entry || holder?.key === key) return false;
    if (holder) this.#take(holder.key, holder.entry, room);
    return this.#giveIfFree(entry, room, key, name, now);
  }

  /** The person compared the safety words, or takes that back. False when that is known, or the key was never seen. */
  setCompared(key: PublicKey, compared: boolean): boolean {
    const entry = this.#entries.get(key);
    if (!entry || entry.compared === compared) return false;
    entry.compared = compared;
    return true;
  }

  toState(): KnownMembersState {
    const members = [...this.#entries].map(([key, { firstSeen, lastSeen, compared, rooms }]) => ({
      key,
      firstSeen,
      lastSeen,
      compared,
      rooms: [...rooms].map(([room, { name, since }]) => ({ room, name, since })),
    }));
    return { v: 1, members };
  }

  #giveIfFree(entry: Entry, room: RoomId, key: PublicKey, raw: string, now: number): boolean {
    const name = cut(raw);
    const folded = foldName(name);
    const had = entry.rooms.get(room);
    if (folded === "" || had?.name === name) return false;
    const holder = this.#holderOf(room, folded);
    if (holder && holder.key !== key) return false;
    if (!had && entry.rooms.size >= MAX_ROOMS_PER_MEMBER) {
      // A Map keeps the order of insertion: the first is the room that was met longest ago.
      for (const oldest of [...entry.rooms.keys()].slice(0, 1)) this.#take(key, entry, oldest);
    }
    this.#give(key, entry, room, { name, folded, since: had?.folded === folded ? had.since : now });
    return true;
  }

  /** The key goes by this name in the room, and by no other there. A name that is another's stays that one's. */
  #give(key: PublicKey, entry: Entry, room: RoomId, named: Named): void {
    const before = entry.rooms.get(room);
    if (before && before.folded !== named.folded) this.#free(key, room, before.folded);
    // In place, so that the rooms keep the order in which they were met.
    entry.rooms.set(room, named);
    const holders = this.#holders.get(room) ?? new Map<string, PublicKey>();
    if (!holders.has(named.folded)) holders.set(named.folded, key);
    this.#holders.set(room, holders);
  }

  #take(key: PublicKey, entry: Entry, room: RoomId): void {
    const named = entry.rooms.get(room);
    if (named && entry.rooms.delete(room)) this.#free(key, room, named.folded);
  }

  #free(key: PublicKey, room: RoomId, folded: string): void {
    const holders = this.#holders.get(room);
    if (holders?.get(folded) !== key) return;
    holders.delete(folded);
    // Two may have a name by a file from before they counted as alike.
    const next = [...this.#entries].find(([other, { rooms }]) => other !== key && rooms.get(room)?.folded === folded);
    if (next) holders.set(folded, next[0]);
    if (holders.size === 0) this.#holders.delete(room);
  }

  #holderOf(room: RoomId, folded: string) {
    const key = this.#holders.get(room)?.get(folded);
    const entry = key && this.#entries.get(key);
    const named = entry?.rooms.get(room);
    return key && entry && named && { key, entry, since: named.since };
  }

  /**
   * Forgets somebody when the book is full: first those met on one day only, so that a crowd of made-up members pushes
   * out itself and no acquaintance; those whose words were compared last of all. Of equals, who was seen longest ago.
   */
  #makeRoom(): void {
    if (this.#entries.size < MAX_KNOWN_MEMBERS) return;
    const rank = ({ compared, firstSeen, lastSeen }: Entry) =>
      compared ? 2 : lastSeen - firstSeen >= ACQUAINTED_AFTER_MS ? 1 : 0;
    let least: [PublicKey, Entry] | undefined;
    for (const candidate of this.#entries) {
      const difference = least ? rank(candidate[1]) - rank(least[1]) || candidate[1].lastSeen - least[1].lastSeen : -1;
      if (difference < 0) least = candidate;
    }
    if (!least) return;
    const [key, entry] = least;
    for (const room of [...entry.rooms.keys()]) this.#take(key, entry, room);
    this.#entries.delete(key);
  }
}

function cut(name: string): string {
  return name.slice(0, MAX_NAME_LENGTH);
}
