import { readFileSync } from "node:fs";
import type { Host } from "../../../netns/lab/host.ts";
import { type Iperf3Options, iperf3, ping } from "../../../netns/lab/traffic.ts";
import type { Tunnel } from "../programs/contender.ts";
import type { Site } from "../site.ts";
import { cpuSecondsOf, machineCpuSeconds } from "../usage.ts";
import type { Congestion, Workload } from "../workloads.ts";
import { highestRate } from "./highest-rate.ts";
import { bidirFigures, senderCongestion, tcpFigures, udpFigures } from "./iperf.ts";
import { pingFigures } from "./ping-times.ts";

/** Carries out a workload in a tunnel that is up. */

export type Values = Readonly<Record<string, number>>;

/** A running tunnel, and how long to measure. */
export interface Measuring {
  readonly site: Site;
  readonly tunnel: Tunnel;
  readonly seconds: number;
}

const PINGS = 200;
const PING_INTERVAL_MS = 10;
/** A reply that took longer than this is lost. */
const PING_WAIT_MS = 2000;
/** Beside a transfer: so long until it has filled what it fills. */
const RAMP_UP_MS = 1500;
/** Of each UDP rate that is tried. */
const UDP_SECONDS = 1;
const BYTES_A_GB = 1e9;
/** Some 15 ms of 1200-byte packets at 100,000 a second, in a kernel that counts a packet as 2 KiB and more. */
export const WANTED_UDP_BUFFER = 4 * 1024 * 1024;

/** @throws with the tool's words when it could not be measured */
export async function measure(workload: Workload, measuring: Measuring): Promise<Values> {
  const { kind, congestion } = workload;
  switch (kind) {
    case "tcp1":
      return transfer(measuring, { streams: 1, congestion });
    case "tcp8":
      return transfer(measuring, { streams: 8, congestion });
    case "bidir":
      return bothWays(measuring, congestion);
    case "udp64":
      return packetRate(measuring, 64);
    case "udp1200":
      return packetRate(measuring, 1200);
    case "ping":
      return pings(measuring);
    case "ping-load":
      return pingsBesideTransfer(measuring, congestion);
  }
}

async function transfer(measuring: Measuring, how: TcpOptions): Promise<Values> {
  const pids = [...measuring.tunnel.pids.a, ...measuring.tunnel.pids.b];
  const before = { programs: cpuSecondsOf(pids), machine: machineCpuSeconds() };
  const { mbit, bytes, retransmits } = tcpFigures(await tcp(measuring, { ...how, seconds: measuring.seconds }));
  const gigabytes = bytes / BYTES_A_GB;
  if (gigabytes === 0) throw new Error("nothing arrived");
  return {
    mbit,
    retransmits,
    cpu: (cpuSecondsOf(pids) - before.programs) / gigabytes,
    systemCpu: (machineCpuSeconds() - before.machine) / gigabytes,
  };
}

async function bothWays(measuring: Measuring, congestion: Congestion | undefined): Promise<Values> {
  const [there, here] = bidirFigures(
    await tcp(measuring, { congestion, seconds: measuring.seconds, extra: ["--bidir"] }),
  );
  return { mbit: there + here, lesser: Math.min(there, here) };
}

async function packetRate(measuring: Measuring, bytes: number): Promise<Values> {
  const { packets, full } = await highestRate(async (rate) => {
    // iperf3 takes 0 for "as fast as it can".
    const rateMbit = rate === "full" ? 0 : (rate * bytes * 8) / 1e6;
    const extra = ["--length", String(bytes), "--window", String(udpBufferBytes())];
    return udpFigures(await iperf(measuring, { udp: true, rateMbit, seconds: UDP_SECONDS, extra }));
  });
  return { packets, fullPackets: full.received, fullLoss: full.loss * 100, fullSent: full.sent };
}

/**
 * For iperf3's own sockets: with the kernel's default of some 200 KiB it loses packets itself, long before a fast
 * tunnel does. Asking for more than the machine allows would make iperf3 fail.
 */
export function udpBufferBytes(): number {
  const limit = (name: string) => Number(readFileSync(`/proc/sys/net/core/${name}`, "utf8"));
  return Math.min(WANTED_UDP_BUFFER, limit("rmem_max"), limit("wmem_max"));
}

async function pings({ site, tunnel }: Measuring, count = PINGS): Promise<Values> {
  const options = { count, intervalMs: PING_INTERVAL_MS, waitMs: PING_WAIT_MS };
  const { output } = await ping(site.a, tunnel.address, options);
  return { ...pingFigures(output, count) };
}

/** Pings go the same way as the transfer, through whatever it has filled. */
async function pingsBesideTransfer(measuring: Measuring, congestion: Congestion | undefined): Promise<Values> {
  const pingMs = PINGS * PING_INTERVAL_MS;
  const seconds = Math.ceil((RAMP_UP_MS + pingMs) / 1000) + 1;
  const load = tcp(measuring, { congestion, seconds });
  const late = new Promise<"ramped up">((resolve) => setTimeout(resolve, RAMP_UP_MS, "ramped up"));
  // A transfer that fails at once must not look like an idle tunnel.
  if ((await Promise.race([load, late])) !== "ramped up") throw new Error("the transfer ended before its time");
  const [figures, report] = await Promise.all([pings(measuring), load]);
  return { ...figures, mbit: tcpFigures(report).mbit };
}

interface TcpOptions extends Omit<Iperf3Options, "congestion"> {
  readonly congestion: Congestion | undefined;
}

/**
 * Asks iperf3 for the congestion control, on both ends: in a namespace of its own, the kernel lets nobody choose a
 * default that it restricts (tcp_allowed_congestion_control), but lets root choose it for a socket.
 * @throws when the sender had another one
 */
async function tcp(measuring: Measuring, { congestion, ...options }: TcpOptions): Promise<unknown> {
  const report = await iperf(measuring, { ...options, ...(congestion ? { congestion } : {}) });
  const used = senderCongestion(report);
  if (congestion && used !== congestion) throw new Error(`TCP ran with ${used}, not with ${congestion}`);
  return report;
}

/** From a to b, through the tunnel. */
async function iperf({ site, tunnel }: Measuring, options: Iperf3Options): Promise<unknown> {
  return (await iperf3(site.a, site.b, tunnel.address, options)).report;
}

/** Whatever is slow on the first packets (keys, addresses, a path that is found) is over after these. */
export async function warmUp(host: Host, address: string): Promise<void> {
  await ping(host, address, { count: 20, intervalMs: PING_INTERVAL_MS, waitMs: PING_WAIT_MS });
}
