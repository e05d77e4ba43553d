import { BRIDGE, type DesktopBridge, PORT } from "../../shared/ipc/desktop.ts";
import type { Dial } from "./wire.ts";

/** What preload put on the window; absent in a browser. */
export function desktopBridge(page: Window): DesktopBridge | undefined {
  return (page as unknown as { readonly [BRIDGE]?: DesktopBridge })[BRIDGE];
}

/** Reaches main over the port that preload hands over (shared/ipc/desktop.ts). */
export function messagePortDial(page: Window, bridge: DesktopBridge): Dial {
  return (end) => {
    let port: MessagePort | undefined;
    const onMessage = ({ data, source, ports }: MessageEvent) => {
      // Only this very window can post as itself; frames and openers, of which there are none, are others.
      if (data !== PORT || source !== page || !ports[0]) return;
      page.removeEventListener("message", onMessage);
      const taken = ports[0];
      port = taken;
      taken.onmessage = (message) => typeof message.data === "string" && end.receive(message.data);
      taken.addEventListener("close", () => end.closed("lost"));
      end.opened((text) => taken.postMessage(text));
    };
    page.addEventListener("message", onMessage);
    bridge.askForPort();
    return {
      dispose: () => {
        page.removeEventListener("message", onMessage);
        port?.close();
      },
    };
  };
}
