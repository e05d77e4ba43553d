import { createStore, type StoreApi } from "zustand/vanilla";
import type { Clock } from "../../shared/base/clock.ts";
import { type Disposable, DisposableStore } from "../../shared/base/disposable.ts";
import type { Place } from "../../shared/ipc/desktop.ts";
import type { AppConnection } from "../bridge/connection.ts";
import { type Actions, createActions } from "./actions.ts";
import type { Model } from "./model.ts";
import { newsOf, tellNews } from "./news.ts";
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

/** The host tells of counters at most this often. */
const SAMPLE_MS = 1_000;
/** Its seconds are not ours to the millisecond. */
const SAMPLE_SLACK_MS = 100;
/** The host tells of what moves once a second. After this long, however late a busy machine is, nothing moves. */
export const SILENCE_MS = 1_250;

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
  let sampledAt = clock.now();
  function show() {
    const { state } = connection;
    if (state) store.setState({ host: predictions.apply(state) });
  }
  let silence = clock.after(SILENCE_MS, showAndSample);
  /** With what is due to be sampled in the same go, so that the window is drawn once and not twice a second. */
  function showAndSample() {
    const { state: known, link } = connection;
    // Where nothing is said, nothing flows: that is a sample too.
    silence.dispose();
    silence = clock.after(SILENCE_MS, showAndSample);
    if (!known) return;
    const host = predictions.apply(known);
    const elapsedMs = clock.now() - sampledAt;
    if (link.kind !== "open" || elapsedMs < SAMPLE_MS - SAMPLE_SLACK_MS) return store.setState({ host });
    sampledAt += elapsedMs;
    const { samples, total } = store.getState();
    store.setState({ host, ...sampleAll({ samples, total }, host, elapsedMs) });
  }

  let told = connection.state;
  kept.add(
    connection.onState((state) => {
      predictions.confirmed();
      showAndSample();
      for (const activity of newsOf(told, state)) tellNews(activity, store.getState(), actions);
      told = state;
    }),
  );
  kept.add(connection.onLink((link) => store.setState({ link })));
  kept.add(places.onChange((place) => store.setState({ place })));
  kept.add({ dispose: () => silence.dispose() });
  kept.add(connection);
  const actions = createActions({ connection, store, predictions, places, clock });
  return { store, actions, dispose: () => kept.dispose() };
}
