import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { outputOf } from "./programs/command.ts";

/** The computer itself, and how busy it was. */
export function describeComputer() {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    processors: cpus().length,
    memoryMiB: Math.round(totalmem() / 1024 / 1024),
    system: /^PRETTY_NAME="(.*)"$/m.exec(textOf("/etc/os-release"))?.[1] ?? "unknown",
    kernel: release(),
    node: process.versions.node,
    loadAverageBefore: loadavg()[0],
  };
}

/** What a reader needs to judge the figures of traffic by. */
export async function describeMachine(): Promise<Readonly<Record<string, unknown>>> {
  return {
    ...describeComputer(),
    iperf3: (await outputOf("iperf3", ["--version"])).split("\n")[0],
    sysctl: Object.fromEntries(SETTINGS.map((name) => [name, textOf(`/proc/sys/${name.replaceAll(".", "/")}`).trim()])),
  };
}

/** Settings that move figures; the bench leaves them as they are. */
const SETTINGS = [
  "net.core.default_qdisc",
  "net.core.rmem_default",
  "net.core.rmem_max",
  "net.core.wmem_max",
  "net.ipv4.tcp_available_congestion_control",
  "net.ipv4.tcp_congestion_control",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_wmem",
];

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
