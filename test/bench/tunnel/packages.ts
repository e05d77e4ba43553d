import { execFile } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { namespacePrefix } from "../../netns/lab/namespaces.ts";
import { atExit } from "./at-exit.ts";

/** Gets what is compared, and what it is measured with, onto this machine. */

/** What the bench itself runs: the program, and the Debian package that holds it. */
const TOOLS: Readonly<Record<string, string>> = {
  ip: "iproute2",
  ping: "iputils-ping",
  iperf3: "iperf3",
  gcc: "gcc",
};
/** gcc alone has no stdio.h. */
const HEADERS = "libc6-dev";

const INSTALL_MS = 300_000;
const GO_INSTALL_MS = 240_000;
const WERON = "github.com/pojntfx/weron/cmd/weron@latest";
/** A user's PATH often lacks the folders of root's programs; Go's own installer puts it into neither. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/go/bin"];

export function extendPath(): void {
  process.env.PATH = [process.env.PATH ?? "", ...SYSTEM_FOLDERS].join(delimiter);
}

/**
 * Installs Debian packages that are missing, one by one where all at once fails, so that one that is not packaged
 * costs only its own row.
 * @returns the reason, by package, for each that is still missing
 */
export async function ensurePackages(
  wanted: readonly string[],
  say: (line: string) => void,
): Promise<Map<string, string>> {
  const failed = new Map<string, string>();
  const tools = Object.entries(TOOLS).flatMap(([tool, debian]) => (isThere(tool) ? [] : [debian]));
  const needed = tools.includes("gcc") ? [...tools, HEADERS] : tools;
  const missing: string[] = [...needed];
  for (const name of new Set(wanted)) if (!(await isInstalled(name))) missing.push(name);
  if (missing.length === 0) return failed;
  say(`Installing with apt-get: ${missing.join(" ")}`);
  // A fresh image has no package lists yet, and an old one's may name files that are gone.
  await aptGet("update");
  if ((await aptGet(...INSTALL, ...missing)) === undefined) return failed;
  for (const name of missing) {
    const problem = await aptGet(...INSTALL, name);
    if (problem !== undefined) failed.set(name, problem);
  }
  return failed;
}

const INSTALL = ["install", "--yes", "--no-install-recommends"];

/** @returns the last line it said, if it failed */
async function aptGet(...args: string[]): Promise<string | undefined> {
  const { failed, output } = await run("apt-get", args, INSTALL_MS, { DEBIAN_FRONTEND: "noninteractive" });
  return failed ? (output.trim().split("\n").at(-1) ?? "apt-get failed") : undefined;
}

async function isInstalled(name: string): Promise<boolean> {
  const { output } = await run("dpkg-query", ["--show", "--showformat", "$" + "{Status}", name], INSTALL_MS);
  return output.includes("ok installed");
}

/**
 * weron is no Debian package: it is built by the Go toolchain, if there is one and its proxy has the module.
 * @returns the program's path, or a function that throws why there is none
 */
export async function installWeron(say: (line: string) => void): Promise<() => string> {
  if (!isThere("go")) return unavailable("there is no Go toolchain on this machine");
  const folder = mkdtempSync(join(tmpdir(), namespacePrefix()));
  // Go makes the folders of its module cache read-only.
  const empty = () => run("go", ["clean", "-modcache"], GO_INSTALL_MS, { GOMODCACHE: join(folder, "modules") });
  atExit(() => rmSync(folder, { recursive: true, force: true }));
  say("Building weron with Go");
  const env = { GOBIN: folder, GOMODCACHE: join(folder, "modules"), GOCACHE: join(folder, "cache"), GOFLAGS: "" };
  const { failed, output } = await run("go", ["install", WERON], GO_INSTALL_MS, env);
  await empty();
  if (failed)
    return unavailable(`not to be had: go install ${WERON}: ${output.trim().replaceAll(/\s+/g, " ").slice(0, 300)}`);
  return () => join(folder, "weron");
}

function unavailable(why: string): () => string {
  return () => {
    throw new Error(why);
  };
}

function isThere(tool: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function run(command: string, args: readonly string[], timeout: number, env: Readonly<Record<string, string>> = {}) {
  return new Promise<{ failed: boolean; output: string }>((resolve) => {
    const options = { timeout, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 };
    execFile(command, args, options, (error, stdout, stderr) => {
      const why = error?.killed ? `still running after ${timeout / 1000} s` : "";
      resolve({ failed: error !== null, output: `${stdout}${stderr}${why}` });
    });
  });
}
