import { type ComponentType, type LazyExoticComponent, lazy } from "react";

/**
 * Views that the first picture does not wait for. They are fetched in a quiet moment all the same: a click then shows
 * its screen at once, and works when the program behind the window is gone.
 */
const waiting: (() => Promise<unknown>)[] = [];

export function later<Props>(
  load: () => Promise<{ default: ComponentType<Props> }>,
): LazyExoticComponent<ComponentType<Props>> {
  waiting.push(load);
  return lazy(load);
}

/** One after the other, so that none of them holds up what a person does meanwhile. */
export async function fetchTheRest(): Promise<void> {
  for (const load of waiting.splice(0)) {
    await new Promise<void>((idle) => whenIdle(idle));
    // One that cannot be had is asked for again when it is needed.
    await load().catch(() => {});
  }
}

/** Safari has no requestIdleCallback. */
function whenIdle(task: () => void): void {
  if ("requestIdleCallback" in window) requestIdleCallback(task, { timeout: 1_000 });
  else setTimeout(task, 50);
}
