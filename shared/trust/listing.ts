import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { listPresent, type Present } from "./amendments.ts";
import type { OwnersDesk } from "./desk.ts";
import type { RoomState } from "./room-state.ts";

/** Whoever came in with the room's key is written into the policy this much later, together with who comes meanwhile. */
export const LIST_AFTER_MS = 1_000;

export interface ListingDeps {
  readonly clock: Clock;
  readonly desk: OwnersDesk;
  readonly present: () => Present;
}

/** Has the owner of a sealed room write down who came in with its key, so that they stay when the key changes. */
export class Listing {
  readonly #state: RoomState;
  readonly #deps: ListingDeps;
  #next: Disposable | undefined;

  constructor(state: RoomState, deps: ListingDeps) {
    this.#state = state;
    this.#deps = deps;
  }

  /** To be called whenever somebody may have come. */
  arm(): void {
    const { policy, isOwner } = this.#state;
    const { clock, desk, present } = this.#deps;
    if (this.#next || !policy?.sealed || !isOwner || !listPresent(policy, present())) return;
    this.#next = clock.after(LIST_AFTER_MS, () => {
      this.#next = undefined;
      void desk.amend((held, who) => (held.sealed ? listPresent(held, who) : undefined));
    });
  }

  dispose(): void {
    this.#next?.dispose();
    this.#next = undefined;
  }
}
