// @ts-check
import { spawn } from "node:child_process";
import { constants, setPriority } from "node:os";
import { root } from "./setup.mjs";

/** The processes that a launcher has started and that still run. */
/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();

/** On Windows a process has no group that a signal could go to. */
const groups = process.platform !== "win32";

/**
 * Runs a command from the checkout's top folder to its end, in a process group of its own so that it can be ended
 * with everything it has started.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {"show" | "hold"} output shown as it comes, or held and returned
 * @param {Record<string, string>} [env] added to this process's own
 * @param {"normal" | "low"} [priority] low: it gets what of the processors nobody else wants
 * @returns {Promise<{code: number | null, output: string}>} code is null when a signal ended it
 */
export function finish(command, args, output, env = {}, priority = "normal") {
  const out = output === "show" ? "inherit" : "pipe";
  const child = spawn(command, args, {
    cwd: root,
    detached: groups,
    stdio: ["ignore", out, out],
    env: { ...process.env, ...env },
  });
  running.add(child);
  if (priority === "low" && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  let held = "";
  const hold = (/** @type {Buffer} */ chunk) => {
    held += chunk.toString("utf8");
  };
  child.stdout?.on("data", hold);
  child.stderr?.on("data", hold);
  return new Promise((resolve) => {
    child.once("error", (error) => {
      running.delete(child);
      resolve({ code: null, output: error.message });
    });
    child.once("close", (code) => {
      running.delete(child);
      resolve({ code, output: held });
    });
  });
}

/** Asks what still runs to end. Synchronous, so that it also works while this process exits. */
export function endChildren() {
  for (const child of running) {
    if (child.pid === undefined) continue;
    try {
      process.kill(groups ? -child.pid : child.pid, "SIGTERM");
    } catch {
      // It ended by itself in between.
    }
  }
}
