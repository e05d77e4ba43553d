import type { Clock } from "../../../shared/base/clock.ts";
import type { Disposable } from "../../../shared/base/disposable.ts";
import type { AppState } from "../../../shared/ipc/app.ts";
import { applyPatch, diff } from "../../../shared/ipc/patch.ts";

/** Four pictures a second look immediate, and a flood of events costs no more than that. */
const PUBLISH_EVERY_MS = 250;
/** Traffic and round trips change all the time; a person reads a figure a second. */
const COUNT_EVERY_MS = 1_000;

/**
 * Brings the state to whoever watches, as it changes and no more often than people see. Nobody watching costs nothing.
 * A state shares every part with the one before that did not change.
 */
export class Publisher {
  readonly #clock: Clock;
  readonly #build: () => AppState;
  readonly #watchers = new Set<(state: AppState) => void>();
  #last: AppState | undefined;
  #publishedAt = Number.NEGATIVE_INFINITY;
  #due: Disposable | undefined;
  #counting: Disposable | undefined;

  constructor(clock: Clock, build: () => AppState) {
    this.#clock = clock;
    this.#build = build;
  }

  /** The state as it is now; the listener hears each later one. */
  watch(onState: (state: AppState) => void): Disposable & { readonly state: AppState } {
    // A function of its own, so that one that watches twice is two watchers.
    const watcher = (state: AppState) => onState(state);
    // Whoever watches already is told of what this look finds: to the next one it is nothing new.
    const state = this.#publish(this.#build());
    this.#watchers.add(watcher);
    this.#counting ??= this.#clock.every(COUNT_EVERY_MS, () => this.#publish(this.#build()));
    return { state, dispose: () => this.#unwatch(watcher) };
  }

  /** Something that can be seen may have changed. */
  changed(): void {
    if (this.#watchers.size === 0 || this.#due) return;
    const wait = Math.max(0, this.#publishedAt + PUBLISH_EVERY_MS - this.#clock.now());
    this.#due = this.#clock.after(wait, () => {
      this.#due = undefined;
      this.#publish(this.#last ? withCountersOf(this.#last, this.#build()) : this.#build());
    });
  }

  dispose(): void {
    for (const watcher of [...this.#watchers]) this.#unwatch(watcher);
  }

  #unwatch(watcher: (state: AppState) => void): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    this.#due?.dispose();
    this.#due = undefined;
    this.#counting?.dispose();
    this.#counting = undefined;
  }

  #publish(state: AppState): AppState {
    const before = this.#last;
    const next = this.#refresh(state);
    if (next === before || this.#watchers.size === 0) return next;
    this.#publishedAt = this.#clock.now();
    for (const watcher of [...this.#watchers]) watcher(next);
    return next;
  }

  #refresh(state: AppState): AppState {
    const patch = this.#last && diff(this.#last, state);
    if (this.#last === undefined) this.#last = state;
    else if (patch !== undefined) this.#last = applyPatch(this.#last, patch) as AppState;
    return this.#last;
  }
}

/** The state with the figures of an earlier one: they have a time of their own. */
function withCountersOf(before: AppState, state: AppState): AppState {
  const rooms: [string, AppState["rooms"][keyof AppState["rooms"]]][] = [];
  for (const room of Object.values(state.rooms)) {
    const known = Object.hasOwn(before.rooms, room.roomId) ? before.rooms[room.roomId]?.members : undefined;
    const members = Object.values(room.members).map((member) => {
      const old = known?.[member.publicKey];
      // The first figure of a link is news: it is what makes it "connected".
      const isSame = old?.state === member.state && old.rttMs !== undefined && member.rttMs !== undefined;
      const figures = isSame && { rttMs: old.rttMs, quality: old.quality, traffic: old.traffic };
      return [member.publicKey, { ...member, ...figures }] as const;
    });
    rooms.push([room.roomId, { ...room, members: Object.fromEntries(members) }]);
  }
  return { ...state, traffic: before.traffic, rooms: Object.fromEntries(rooms) };
}
