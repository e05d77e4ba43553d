import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Host } from "./host.ts";
import { namespacePrefix, removeLeftovers, removeNamespaces } from "./namespaces.ts";
import type { Program } from "./program.ts";

/**
 * Several machines on one switch, inside this one. Nothing of it is visible outside the named namespaces.
 *
 *   gv<pid>-1sw                 gv<pid>-1h1                       gv<pid>-1h2
 *  ┌────────────────┐  veth   ┌──────────────────────────┐      ┌──────────────────────────┐
 *  │ br0 ─┬─ port1 ─┼─────────┼─ eth0 10.66.0.1/24       │      │                          │
 *  │      └─ port2 ─┼─────────┼──────── fd66::1/64 ──────┼──────┼─ eth0 10.66.0.2/24, ::2  │
 *  └────────────────┘         └──────────────────────────┘      └──────────────────────────┘
 */
export interface Lab {
  readonly hosts: readonly Host[];
  /** The host by its number, from 1, which is also the last part of its addresses. */
  host(number: number): Host;
  /**
   * Lowers what the switch lets through to and from a host. Larger frames vanish there without a word, as in a black
   * hole: the host's own card knows nothing of it.
   * @param bytes of IP packet
   */
  setPathMtu(number: number, bytes: number): void;
  /** Every program that runs on a host. */
  running(): readonly Program[];
  /** What every program on every host printed, for a person who reads a failed test. */
  transcript(): string;
  /** Ends every program and removes every namespace and file. May be called twice. */
  teardown(): Promise<void>;
}

export interface LabOptions {
  readonly hosts: number;
}

/** The last part of an address is the host's number, and .255 is the broadcast. */
const MAX_HOSTS = 254;

const open = new Set<() => void>();
let made = 0;

/**
 * Makes a lab. Its programs and namespaces also go when the process exits or is signalled before `teardown`.
 * @throws when this process may not make namespaces (it needs root and iproute2)
 */
export function createLab({ hosts: count }: LabOptions): Lab {
  if (count < 1 || count > MAX_HOSTS) throw new RangeError(`a lab has 1 to ${MAX_HOSTS} hosts`);
  removeLeftovers();
  watchExit();
  const prefix = `${namespacePrefix()}${++made}`;
  const switchName = `${prefix}sw`;
  const files = mkdtempSync(join(tmpdir(), namespacePrefix()));
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const hosts = numbers.map((number) => {
    const home = join(files, `h${number}`);
    mkdirSync(home, { mode: 0o700 });
    return new Host(`${prefix}h${number}`, number, home);
  });

  const removeNow = () => {
    open.delete(removeNow);
    for (const host of hosts) host.killAllNow();
    removeNamespaces([switchName, ...hosts.map((host) => host.namespace)]);
    // A program that is being killed may still write a file.
    rmSync(files, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  };
  open.add(removeNow);
  try {
    connect(switchName, hosts);
  } catch (error) {
    removeNow();
    throw error;
  }
  return {
    hosts,
    host(number) {
      const host = hosts[number - 1];
      if (!host) throw new RangeError(`the lab has no host ${number}`);
      return host;
    },
    setPathMtu: (number, bytes) => ipBatch([`link set port${number} mtu ${bytes}`], switchName),
    running: () => hosts.flatMap((host) => [...host.running]),
    transcript: () => hosts.map((host) => host.transcript()).join("\n"),
    async teardown() {
      if (open.has(removeNow)) removeNow();
      await Promise.all(hosts.map((host) => host.ended()));
    },
  };
}

function connect(switchName: string, hosts: readonly Host[]): void {
  ipBatch([
    `netns add ${switchName}`,
    ...hosts.flatMap((host) => [
      `netns add ${host.namespace}`,
      `link add port${host.number} netns ${switchName} type veth peer name eth0 netns ${host.namespace}`,
    ]),
  ]);
  ipBatch(
    [
      // Every neighbour hears every multicast, and a port forwards from its first packet.
      "link add br0 type bridge forward_delay 0 mcast_snooping 0",
      "link set lo up",
      "link set br0 up",
      ...hosts.map((host) => `link set port${host.number} master br0 up`),
    ],
    switchName,
  );
  for (const host of hosts) {
    ipBatch(
      [
        "link set lo up",
        "link set eth0 up",
        `addr add ${host.ipv4}/24 dev eth0`,
        // Nobody else can have it: waiting for duplicate address detection would only cost a second.
        `addr add ${host.ipv6}/64 dev eth0 nodad`,
      ],
      host.namespace,
    );
  }
}

function ipBatch(lines: readonly string[], namespace?: string): void {
  const args = [...(namespace ? ["-n", namespace] : []), "-batch", "-"];
  execFileSync("ip", args, { input: lines.join("\n"), stdio: ["pipe", "ignore", "pipe"] });
}

let watching = false;

/** `exit` also follows an uncaught exception; a signal has to be turned into an exit first. */
function watchExit(): void {
  if (watching) return;
  watching = true;
  process.on("exit", removeAll);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      removeAll();
      process.kill(process.pid, signal);
    });
  }
}

function removeAll(): void {
  for (const remove of [...open]) remove();
}
