import { execFileSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Network namespaces of the lab, by name. A name carries the pid of the process that made it (`gv<pid in base 36>-…`),
 * so that what a killed test run left behind can be told from what another run is using.
 */

const NAME = /^gv([0-9a-z]+)-/;
const NAMED_NAMESPACES = "/run/netns";

export function namespacePrefix(pid = process.pid): string {
  return `gv${pid.toString(36)}-`;
}

export function namespaces(): string[] {
  try {
    return readdirSync(NAMED_NAMESPACES);
  } catch {
    // Nobody on this machine has made one yet.
    return [];
  }
}

/** Ends what runs in the namespaces and removes them. Synchronous, so that it also works while a process exits. */
export function removeNamespaces(names: readonly string[]): void {
  for (const name of names) {
    endProcessesIn(name);
    ip(["netns", "del", name]);
  }
}

/**
 * Removes the lab namespaces, and the temporary folders of the same names, whose maker is gone.
 * @returns the names of the namespaces
 */
export function removeLeftovers(): string[] {
  const left = namespaces().filter(isLeftover);
  removeNamespaces(left);
  for (const name of readdirSync(tmpdir()).filter(isLeftover)) {
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
  return left;
}

function isLeftover(name: string): boolean {
  const pid = NAME.exec(name)?.[1];
  return pid !== undefined && !isAlive(Number.parseInt(pid, 36));
}

/** A process that moved to a session of its own is still in its namespace, and the namespace is ours alone. */
function endProcessesIn(name: string): void {
  for (const pid of ip(["netns", "pids", name]).split("\n").filter(Boolean)) {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It ended by itself in between.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Best effort: a namespace that is gone already is what the caller wanted. */
function ip(args: readonly string[]): string {
  try {
    return execFileSync("ip", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return "";
  }
}
