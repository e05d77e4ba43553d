import { setTimeout as passes } from "node:timers/promises";
import type { Host } from "../../../netns/lab/host.ts";
import type { Program } from "../../../netns/lab/program.ts";
import type { Link } from "../links.ts";
import { ipBatch, type Site } from "../site.ts";

/** One of the programs that are compared. */
export interface Contender {
  readonly name: string;
  readonly title: string;
  readonly ours?: boolean;
  /** The Debian packages that hold it. */
  readonly packages: readonly string[];
  /** @throws when it is not there */
  readonly version: () => Promise<string>;
  /** False where the row would repeat another one. */
  readonly isFor?: (link: Link) => boolean;
  /** Brings a tunnel up between both machines. What it started goes with the site. @throws when it cannot */
  readonly start: (site: Site) => Promise<Tunnel>;
}

/** A tunnel, as it is measured. */
export interface Tunnel {
  /** Of machine b inside the tunnel. */
  readonly address: string;
  /** The processes on either machine that packets pass through. */
  readonly pids: { readonly a: readonly number[]; readonly b: readonly number[] };
  /** Asked after the measurements: why they are not those of this row, if they are not. */
  readonly objection?: () => Promise<string | undefined>;
}

/** Inside a tunnel; no program's own network and not that of the link. */
export const INSIDE = { a: "10.88.0.1", b: "10.88.0.2", prefix: 24 } as const;

const DEVICE_MS = 10_000;
const DEVICE_POLL_MS = 50;

/** The sides in turn, with what is different about each. */
export function sides({ a, b }: Site): readonly [Side, Side] {
  return [
    { host: a, side: "a", inside: INSIDE.a, other: { host: b, side: "b", inside: INSIDE.b } },
    { host: b, side: "b", inside: INSIDE.b, other: { host: a, side: "a", inside: INSIDE.a } },
  ];
}

export interface Side extends End {
  readonly other: End;
}

interface End {
  readonly host: Host;
  readonly side: "a" | "b";
  readonly inside: string;
}

/** Waits until a program has made its network device. @throws with the program's words when it ends instead */
export async function deviceOf(program: Program, host: Host, device: string): Promise<void> {
  const deadline = performance.now() + DEVICE_MS;
  for (;;) {
    const { code } = await host.run("ip", ["link", "show", device]);
    if (code === 0) return;
    if (!program.running || performance.now() > deadline) throw new Error(`made no device: ${wordsOf(program)}`);
    await passes(DEVICE_POLL_MS);
  }
}

/** For programs that leave the device's address and state to others. */
export function setUp({ host, inside }: Side, device: string): void {
  ipBatch([`addr replace ${inside}/${INSIDE.prefix} dev ${device}`, `link set ${device} up`], host.namespace);
}

export function wordsOf({ description, stdout, stderr }: Program): string {
  return `${description}: ${`${stdout}${stderr}`.trim().slice(-600)}`;
}

/** A tunnel of one process a side. */
export function tunnelOf([a, b]: readonly Program[]): Tunnel {
  if (!a || !b) throw new RangeError("a tunnel has two ends");
  return { address: INSIDE.b, pids: { a: [a.pid], b: [b.pid] } };
}
