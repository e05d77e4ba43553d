import type { RoomId } from "../../shared/base/brand.ts";
import type { Disposable } from "../../shared/base/disposable.ts";
import type { Place } from "../../shared/ipc/desktop.ts";
import { desktopBridge } from "./message-port.ts";

/** Where the window is, kept in the address's fragment, so that back, forward and reload do what people expect. */
export interface Places {
  readonly current: Place;
  go(place: Place): void;
  onChange(listener: (place: Place) => void): Disposable;
}

const SCREENS = ["rooms", "activity", "diagnostics", "settings", "about"] as const;

export function createPlaces(page: Window = window): Places {
  const go = (place: Place) => {
    page.location.hash = hashOf(place);
  };
  // The tray and notifications lead somewhere too.
  desktopBridge(page)?.onGo(go);
  return {
    get current() {
      return placeOf(page.location.hash);
    },
    go,
    onChange(listener) {
      const onHash = () => listener(placeOf(page.location.hash));
      page.addEventListener("hashchange", onHash);
      return { dispose: () => page.removeEventListener("hashchange", onHash) };
    },
  };
}

export function hashOf(place: Place): string {
  return place.screen === "room" ? `#/room/${encodeURIComponent(place.roomId)}` : `#/${place.screen}`;
}

/** Anything unknown is the rooms. */
export function placeOf(hash: string): Place {
  const [, screen, id] = /^#\/([a-z]+)(?:\/(.+))?$/.exec(hash) ?? [];
  if (screen === "room" && id !== undefined) return { screen, roomId: decoded(id) as RoomId };
  return { screen: SCREENS.find((known) => known === screen) ?? "rooms" };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
