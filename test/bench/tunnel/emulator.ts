import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { namespacePrefix } from "../../netns/lab/namespaces.ts";
import { atExit } from "./at-exit.ts";

/**
 * Compiles the link emulator into a temporary folder that goes with this process.
 * @param source path of link/link.c
 * @returns the program's path
 * @throws with the compiler's words
 */
export function compileEmulator(source: string): string {
  const folder = mkdtempSync(join(tmpdir(), namespacePrefix()));
  atExit(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, "link");
  execFileSync("gcc", ["-O2", "-Wall", "-Wextra", "-o", program, source], { stdio: ["ignore", "pipe", "pipe"] });
  return program;
}
