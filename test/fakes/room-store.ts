import type { RoomStore, StoredAllowance, StoredRoom } from "../../electron/server/room-store.ts";
import type { PublicKey } from "../../shared/base/brand.ts";

/** Rooms in a Map. `failWith` makes every later call throw, as a full disk would. */
export class FakeRoomStore implements RoomStore {
  readonly rooms = new Map<string, StoredRoom>();
  failWith: Error | undefined;
  /** How often activity was written. */
  touches = 0;
  closed = false;

  load(): StoredRoom[] {
    this.#check();
    return [...this.rooms.values()];
  }

  insert(room: StoredRoom): boolean {
    this.#check();
    if (this.rooms.has(room.id) || [...this.rooms.values()].some((other) => other.owner === room.owner)) return false;
    this.rooms.set(room.id, room);
    return true;
  }

  setOwner(id: string, owner: PublicKey): boolean {
    this.#check();
    if (!this.rooms.has(id) || [...this.rooms.values()].some((other) => other.owner === owner)) return false;
    this.#update(id, (room) => ({ ...room, owner }));
    return true;
  }

  rename(id: string, name: string): void {
    this.#update(id, (room) => ({ ...room, name }));
  }

  touch(id: string, lastActivity: number): void {
    this.touches++;
    this.#update(id, (room) => ({ ...room, lastActivity }));
  }

  remember(id: string, key: PublicKey, _at: number, limit: number): void {
    this.#update(id, (room) => ({
      ...room,
      knownKeys: [...room.knownKeys.filter((known) => known !== key), key].slice(-limit),
    }));
  }

  forget(id: string, key: PublicKey): void {
    this.#update(id, (room) => ({ ...room, knownKeys: room.knownKeys.filter((known) => known !== key) }));
  }

  saveAllowance(id: string, pinAllowance: StoredAllowance): void {
    this.#update(id, (room) => ({ ...room, pinAllowance }));
  }

  delete(id: string): void {
    this.#check();
    this.rooms.delete(id);
  }

  close(): void {
    this.closed = true;
  }

  #update(id: string, change: (room: StoredRoom) => StoredRoom): void {
    this.#check();
    const room = this.rooms.get(id);
    if (room) this.rooms.set(id, change(room));
  }

  #check(): void {
    if (this.failWith) throw this.failWith;
  }
}
