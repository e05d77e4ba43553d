/**
 * How the page of the desktop app comes to speak to main. A MessagePort cannot be handed over by contextBridge, so
 * preload (an isolated world, same window) and the page post to the window itself:
 *
 * 1. The page posts `PORT_WANTED`: when it has loaded, and again whenever its port has closed.
 * 2. Preload answers with `PORT_HERE` and one MessagePort, the other end of which main has. From there on every string
 *    on the port is one frame of ./wire.ts. Main closes the port when it cannot go on.
 *
 * Both sides take a message only if its `source` is the window itself and its origin the page's own.
 */
export const PORT_WANTED = "govpn.port.wanted";
export const PORT_HERE = "govpn.port.here";
/** The scheme of the app's own page, which is how the page knows where it is. */
export const APP_PROTOCOL = "app:";
