import "./styles/app.css";
import { createRoot } from "react-dom/client";
import { browserClock } from "./bridge/browser-clock.ts";
import { connect } from "./bridge/connect.ts";
import { createPlaces } from "./bridge/places.ts";
import { Root } from "./features/shell/app.tsx";
import { createI18n } from "./i18n/i18n.ts";
import { createApp } from "./store/app-store.ts";

const root = document.getElementById("root");
if (root) {
  // First, so that the token is out of the address before anything reads where the window is.
  const connection = connect();
  const app = createApp(connection, createPlaces(), browserClock);
  createRoot(root).render(<Root app={app} i18n={createI18n()} />);
}
