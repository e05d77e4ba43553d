/** Chromium's switches for a window that nobody looks at: it draws and works as if somebody did, without a graphics card. */
const UNWATCHED = [
  "--disable-gpu",
  "--disable-renderer-backgrounding",
  "--disable-backgrounding-occluded-windows",
  "--disable-background-timer-throttling",
  "--force-color-profile=srgb",
];

/**
 * What Electron is started with, behind what playwright puts in front: `--inspect=0 --remote-debugging-port=0`, and on
 * Linux `--no-sandbox`, for the lab's hosts are root's.
 * @param main path of the app's bundled entry
 */
export function appArguments(main: string, profile: string): string[] {
  return [...UNWATCHED, main, "--profile", profile];
}

/** A program that playwright can start by its path alone: this command, and behind it whatever playwright adds. */
export function launcherScript(command: readonly string[]): string {
  return `#!/bin/sh\nexec ${command.map(quoted).join(" ")} "$@"\n`;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
