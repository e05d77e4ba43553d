import { spawn } from "node:child_process";
import type { Output } from "./output.ts";

/** What hands an address to the person's own browser, by platform. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  linux: ["xdg-open"],
  darwin: ["open"],
  // `start` takes its first quoted argument for a window's title.
  win32: ["cmd", "/c", "start", ""],
};

export interface TerminalSession {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absent where users have no numbers. */
  readonly uid: number | undefined;
  readonly isTerminal: boolean;
}

function thisSession(): TerminalSession {
  const { platform, env, stdout } = process;
  return { platform, env, uid: process.getuid?.(), isTerminal: stdout.isTTY };
}

/** Whether a browser window would appear before whoever started the program. */
export function hasDesktop({ platform, env, uid, isTerminal }: TerminalSession = thisSession()): boolean {
  // Over SSH the browser would open at the other end, if at all; root has no browser of its own.
  if (!isTerminal || env.SSH_CONNECTION !== undefined || uid === 0) return false;
  return platform !== "linux" || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
}

/** Prints the link to the user interface, and hands it to the browser if that is wanted. */
export function offerUi(url: string, isToOpen: boolean, output: Output): void {
  output.emit({ event: "ui", url });
  output.say(`Open ${url} in a browser`);
  if (isToOpen) openInBrowser(url, () => output.say("No browser could be started here: open the link yourself."));
}

function openInBrowser(url: string, onFailure: () => void): void {
  const [command, ...args] = OPENERS[process.platform] ?? ["xdg-open"];
  const child = spawn(command, [...args, url], { detached: true, stdio: "ignore" });
  child.once("error", onFailure);
  child.once("exit", (code) => code !== 0 && onFailure());
  child.unref();
}
