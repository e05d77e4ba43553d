import { execFile } from "node:child_process";

/** Whether this desktop shows tray icons right now. A person may switch that on or off at any time. */
export type TrayHost = () => Promise<boolean>;

/** A session bus answers within milliseconds; a stuck one must not hold the window's close button. */
const ASK_WITHIN_MS = 1_500;

/** Who shows StatusNotifierItems registers here; GNOME without an extension has nobody. */
const WATCHER = "org.kde.StatusNotifierWatcher";

const BUS = ["org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus"] as const;

/** The same question by the tools of different desktops: one of them is on any Linux that has a session bus. */
const QUESTIONS: readonly (readonly [string, readonly string[]])[] = [
  [
    "dbus-send",
    ["--session", "--print-reply=literal", `--dest=${BUS[0]}`, BUS[1], `${BUS[2]}.NameHasOwner`, `string:${WATCHER}`],
  ],
  [
    "gdbus",
    ["call", "--session", "--dest", BUS[0], "--object-path", BUS[1], "--method", `${BUS[2]}.NameHasOwner`, WATCHER],
  ],
  ["busctl", ["--user", "call", ...BUS, "NameHasOwner", "s", WATCHER]],
];

/**
 * Asks the session bus. An answer that cannot be had counts as no: a window that stays in the taskbar can be found, one
 * that hid in a tray nobody shows cannot. Windows and macOS always have a place for the icon.
 */
export function trayHost(platform: NodeJS.Platform, run: Run = toolRunner(process.env)): TrayHost {
  if (platform !== "linux") return async () => true;
  return async () => {
    for (const [tool, args] of QUESTIONS) {
      const answer = await run(tool, args);
      if (answer !== undefined) return /\btrue\b/.test(answer);
    }
    return false;
  };
}

/** What the tool printed; undefined when there is none, or it failed. */
export type Run = (tool: string, args: readonly string[]) => Promise<string | undefined>;

/** Runs a tool of this machine on the session that the environment names. */
export function toolRunner(env: NodeJS.ProcessEnv): Run {
  return (tool, args) =>
    new Promise((resolve) => {
      execFile(tool, [...args], { env, timeout: ASK_WITHIN_MS }, (error, stdout) =>
        resolve(error ? undefined : stdout),
      );
    });
}
