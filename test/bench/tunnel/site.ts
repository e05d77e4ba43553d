import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventProgram } from "../../netns/lab/events.ts";
import { Host } from "../../netns/lab/host.ts";
import { namespacePrefix, removeNamespaces } from "../../netns/lab/namespaces.ts";
import { Program } from "../../netns/lab/program.ts";
import { atExit } from "./at-exit.ts";
import { emulatorArguments, type Link } from "./links.ts";

/**
 * Two machines and the link between them, made afresh for every turn of every program, so that nothing of the turn
 * before (routes, TCP's memory of a path, a daemon that lingers) is there.
 *
 *   gv<pid>-1a                                      gv<pid>-1b
 *   wan0 10.66.0.1/24 ── veth pair, or link.c ── wan0 10.66.0.2/24
 */
export interface Site {
  readonly link: Link;
  readonly a: Host;
  readonly b: Host;
  /** For the files of one turn. */
  readonly folder: string;
  /** Also done when the site goes; synchronous. */
  readonly onRemoval: (undo: () => void) => void;
  /** @returns what the emulator counted, if there is one */
  readonly remove: () => Promise<object | undefined>;
}

/** The emulator holds what is under way itself; this is what may wait while it has no processor. */
const DEVICE_QUEUE = 4000;
const EMULATOR_START_MS = 5000;

let made = 0;

/** @param emulator the compiled link/link.c */
export async function createSite(link: Link, emulator: string, seed: number): Promise<Site> {
  const prefix = `${namespacePrefix()}${++made}`;
  const folder = mkdtempSync(join(tmpdir(), namespacePrefix()));
  const [a, b] = [1, 2].map((number) => {
    const home = join(folder, `h${number}`);
    mkdirSync(home, { mode: 0o700 });
    return new Host(`${prefix}${number === 1 ? "a" : "b"}`, number, home);
  }) as [Host, Host];
  const undoings = [
    () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 }),
    () => removeNamespaces([a.namespace, b.namespace]),
  ];
  const removeNow = () => {
    for (const undo of undoings.splice(0).reverse()) undo();
  };
  const forget = atExit(removeNow);
  let wire: EventProgram | undefined;
  const remove = async () => {
    const counters = wire && (await countersOf(wire));
    removeNow();
    forget();
    await Promise.all([a.ended(), b.ended()]);
    return counters;
  };
  try {
    ipBatch([`netns add ${a.namespace}`, `netns add ${b.namespace}`]);
    if (link.emulated) {
      wire = await startEmulator(emulator, [a, b], [...emulatorArguments(link.emulated), "--seed", String(seed)]);
      const { program } = wire;
      undoings.push(() => program.killNow());
    } else {
      ipBatch([`link add wan0 netns ${a.namespace} type veth peer name wan0 netns ${b.namespace}`]);
    }
    for (const host of [a, b]) address(host);
  } catch (error) {
    await remove();
    throw error;
  }
  return { link, a, b, folder, onRemoval: (undo) => void undoings.push(undo), remove };
}

async function startEmulator(path: string, [a, b]: readonly [Host, Host], args: readonly string[]) {
  const words = ["--a", a.namespace, "--b", b.namespace, ...args];
  const wire = new EventProgram(new Program(path, words, {}));
  await wire.waitFor(({ event }) => event === "ready", EMULATOR_START_MS);
  return wire;
}

async function countersOf(wire: EventProgram): Promise<object | undefined> {
  await wire.stop();
  return wire.events.find(({ event }) => event === "counters");
}

function address({ namespace, ipv4 }: Host): void {
  const lines = [
    "link set lo up",
    // Without IPv6 nothing is said on the link but by the programs: an emulated one then loses what it is told to.
    "link set wan0 addrgenmode none",
    `link set wan0 mtu 1500 txqueuelen ${DEVICE_QUEUE} up`,
    `addr add ${ipv4}/24 dev wan0`,
  ];
  ipBatch(lines, namespace);
}

export function ipBatch(lines: readonly string[], namespace?: string): void {
  const args = [...(namespace ? ["-n", namespace] : []), "-batch", "-"];
  execFileSync("ip", args, { input: lines.join("\n"), stdio: ["pipe", "ignore", "pipe"] });
}
