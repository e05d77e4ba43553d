import { act, cleanup, configure, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach } from "vitest";
import type { LinkStatus } from "../../../renderer/bridge/connection.ts";
import { Root } from "../../../renderer/features/shell/app.tsx";
import { createI18n } from "../../../renderer/i18n/i18n.ts";
import { createApp, type PlacesPort } from "../../../renderer/store/app-store.ts";
import { Emitter } from "../../../shared/base/emitter.ts";
import type { AppState } from "../../../shared/ipc/app.ts";
import type { Place } from "../../../shared/ipc/desktop.ts";
import { FakeAppConnection } from "../../fakes/app-connection.ts";
import { FakeAppHost } from "../../fakes/app-host.ts";
import { FakeClock } from "../../fakes/clock.ts";

/** What was looked for; the rest is the page. */
const MAX_MESSAGE = 200;

configure({
  // A screen comes with its first use, and a busy machine takes its time to read it.
  asyncUtilTimeout: 20_000,
  // Whether each of a hundred elements is hidden takes longer than the test; nothing here hides what it should show.
  defaultHidden: true,
  // The whole page, printed, hides what was not found in it.
  getElementError: (message) => new Error(message?.slice(0, MAX_MESSAGE) ?? "not found"),
});

/** The whole window on a made-up host, in a page without a browser. Time stands still until a test moves it. */
export function openWindow(make: (wallTime: number) => AppState, options: WindowOptions = {}) {
  const clock = new FakeClock(Date.now());
  const host = new FakeAppHost(make(clock.wallTime()), clock);
  const connection = new FakeAppConnection(host, options.link);
  const places = new FakePlaces(options.place ?? { screen: "rooms" });
  const app = createApp(connection, places, clock);
  open.add(app);
  const user = userEvent.setup();
  const { container } = render(<Root app={app} i18n={createI18n()} />);
  return {
    host,
    connection,
    places,
    app,
    user,
    container,
    pass: (ms: number) => act(() => clock.advance(ms)),
    /** What comes from outside. */
    happen: (change: () => void) => act(change),
    asked: (method: string) => host.calls.filter((call) => call.method === method).map(({ params }) => params),
  };
}

export interface WindowOptions {
  readonly place?: Place;
  readonly link?: LinkStatus;
}

/** A message at the window's edge. It is there twice for a moment: once to be seen, once to be read out. */
export async function told(text: string | RegExp): Promise<void> {
  await screen.findAllByText(text);
}

/** Where the window is, without an address. */
export class FakePlaces implements PlacesPort {
  readonly #events = new Emitter<{ place: Place }>();
  #current: Place;

  constructor(current: Place) {
    this.#current = current;
  }

  get current(): Place {
    return this.#current;
  }

  go(place: Place): void {
    this.#current = place;
    this.#events.emit("place", place);
  }

  onChange(listener: (place: Place) => void) {
    return this.#events.on("place", listener);
  }
}

const open = new Set<{ dispose(): void }>();

afterEach(() => {
  cleanup();
  for (const app of open) app.dispose();
  open.clear();
});
