import * as v from "valibot";
import type { Area } from "./electron-parts.ts";

/** The size that the screens were designed for; every one of them also works at the least. */
export const DEFAULT_SIZE = { width: 900, height: 640 } as const;
export const LEAST_SIZE = { width: 360, height: 480 } as const;

/** So much of the title bar must be on a display that a person can take hold of the window. */
const GRIP = { width: 120, height: 32 } as const;

const Pixels = v.pipe(v.number(), v.integer());
export const WindowPlace = v.object({
  x: Pixels,
  y: Pixels,
  width: v.pipe(Pixels, v.minValue(LEAST_SIZE.width)),
  height: v.pipe(Pixels, v.minValue(LEAST_SIZE.height)),
  maximized: v.boolean(),
});
export type WindowPlace = v.InferOutput<typeof WindowPlace>;

/** Where to open a window. Without a position the system centres it. */
export type Opening = { readonly width: number; readonly height: number; readonly x?: number; readonly y?: number };

/**
 * Where the window was, if that is a place today: displays come and go, and change their size. It never opens larger
 * than the display it opens on, nor where nobody could reach its title bar.
 */
export function openingFor(place: WindowPlace | undefined, displays: readonly Area[]): Opening {
  if (!place) return within(DEFAULT_SIZE, displays[0]);
  // As large as it opens: of a window over two displays, what is left on one of them may be none of its title bar.
  const display = displays.find((area) => canGrip({ ...place, ...within(place, area) }, area));
  const size = within(place, display ?? displays[0]);
  return display ? { ...size, x: place.x, y: place.y } : size;
}

function canGrip(place: WindowPlace, area: Area): boolean {
  const visible = Math.min(place.x + place.width, area.x + area.width) - Math.max(place.x, area.x);
  const top = place.y - area.y;
  return visible >= GRIP.width && top >= 0 && top <= area.height - GRIP.height;
}

function within({ width, height }: { width: number; height: number }, area: Area | undefined): Opening {
  return area ? { width: Math.min(width, area.width), height: Math.min(height, area.height) } : { width, height };
}
