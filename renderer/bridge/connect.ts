import { browserClock, browserRandom } from "./browser-clock.ts";
import { type AppConnection, createConnection } from "./connection.ts";
import { desktopBridge, messagePortDial } from "./message-port.ts";
import { webSocketDial } from "./websocket.ts";

/** The connection to the program this page belongs to, wherever it is shown. */
export function connect(page: Window = window): AppConnection {
  const bridge = desktopBridge(page);
  const dial = bridge ? messagePortDial(page, bridge) : webSocketDial(page);
  return createConnection({ dial, clock: browserClock, random: browserRandom });
}
