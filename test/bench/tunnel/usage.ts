import { readFileSync } from "node:fs";
import { usageOf } from "../../netns/lab/process-usage.ts";

/** What programs and the whole machine have used, from /proc. */

const TICKS_PER_SECOND = 100; // USER_HZ, which is part of Linux's ABI on every platform that Node runs on.

/** User and system seconds of all of them, all threads, since they started. */
export function cpuSecondsOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + usageOf(pid).cpuSeconds, 0);
}

/** The most memory that they have had in RAM, each at its own worst moment, in bytes. */
export function peakBytesOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return sum + Number(peak) * 1024;
  }, 0);
}

/** What all processors of this machine have been busy, kernel and interrupts included, in seconds. */
export function machineCpuSeconds(): number {
  return busySeconds(readFileSync("/proc/stat", "utf8"));
}

/** Reads /proc/stat: man 5 proc. Idle time, waiting for a disk, and what the hypervisor took, are not busy. */
export function busySeconds(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] =
    /^cpu +(.*)$/m.exec(stat)?.[1]?.split(" ").map(Number) ?? [];
  return (user + nice + system + irq + softirq) / TICKS_PER_SECOND;
}
