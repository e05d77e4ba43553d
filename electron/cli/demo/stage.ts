import { execFile, execFileSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { fail, messageOf, ok, type Result } from "../../../shared/base/result.ts";
import { tunRights } from "../../adapters/tun/index.ts";
import { Program } from "./program.ts";

const run = promisify(execFile);

/**
 * Where the demo plays: two machines, and what runs on them. The machines are two network namespaces with a cable
 * between them, or, where those are not to be had, this machine twice.
 *
 *   govpn-demoPID-a  198.18.0.1 ──── veth ──── 198.18.0.2  govpn-demoPID-b
 */
export interface Stage {
  readonly kind: "namespaces" | "loopback";
  /** In words, for the first line. */
  readonly description: string;
  /** What a server on machine "a" listens on, so that both reach it. */
  readonly serverHost: string;
  /** A profile folder that goes with the stage. */
  profile(name: string): string;
  /** Starts a command on one of the machines. It ends with the stage at the latest. */
  start(machine: Machine, name: string, command: string, args: readonly string[]): Program;
  /** Runs a command there to its end: what it printed, or undefined when it cannot be run or fails. */
  run(machine: Machine, command: string, args: readonly string[], signal: AbortSignal): Promise<string | undefined>;
  /** Ends the programs in order, newest first, and removes everything that was made. */
  close(): Promise<void>;
}

export type Machine = "a" | "b";

/** The network interconnect test range (RFC 2544): no real network uses it, and these namespaces reach none. */
const CABLE = { a: "198.18.0.1", b: "198.18.0.2" } as const;
const NAMED_NAMESPACES = "/run/netns";
/** Carries the pid of its demo, so that what a killed demo left behind can be told from what another is using. */
const PREFIX = "govpn-demo";
const OURS = new RegExp(`^${PREFIX}(\\d+)-`);

/** Two network namespaces. Fails ("no_namespaces") with the reason when this process may not make them. */
export async function namespaceStage(): Promise<Result<Stage>> {
  if (process.platform !== "linux") return fail("no_namespaces", "network namespaces are a thing of Linux");
  if (process.getuid?.() !== 0) return fail("no_namespaces", "network namespaces and devices take root");
  const rights = tunRights();
  if (!rights.ok) return fail("no_namespaces", rights.error.message);
  removeLeftovers();
  const names = { a: `${PREFIX}${process.pid}-a`, b: `${PREFIX}${process.pid}-b` };
  const remove = () => removeNamespaces([names.a, names.b]);
  try {
    await makeNamespaces(names);
  } catch (error) {
    remove();
    const isAbsent = (error as NodeJS.ErrnoException).code === "ENOENT";
    return fail("no_namespaces", isAbsent ? 'the "ip" command is not installed' : oneLine(messageOf(error)));
  }
  return ok(
    await openStage({
      kind: "namespaces",
      description: `Two machines on this computer: network namespaces ${names.a} and ${names.b}, joined by a cable.`,
      serverHost: CABLE.a,
      inside: (machine) => ["ip", "netns", "exec", names[machine]],
      remove,
    }),
  );
}

/** This machine as both, without network devices. */
export function loopbackStage(): Promise<Stage> {
  return openStage({
    kind: "loopback",
    description: "Two members on this machine, as programs side by side.",
    serverHost: "127.0.0.1",
    inside: () => [],
    remove: () => {},
  });
}

interface Setting extends Pick<Stage, "kind" | "description" | "serverHost"> {
  /** What comes before a command so that it runs on that machine. */
  readonly inside: (machine: Machine) => readonly string[];
  /** Synchronous, so that it also works while the process exits. */
  readonly remove: () => void;
}

async function openStage({ inside, remove, ...shown }: Setting): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const programs: Program[] = [];
  const removeAll = () => {
    for (const program of programs) program.killNow();
    remove();
    rmSync(folder, { recursive: true, force: true });
  };
  // However this process ends, short of SIGKILL; after that the next demo cleans up.
  process.once("exit", removeAll);
  const split = (machine: Machine, command: string, args: readonly string[]): [string, string[]] => {
    const [first = command, ...rest] = [...inside(machine), command, ...args];
    return [first, rest];
  };
  return {
    ...shown,
    profile: (name) => join(folder, name),
    start(machine, name, command, args) {
      const program = new Program(name, ...split(machine, command, args));
      programs.push(program);
      return program;
    },
    async run(machine, command, args, signal) {
      try {
        const env = { ...process.env, LC_ALL: "C" };
        return (await run(...split(machine, command, args), { signal, env })).stdout;
      } catch {
        signal.throwIfAborted();
        return undefined;
      }
    },
    async close() {
      for (const program of programs.toReversed()) await program.stop();
      removeAll();
      process.off("exit", removeAll);
    },
  };
}

async function makeNamespaces(names: Readonly<Record<Machine, string>>): Promise<void> {
  await run("ip", ["netns", "add", names.a]);
  await run("ip", ["netns", "add", names.b]);
  await run("ip", ["-n", names.a, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", names.b]);
  for (const machine of ["a", "b"] as const) {
    const ip = (...args: string[]) => run("ip", ["-n", names[machine], ...args]);
    await ip("addr", "add", `${CABLE[machine]}/30`, "dev", "eth0");
    await ip("link", "set", "lo", "up");
    await ip("link", "set", "eth0", "up");
  }
}

/** Best effort: one that is gone already is what the caller wanted. */
function removeNamespaces(names: readonly string[]): void {
  for (const name of names) {
    try {
      execFileSync("ip", ["netns", "del", name], { stdio: "ignore" });
    } catch {
      // Not made, or removed already.
    }
  }
}

/** Removes what a demo that was killed could not remove: its programs, its namespaces and its folders. */
function removeLeftovers(): void {
  const left = list(NAMED_NAMESPACES).filter(isLeftover);
  for (const name of left) endProgramsIn(name);
  removeNamespaces(left);
  for (const name of list(tmpdir()).filter(isLeftover)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isLeftover(name: string): boolean {
  const pid = OURS.exec(name)?.[1];
  if (pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/** A demo's namespace holds nothing but that demo's programs. */
function endProgramsIn(namespace: string): void {
  try {
    const pids = execFileSync("ip", ["netns", "pids", namespace], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    for (const pid of pids.split("\n").filter(Boolean)) process.kill(Number(pid), "SIGKILL");
  } catch {
    // They ended by themselves meanwhile.
  }
}

function oneLine(message: string): string {
  return message.trim().split("\n").at(-1) ?? message;
}
