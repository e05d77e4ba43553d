import type { RoomId } from "../base/brand.ts";

/**
 * How the page of the desktop app comes to speak to main. Preload puts `window[BRIDGE]` there, which can ask for a port;
 * contextBridge cannot hand one over, so preload posts it to the page's own window:
 *
 * 1. The page calls `askForPort()`: when it has loaded, and again whenever its port has closed.
 * 2. Preload posts `PORT` with one MessagePort, the other end of which main has. From there on every string on the port
 *    is one frame of ./wire.ts. Main closes the port when it cannot go on.
 */
export const BRIDGE = "govpn";
/** The app's own page: its scheme and host. */
export const DESKTOP_ORIGIN = "app://govpn";

/** Channels between preload and main; `PORT` is also what preload posts to the page. */
export const ASK_FOR_PORT = "govpn:ask-for-port";
export const PORT = "govpn:port";
export const GO = "govpn:go";

/** Where the tray or a notification sends the window. */
export type Place =
  | { readonly screen: "rooms" | "activity" | "diagnostics" | "settings" | "about" }
  | { readonly screen: "room"; readonly roomId: RoomId };

export interface DesktopBridge {
  readonly askForPort: () => void;
  /** One listener: a later one takes the place of an earlier one. */
  readonly onGo: (listener: (place: Place) => void) => void;
}
