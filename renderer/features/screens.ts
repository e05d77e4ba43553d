import { History, LayoutGrid, type LucideIcon, Settings, Stethoscope } from "lucide-react";
import type { ComponentType } from "react";
import type { Place } from "../../shared/ipc/desktop.ts";
import { later } from "./later.ts";

/**
 * The screens of the window: to add one, write its component, name it here (with an icon and a key of `shell` in the
 * strings, it is in the navigation too), and, if it is a new place, in shared/ipc/desktop.ts.
 */
export interface Screen {
  readonly view: ComponentType;
  readonly navigation?: {
    readonly icon: LucideIcon;
    readonly label: "rooms" | "activity" | "diagnostics" | "settings";
  };
}

const page = <K extends string>(load: () => Promise<Record<K, ComponentType>>, name: K) =>
  later(async () => ({ default: (await load())[name] }));

export const screens: Readonly<Partial<Record<Place["screen"], Screen>>> = {
  rooms: {
    view: page(() => import("./rooms/rooms-page.tsx"), "RoomsPage"),
    navigation: { icon: LayoutGrid, label: "rooms" },
  },
  room: { view: page(() => import("./room/room-page.tsx"), "RoomPage") },
  activity: {
    view: page(() => import("./activity/activity-page.tsx"), "ActivityPage"),
    navigation: { icon: History, label: "activity" },
  },
  diagnostics: {
    view: page(() => import("./diagnostics/diagnostics-page.tsx"), "DiagnosticsPage"),
    navigation: { icon: Stethoscope, label: "diagnostics" },
  },
  settings: {
    view: page(() => import("./settings/settings-page.tsx"), "SettingsPage"),
    navigation: { icon: Settings, label: "settings" },
  },
  about: { view: page(() => import("./about/about-page.tsx"), "AboutPage") },
};
