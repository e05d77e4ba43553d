import { execFile } from "node:child_process";

/** A command that says its version, or makes a key, does so at once. */
const TIMEOUT_MS = 20_000;

/** @returns what it printed, both streams. A non-zero exit is an answer too: some programs end so after their version. */
export function outputOf(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      if (error && (error.code === "ENOENT" || error.killed))
        reject(new Error(`${command} could not be run: ${error.code ?? "late"}`));
      else resolve(stdout + stderr);
    });
  });
}

/** The first version number in what a program says of itself. */
export async function versionFrom(command: string, ...args: string[]): Promise<string> {
  const output = await outputOf(command, args);
  const version = /\bv?\.?(\d+(\.\d+)*)\b/.exec(output)?.[1];
  if (version === undefined) throw new Error(`${command} does not say its version: ${output.slice(0, 200)}`);
  return version;
}
