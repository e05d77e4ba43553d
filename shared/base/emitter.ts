import type { Disposable } from "./disposable.ts";

/**
 * A typed event source. Listeners are called in the order they were added; a listener that throws does not stop
 * the others, its error goes to `onListenerError` (which the composition root sets to the logger).
 */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(payload: never) => void>>();
  readonly #onListenerError: (error: unknown) => void;

  constructor(onListenerError: (error: unknown) => void = rethrowLater) {
    this.#onListenerError = onListenerError;
  }

  on<K extends keyof Events>(event: K, listener: (payload: Events[K]) => void): Disposable {
    let set = this.#listeners.get(event);
    if (!set) {
      set = new Set();
      this.#listeners.set(event, set);
    }
    // A wrapper per subscription, so that the same function can be added twice and removed once.
    const entry = (payload: Events[K]) => listener(payload);
    set.add(entry);
    return { dispose: () => void set.delete(entry) };
  }

  once<K extends keyof Events>(event: K, listener: (payload: Events[K]) => void): Disposable {
    const subscription = this.on(event, (payload) => {
      subscription.dispose();
      listener(payload);
    });
    return subscription;
  }

  emit<K extends keyof Events>(event: K, payload: Events[K]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        (listener as (payload: Events[K]) => void)(payload);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }

  /** How many listeners are attached; leak checks in tests read it. */
  get size(): number {
    let count = 0;
    for (const set of this.#listeners.values()) count += set.size;
    return count;
  }
}

function rethrowLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
