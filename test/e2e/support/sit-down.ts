import type { Host } from "../../netns/lab/host.ts";
import { sitDownAtApp } from "./app.ts";
import { sitDownAtBrowser } from "./headless.ts";
import type { Person, Seat } from "./person.ts";

/** Where `npm test` says that Electron's program is, people have the desktop app; else a browser. */
export const electron = process.env.GOVPN_E2E_ELECTRON;

/** Has somebody sit down at a host's window, and sees to it that they have one. */
export function sitDown(host: Host, name: string, seat: Seat = {}): Promise<Person> {
  if (electron === undefined) return sitDownAtBrowser(host, name, seat);
  return sitDownAtApp(host, name, seat, { electron, needsScreen: true });
}
