import type { Link } from "./links.ts";

/** What is done through a tunnel, and which of it on which link. */

export const workloadKinds = ["tcp1", "tcp8", "bidir", "udp64", "udp1200", "ping", "ping-load"] as const;
export type WorkloadKind = (typeof workloadKinds)[number];

/** Of the TCP inside the tunnel: what the machines on either side would use. */
export const congestionControls = ["cubic", "bbr"] as const;
export type Congestion = (typeof congestionControls)[number];

export interface Workload {
  readonly kind: WorkloadKind;
  /** Absent where no TCP runs. */
  readonly congestion?: Congestion;
}

export function workloadName({ kind, congestion }: Workload): string {
  return congestion === undefined ? kind : `${kind}/${congestion}`;
}

type Plan = Partial<Record<WorkloadKind, readonly Congestion[]>>;

const BOTH: Plan[WorkloadKind] = ["cubic", "bbr"];
const NO_TCP: Plan[WorkloadKind] = [];

/** Everything, once, where the link itself is no limit. */
const CLEAN: Plan = {
  tcp1: BOTH,
  tcp8: ["cubic"],
  bidir: ["cubic"],
  udp64: NO_TCP,
  udp1200: NO_TCP,
  ping: NO_TCP,
  "ping-load": ["cubic"],
};
/** What a delay changes: how a flow grows. */
const DELAYED: Plan = { tcp1: BOTH, tcp8: ["cubic"], ping: NO_TCP };
/** With loss, the one question is how much of it TCP still gets through. */
const LOSSY: Plan = { tcp1: BOTH, ping: NO_TCP };
/** Who fills the bottleneck's buffer, and who waits in it. */
const BOTTLENECK: Plan = { tcp1: BOTH, ping: NO_TCP, "ping-load": BOTH };
/** What a person waits a few minutes for. */
const QUICK: Plan = { tcp1: ["cubic"], tcp8: ["cubic"], ping: NO_TCP };

/** What is measured on the link, in the order it is done in. */
export function planFor({ name, emulated }: Link, quick = false): readonly Workload[] {
  if (quick) return workloadsOf(QUICK);
  if (!emulated) return workloadsOf(CLEAN);
  if (emulated.rateMbit !== undefined) return workloadsOf(BOTTLENECK);
  return workloadsOf(name === "20ms" ? DELAYED : LOSSY);
}

function workloadsOf(plan: Plan): readonly Workload[] {
  return workloadKinds.flatMap((kind) => {
    const congestions = plan[kind];
    if (congestions === undefined) return [];
    return congestions.length === 0 ? [{ kind }] : congestions.map((congestion) => ({ kind, congestion }));
  });
}

/** Whether a name given by a person, `tcp1` or `tcp1/bbr`, means this workload. */
export function isMeantBy(name: string, workload: Workload): boolean {
  return name === workload.kind || name === workloadName(workload);
}

/** About how long one takes, in seconds, to tell a person when to come back. */
export function expectedSeconds({ kind }: Workload, seconds: number): number {
  const STARTING = 1;
  if (kind === "ping") return 2 + STARTING;
  if (kind === "udp64" || kind === "udp1200") return 9 * (1 + STARTING);
  return seconds + STARTING;
}
