import { createStore, type StoreApi } from "zustand/vanilla";
import type { Clock } from "../../shared/base/clock.ts";
import { type Disposable, DisposableStore } from "../../shared/base/disposable.ts";
import type { Place } from "../../shared/ipc/desktop.ts";
import type { AppConnection } from "../bridge/connection.ts";
import { type Actions, createActions } from "./actions.ts";
import type { Model } from "./model.ts";
import { createPredictions } from "./predictions.ts";
import { noSamples, sampleAll } from "./samples.ts";

/** The window's state, fed by the connection, and what a person can do with it. */
export interface App extends Disposable {
  readonly store: StoreApi<Model>;
  readonly actions: Actions;
}

/** What the store needs of renderer/bridge/places.ts. */
export interface PlacesPort {
  readonly current: Place;
  go(place: Place): void;
  onChange(listener: (place: Place) => void): Disposable;
}

const SAMPLE_MS = 1_000;

export function createApp(connection: AppConnection, places: PlacesPort, clock: Clock): App {
  const kept = new DisposableStore();
  const store = createStore<Model>(() => ({
    link: connection.link,
    host: connection.state,
    samples: {},
    total: noSamples,
    place: places.current,
    dialog: undefined,
    toasts: [],
  }));
  const predictions = createPredictions(clock, show);
  function show() {
    if (connection.state) store.setState({ host: predictions.apply(connection.state) });
  }

  kept.add(
    connection.onState(() => {
      predictions.confirmed();
      show();
    }),
  );
  kept.add(connection.onLink((link) => store.setState({ link })));
  kept.add(places.onChange((place) => store.setState({ place })));

  let sampledAt = clock.now();
  kept.add(
    clock.every(SAMPLE_MS, () => {
      const { host, link, samples, total } = store.getState();
      const now = clock.now();
      const elapsedMs = now - sampledAt;
      sampledAt = now;
      if (host && link.kind === "open" && elapsedMs > 0) store.setState(sampleAll({ samples, total }, host, elapsedMs));
    }),
  );
  kept.add(connection);
  const actions = createActions({ connection, store, predictions, places, clock });
  return { store, actions, dispose: () => kept.dispose() };
}
