import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A server in a process of its own, as `govpn serve` runs it. */
export interface ServerProcess {
  readonly port: number;
  /** Resident memory in bytes and CPU time used, in seconds, from the server's own /metrics. */
  usage(): Promise<{ readonly memory: number; readonly cpu: number }>;
  stop(): Promise<void>;
}

/** @param entry a bundle that runs `govpn serve` when told "serve". */
export async function startServerProcess(entry: string, args: readonly string[]): Promise<ServerProcess> {
  const child = spawn(process.execPath, [entry, "serve", ...args], { stdio: ["ignore", "pipe", "ignore"] });
  const port = await listeningPort(child);
  return {
    port,
    async usage() {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return { memory: metric(text, "process_resident_memory_bytes"), cpu: metric(text, "process_cpu_seconds_total") };
    },
    async stop() {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    },
  };
}

async function listeningPort(child: ChildProcess): Promise<number> {
  if (!child.stdout) throw new Error("the server has no output");
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    const event = JSON.parse(line) as { event?: string; url?: string };
    if (event.event === "listening" && event.url) return Number(new URL(event.url).port);
  }
  throw new Error("the server ended before it listened");
}

function metric(text: string, name: string): number {
  const value = new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1];
  if (value === undefined) throw new Error(`the server reports no ${name}`);
  return Number(value);
}
