import { describe, expect, it } from "vitest";
import { exposeBridge, type PreloadParts } from "../../../electron/preload/bridge.ts";
import { ASK_FOR_PORT, BRIDGE, DESKTOP_ORIGIN, type DesktopBridge, GO, PORT } from "../../../shared/ipc/desktop.ts";

function preload() {
  const exposed = new Map<string, DesktopBridge>();
  const sent: string[] = [];
  const posted: unknown[] = [];
  const listeners = new Map<string, Parameters<PreloadParts["ipc"]["on"]>[1]>();
  exposeBridge({
    contextBridge: { exposeInMainWorld: (name, api) => exposed.set(name, api) },
    ipc: { send: (channel) => void sent.push(channel), on: (channel, listener) => listeners.set(channel, listener) },
    page: { postMessage: (message, origin, transfer) => void posted.push({ message, origin, transfer }) },
  });
  return {
    exposed,
    sent,
    posted,
    hear: (channel: string, ports: unknown[], message?: unknown) => listeners.get(channel)?.({ ports }, message),
  };
}

describe("the preload", () => {
  it("gives the page two functions, and nothing of Electron", () => {
    const { exposed } = preload();
    expect([...exposed.keys()]).toEqual([BRIDGE]);
    expect(Object.keys(exposed.get(BRIDGE)!).sort()).toEqual(["askForPort", "onGo"]);
  });

  it("asks main for a port when the page does, and not before", () => {
    const { exposed, sent } = preload();
    expect(sent).toEqual([]);
    exposed.get(BRIDGE)!.askForPort();
    expect(sent).toEqual([ASK_FOR_PORT]);
  });

  it("hands the port that comes to the page's own origin, and to no other", () => {
    const { hear, posted } = preload();
    const port = {};
    hear(PORT, [port]);
    expect(posted).toEqual([{ message: PORT, origin: DESKTOP_ORIGIN, transfer: [port] }]);
  });

  it("tells the page where to go, once it listens", () => {
    const { exposed, hear } = preload();
    const places: unknown[] = [];
    hear(GO, [], { screen: "rooms" });
    exposed.get(BRIDGE)!.onGo((place) => places.push(place));
    hear(GO, [], { screen: "room", roomId: "r1" });
    expect(places).toEqual([{ screen: "room", roomId: "r1" }]);
  });
});
