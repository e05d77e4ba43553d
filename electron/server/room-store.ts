import type { PublicKey } from "../../shared/base/brand.ts";

/** A PIN that cannot be read back: scrypt of it under the room's own salt. */
export interface StoredPin {
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

/** Whoever sends a PIN: the room's owner, a key that was let in before, or anybody else. By key, proved by signature. */
export type Standing = "owner" | "member" | "stranger";

/** What is left of a room's wrong PINs (pin-allowance.ts). */
export interface StoredAllowance {
  /** How many each may still send. Fractions grow back. */
  readonly left: Readonly<Record<Standing, number>>;
  /** When that was so; milliseconds since 1970. */
  readonly at: number;
}

export interface StoredRoom {
  readonly id: string;
  readonly name: string;
  readonly owner: PublicKey;
  readonly pin: StoredPin;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly lastActivity: number;
  /** Keys that were let in, the latest last. */
  readonly knownKeys: readonly PublicKey[];
  /** Missing until the first wrong PIN. */
  readonly pinAllowance?: StoredAllowance;
}

/**
 * What outlives the process: rooms, never who is connected. Real: electron/adapters/store. Fake: test/fakes/room-store.ts.
 * Calls are synchronous, because each is one indexed row of a local file, and rare (creation, joins at three a minute
 * and key, activity at once a minute and room). A call throws when the store fails.
 */
export interface RoomStore {
  /** Every room, in no particular order. */
  load(): StoredRoom[];
  /** @returns false when the id is taken or the owner has a room already: nothing was written. */
  insert(room: StoredRoom): boolean;
  /** @returns false when the owner-to-be has a room already, or there is no such room: nothing was written. */
  setOwner(id: string, owner: PublicKey): boolean;
  /** The following do nothing for a room that is not there. */
  rename(id: string, name: string): void;
  touch(id: string, lastActivity: number): void;
  /** Makes `key` the latest of the room's known keys and forgets the earliest beyond `limit`. */
  remember(id: string, key: PublicKey, at: number, limit: number): void;
  /** `key` is none of the room's known keys any more. */
  forget(id: string, key: PublicKey): void;
  /** A wrong PIN was counted. */
  saveAllowance(id: string, allowance: StoredAllowance): void;
  delete(id: string): void;
  close(): void;
}
