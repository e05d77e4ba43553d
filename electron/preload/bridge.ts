import {
  ASK_FOR_PORT,
  BRIDGE,
  DESKTOP_ORIGIN,
  type DesktopBridge,
  GO,
  type Place,
  PORT,
} from "../../shared/ipc/desktop.ts";

/** What preload has of Electron and of its page. */
export interface PreloadParts {
  readonly contextBridge: { exposeInMainWorld(name: string, api: DesktopBridge): void };
  readonly ipc: {
    send(channel: string): void;
    on(channel: string, listener: (event: { readonly ports: readonly unknown[] }, message: unknown) => void): unknown;
  };
  readonly page: { postMessage(message: string, origin: string, transfer: readonly unknown[]): void };
}

/** Puts the bridge on the page's window. Nothing of Electron itself gets there: two functions and one port do. */
export function exposeBridge({ contextBridge, ipc, page }: PreloadParts): void {
  let onGo: (place: Place) => void = () => {};
  ipc.on(PORT, ({ ports }) => page.postMessage(PORT, DESKTOP_ORIGIN, ports));
  ipc.on(GO, (_event, place) => onGo(place as Place));
  contextBridge.exposeInMainWorld(BRIDGE, {
    askForPort: () => ipc.send(ASK_FOR_PORT),
    onGo: (listener) => {
      onGo = listener;
    },
  });
}
