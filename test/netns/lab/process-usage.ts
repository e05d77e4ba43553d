import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** What a process has used, from /proc (man 5 proc). */
export interface Usage {
  /** User and system time since it started, all threads, in seconds. */
  readonly cpuSeconds: number;
  /** Memory that is in RAM now, in bytes. */
  readonly residentBytes: number;
}

const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** @throws when there is no such process */
export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name, in parentheses, may hold anything; what follows it is fields 3 and up.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [utime, stime] = [Number(fields[14 - 3]), Number(fields[15 - 3])];
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { cpuSeconds: (utime + stime) / ticksPerSecond, residentBytes: Number(resident) * 1024 };
}
