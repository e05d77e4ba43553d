import type { Policy } from "./policy.ts";
import { type KeyId, keyIdOf, type RoomKey } from "./room-key.ts";

/** A key with its id, which is a hash: made once. */
export interface HeldKey {
  readonly key: RoomKey;
  readonly id: KeyId;
}

/**
 * The room keys that this machine has: the one that holds as far as it knows, and another from an invitation. Which of
 * two invitations is the newer no machine can tell before a policy does, so neither is thrown away for the other.
 */
export class KeyRing {
  #held: HeldKey | undefined;
  #spare: HeldKey | undefined;

  constructor(key: RoomKey | undefined, spare: RoomKey | undefined) {
    this.#held = key && heldKey(key);
    this.#spare = spare && heldKey(spare);
  }

  get held(): HeldKey | undefined {
    return this.#held;
  }

  get spare(): HeldKey | undefined {
    return this.#spare;
  }

  /** The key of this id, if it is here. */
  find(id: string): HeldKey | undefined {
    return [this.#held, this.#spare].find((held) => held?.id === id);
  }

  /** An invitation brought a key. */
  add(key: RoomKey, policy: Policy | undefined): void {
    if (this.find(keyIdOf(key)) !== undefined) return;
    const isHeldCurrent = policy !== undefined && policy.key === this.#held?.id;
    if (isHeldCurrent) this.#spare = heldKey(key);
    else [this.#held, this.#spare] = [heldKey(key), this.#held];
  }

  /** The key that holds, from whoever may give it. */
  take(key: RoomKey): void {
    if (this.#held?.key === key) return;
    if (this.#spare?.key === key) this.#spare = undefined;
    this.#held = heldKey(key);
  }

  /** A policy counts from now on: it says which key holds. */
  follow({ sealed, key }: Policy): void {
    if (!sealed) this.#held = this.#spare = undefined;
    else if (key === this.#spare?.id) [this.#held, this.#spare] = [this.#spare, undefined];
  }
}

function heldKey(key: RoomKey): HeldKey {
  return { key, id: keyIdOf(key) };
}
