import type { ConnectionId } from "../../shared/base/brand.ts";

/**
 * Remembers signatures for a bounded time in bounded memory: two generations, of which the older is dropped when the
 * newer is full or half the window old. So a signature is remembered for half the window at least, unless more than
 * half the capacity comes in that time.
 *
 * Ed25519 is deterministic: the same message has the same signature. A message with a `message_id` is meant to be
 * sent once, so its signature is used up. `message_id` is optional, though, and a client that leaves it out says
 * "the same again" in the same bytes: those are its own as long as they come from the connection that sent them
 * first, or that connection is gone (a client back from a lost connection joins with the frame it joined with before).
 */
export class ReplayGuard {
  #recent = new Map<number, ConnectionId>();
  #older: ReadonlyMap<number, ConnectionId> = new Map();
  #since: number;
  readonly #capacity: number;
  readonly #windowMs: number;
  readonly #isOpen: (connection: ConnectionId) => boolean;

  constructor(capacity: number, windowMs: number, now: number, isOpen: (connection: ConnectionId) => boolean) {
    this.#capacity = capacity;
    this.#windowMs = windowMs;
    this.#since = now;
    this.#isOpen = isOpen;
  }

  /** @returns whether the message was received before; if not, it has been now. */
  isReplay(tag: number, hasMessageId: boolean, from: ConnectionId, now: number): boolean {
    this.#turnOver(now);
    const first = this.#recent.get(tag) ?? this.#older.get(tag);
    if (first !== undefined && (hasMessageId || (first !== from && this.#isOpen(first)))) return true;
    this.#recent.set(tag, from);
    return false;
  }

  get size(): number {
    return this.#recent.size + this.#older.size;
  }

  #turnOver(now: number): void {
    const age = now - this.#since;
    if (age < this.#windowMs / 2 && this.#recent.size < this.#capacity / 2) return;
    this.#older = age < this.#windowMs ? this.#recent : new Map();
    this.#recent = new Map();
    this.#since = now;
  }
}
