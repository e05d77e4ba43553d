import "../../renderer/styles/app.css";
import { createRoot } from "react-dom/client";
import { browserClock } from "../../renderer/bridge/browser-clock.ts";
import { createPlaces } from "../../renderer/bridge/places.ts";
import { Root } from "../../renderer/features/shell/app.tsx";
import { createI18n } from "../../renderer/i18n/i18n.ts";
import { createApp } from "../../renderer/store/app-store.ts";
import { SAMPLE_COUNT, sampleAll } from "../../renderer/store/samples.ts";
import { LANGUAGES, THEMES } from "../../shared/ipc/settings.ts";
import { FakeAppConnection } from "../fakes/app-connection.ts";
import { FakeAppHost } from "../fakes/app-host.ts";
import { situations } from "./situations.ts";

/**
 * The window on a made-up host: `?situation=home&theme=dark&language=ar`, with the place in the fragment as always. One
 * minute has passed before the first picture, so that charts have something to show.
 */
const query = new URLSearchParams(location.search);
const situation = situations[query.get("situation") ?? "home"] ?? situations.home;
const theme = THEMES.find((known) => known === query.get("theme"));
const language = LANGUAGES.find((known) => known === query.get("language"));
const root = document.getElementById("root");
if (root && situation) {
  const state = situation.state(Date.now());
  const settings = { ...state.settings, ...(theme && { theme }), ...(language && { language }) };
  const host = new FakeAppHost({ ...state, settings }, browserClock);
  const connection = new FakeAppConnection(host, situation.link ?? { kind: "open" });
  const app = createApp(connection, createPlaces(), browserClock);
  if (situation.linkAfter) connection.turn(situation.linkAfter);
  for (let second = 0; second < SAMPLE_COUNT; second++) {
    host.tick();
    app.store.setState(({ host, ...before }) => (host ? sampleAll(before, host, 1_000) : {}));
  }
  host.live();
  Object.assign(window, { demo: { host, connection, app } });
  createRoot(root).render(<Root app={app} i18n={createI18n()} />);
}
