import type { LucideIcon } from "lucide-react";
import type { Place } from "../../../shared/ipc/desktop.ts";
import { type Screen, screens } from "../screens.ts";

export interface NavigationEntry {
  readonly screen: Exclude<Place["screen"], "room">;
  readonly icon: LucideIcon;
  readonly label: NonNullable<Screen["navigation"]>["label"];
}

/** The screens with a place in the navigation, in the order of `screens`. */
export const navigation: readonly NavigationEntry[] = Object.entries(screens).flatMap(([screen, { navigation }]) =>
  navigation ? [{ screen: screen as NavigationEntry["screen"], ...navigation }] : [],
);
