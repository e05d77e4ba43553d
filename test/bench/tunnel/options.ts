import { parseArgs } from "node:util";
import { type Link, links } from "./links.ts";
import { isMeantBy, planFor, type Workload, workloadKinds } from "./workloads.ts";

/** What a person asked the benchmark for. */
export interface Options {
  readonly quick: boolean;
  /** Names of programs; every one when absent. */
  readonly only?: readonly string[];
  readonly links: readonly Link[];
  readonly plan: (link: Link) => readonly Workload[];
  readonly rounds: number;
  /** Of each TCP measurement. */
  readonly seconds: number;
  readonly reference: string;
  /** Our own lanes to measure. */
  readonly lanes: readonly ("media" | "packets")[];
  /** No turn begins after this many minutes. */
  readonly minutes: number;
  /** Where the results go; the program picks a name when absent. */
  readonly json?: string;
}

export const usage = `npm run bench -- tunnel [OPTION …]     as root on Debian: this VPN and others, side by side, in namespaces
  --quick            a clean link, TCP, ping, CPU: a few minutes
  --only A,B         these programs (no-vpn, no-offloads, ours, wireguard-go, nebula, openvpn, tinc, n2n, fastd, weron)
  --links A,B        these links (${links.map(({ name }) => name).join(", ")})
  --workloads A,B    these workloads (${workloadKinds.join(", ")}; tcp1/bbr for one congestion control)
  --lane LANE        of our own, this lane alone: media or packets
  --rounds N         how often every program has its turn (3; 2 with --quick)
  --seconds N        how long one TCP transfer takes (5; 3 with --quick)
  --reference NAME   ratios are to this program (wireguard-go)
  --minutes N        no turn begins after this long (180)
  --json FILE        raw samples go there (.test-output/tunnel-….json)`;

/** A mistake in the command line, in a sentence. */
export class UsageError extends Error {}

/** @throws UsageError */
export function parseOptions(args: readonly string[]): Options | "help" {
  const values = parse(args);
  if (values.help) return "help";
  const quick = values.quick ?? false;
  const names = list(values.workloads);
  const planned = (link: Link) =>
    names ? everywhere().filter((workload) => isMeantByAny(names, workload, link, quick)) : planFor(link, quick);
  checkNames("workload", names, (name) => everywhere().some((workload) => isMeantBy(name, workload)));
  const chosen = list(values.links);
  checkNames("link", chosen, (name) => links.some((link) => link.name === name));
  const only = list(values.only);
  return {
    quick,
    ...(only ? { only } : {}),
    links: chosen ? links.filter(({ name }) => chosen.includes(name)) : links.slice(0, quick ? 1 : links.length),
    plan: planned,
    rounds: positive("rounds", values.rounds, quick ? 2 : 3),
    seconds: positive("seconds", values.seconds, quick ? 3 : 5),
    reference: values.reference ?? "wireguard-go",
    lanes: lanesOf(values.lane),
    minutes: positive("minutes", values.minutes, 180),
    ...(values.json === undefined ? {} : { json: values.json }),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: "boolean" },
        only: { type: "string" },
        links: { type: "string" },
        workloads: { type: "string" },
        lane: { type: "string" },
        rounds: { type: "string" },
        seconds: { type: "string" },
        reference: { type: "string" },
        minutes: { type: "string" },
        json: { type: "string" },
        help: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** All that can be asked for by name, with every congestion control. */
function everywhere(): readonly Workload[] {
  return workloadKinds.flatMap((kind): readonly Workload[] =>
    kind.startsWith("udp") || kind === "ping"
      ? [{ kind }]
      : [
          { kind, congestion: "cubic" },
          { kind, congestion: "bbr" },
        ],
  );
}

/** `tcp1/bbr` is taken at its word; `tcp1` means what is planned for the link, and both where none is. */
function isMeantByAny(names: readonly string[], workload: Workload, link: Link, quick: boolean): boolean {
  const planned = planFor(link, quick).filter(({ kind }) => kind === workload.kind);
  const usual = planned.length === 0 || planned.some(({ congestion }) => congestion === workload.congestion);
  return names.some((name) => isMeantBy(name, workload) && (usual || name.includes("/")));
}

function lanesOf(lane: string | undefined): Options["lanes"] {
  if (lane === undefined) return ["media", "packets"];
  if (lane !== "media" && lane !== "packets") throw new UsageError(`there is no lane "${lane}": media, packets`);
  return [lane];
}

function list(text: string | undefined): readonly string[] | undefined {
  return text
    ?.split(",")
    .map((name) => name.trim())
    .filter(Boolean);
}

function checkNames(what: string, names: readonly string[] | undefined, isKnown: (name: string) => boolean): void {
  const unknown = names?.find((name) => !isKnown(name));
  if (unknown !== undefined) throw new UsageError(`there is no ${what} "${unknown}"`);
}

function positive(name: string, text: string | undefined, otherwise: number): number {
  const number = text === undefined ? otherwise : Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new UsageError(`--${name} is a whole number from 1, not "${text}"`);
  return number;
}
