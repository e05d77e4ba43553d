import { createHash } from "node:crypto";
import type { Host, ListeningProgram } from "./host.ts";
import type { Program } from "./program.ts";

/** Traffic with the tools that everyone knows: ping, iperf3 and curl. */

export interface PingOptions {
  /** How many echo requests; 3 when not said. */
  readonly count?: number;
  /** Bytes of payload: the packet is 28 larger with IPv4, 48 with IPv6. */
  readonly size?: number;
  /** Forbids fragmenting on the way, so that a packet over the path's MTU gets an ICMP error. */
  readonly dontFragment?: boolean;
  /** Between two requests; 200 when not said. */
  readonly intervalMs?: number;
  /** How long a reply may take. */
  readonly waitMs?: number;
}

export interface PingResult {
  readonly sent: number;
  readonly received: number;
  /** Lost requests of all, 0 to 1. */
  readonly loss: number;
  /** Round-trip times in milliseconds; absent when nothing came back. */
  readonly rtt?: { readonly min: number; readonly avg: number; readonly max: number };
  /** All that ping printed: its errors ("Message too long, mtu=1280") are in here. */
  readonly output: string;
}

export async function ping(host: Host, address: string, options: PingOptions = {}): Promise<PingResult> {
  const { count = 3, intervalMs = 200, waitMs = 2000 } = options;
  const args = ["-n", "-c", String(count), "-i", String(intervalMs / 1000), "-W", String(waitMs / 1000)];
  if (options.size !== undefined) args.push("-s", String(options.size));
  if (options.dontFragment) args.push("-M", "do");
  const timeoutMs = count * intervalMs + waitMs + 30_000;
  const { stdout, stderr } = await host.run("ping", [...args, address], { timeoutMs });
  return parsePing(stdout + stderr);
}

/**
 * Pings until the first reply, whatever errors come before it.
 * @returns how long that took, in milliseconds
 * @throws when none came in time
 */
export async function firstReply(host: Host, address: string, { intervalMs = 50, timeoutMs = 20_000 } = {}) {
  const begun = performance.now();
  // Not bounded by ping itself: with -w it ends at the first ICMP error.
  const pings = host.spawn("ping", ["-n", "-i", String(intervalMs / 1000), address]);
  const timer = setTimeout(() => pings.killNow(), timeoutMs);
  let took: number | undefined;
  pings.onStdout = () => {
    if (took !== undefined || !pings.stdout.includes("bytes from")) return;
    took = performance.now() - begun;
    pings.killNow();
  };
  await pings.exited;
  clearTimeout(timer);
  if (took === undefined) throw new Error(`no reply from ${address}: ${pings.stdout.slice(-2000)}${pings.stderr}`);
  return took;
}

/** Whether a ping comes back, from one of two in a row. */
export async function reachable(host: Host, address: string): Promise<boolean> {
  const { received } = await ping(host, address, { count: 2, intervalMs: 200, waitMs: 700 });
  return received > 0;
}

/** How asking for a page ended: the status, or why there is none. */
export async function httpStatus(host: Host, url: string, withinMs = 2_000): Promise<number | "timeout" | "failed"> {
  const args = ["--silent", "--globoff", "--noproxy", "*", "--output", "/dev/null", "--write-out", "%{http_code}"];
  const { code, stdout } = await host.run("curl", [...args, "--max-time", String(withinMs / 1000), url]);
  if (code === CURL_TIMED_OUT) return "timeout";
  return code === 0 ? Number(stdout) : "failed";
}
const CURL_TIMED_OUT = 28;

/** @throws when it is not the summary of iputils' ping */
export function parsePing(output: string): PingResult {
  const counts = /(\d+) packets transmitted, (\d+) received/.exec(output);
  if (!counts) throw new Error(`ping did not say how it went: ${output}`);
  const [sent, received] = [Number(counts[1]), Number(counts[2])];
  const loss = sent === 0 ? 0 : 1 - received / sent;
  const times = /rtt min\/avg\/max\/mdev = ([\d.]+)\/([\d.]+)\/([\d.]+)\//.exec(output);
  if (!times) return { sent, received, loss, output };
  return { sent, received, loss, rtt: { min: Number(times[1]), avg: Number(times[2]), max: Number(times[3]) }, output };
}

const IPERF3_PORT = 5201;

/** Starts an iperf3 server on the host, on all of its addresses, and waits until it listens. */
async function iperf3Server(host: Host): Promise<Program> {
  const server = host.spawn("iperf3", ["--server", "--forceflush", "--port", String(IPERF3_PORT)]);
  await new Promise<void>((resolve, reject) => {
    server.onStdout = () => {
      if (server.stdout.includes("Server listening")) resolve();
    };
    void server.exited.then(() => reject(new Error(`iperf3 did not start: ${server.stdout}${server.stderr}`)));
  });
  return server;
}

export interface Iperf3Options {
  readonly seconds?: number;
  readonly udp?: boolean;
  /** Of all streams together, in Mbit/s. UDP needs one. */
  readonly rateMbit?: number;
  /** The server sends. */
  readonly reverse?: boolean;
  readonly streams?: number;
  /** The kernel's congestion control for TCP: "cubic", "bbr". */
  readonly congestion?: string;
  readonly extra?: readonly string[];
}

export interface Iperf3Result {
  /** What arrived, in Mbit/s. */
  readonly mbitPerSecond: number;
  /** TCP segments sent again; absent for UDP. */
  readonly retransmits?: number;
  /** Lost datagrams of all, 0 to 1; absent for TCP. */
  readonly loss?: number;
  /** iperf3's own report. */
  readonly report: unknown;
}

interface Iperf3Report {
  readonly error?: string;
  readonly end?: {
    readonly sum_received?: { readonly bits_per_second: number };
    readonly sum_sent?: { readonly bits_per_second: number; readonly retransmits?: number };
    readonly sum?: { readonly bits_per_second: number; readonly lost_percent?: number };
  };
}

/**
 * Measures from one host to another, on a server of its own: one that has just measured turns the next client away until
 * it has heard that the last is done, and one that a failed test left behind holds its port.
 * @param address one of the server's, by which the client goes to it
 * @throws with iperf3's words when it could not measure
 */
export async function iperf3(client: Host, server: Host, address: string, options: Iperf3Options = {}) {
  const listening = await iperf3Server(server);
  try {
    return await iperf3Client(client, address, options);
  } finally {
    await listening.kill();
  }
}

async function iperf3Client(host: Host, address: string, options: Iperf3Options): Promise<Iperf3Result> {
  const { seconds = 3, streams = 1 } = options;
  const args = ["--client", address, "--json", "--time", String(seconds), "--port", String(IPERF3_PORT)];
  if (options.udp) args.push("--udp");
  if (options.rateMbit !== undefined) args.push("--bitrate", `${options.rateMbit / streams}M`);
  if (options.reverse) args.push("--reverse");
  if (streams > 1) args.push("--parallel", String(streams));
  if (options.congestion) args.push("--congestion", options.congestion);
  const timeoutMs = seconds * 1000 + 30_000;
  const { stdout, stderr } = await host.run("iperf3", [...args, ...(options.extra ?? [])], { timeoutMs });
  return parseIperf3(stdout, stderr);
}

function parseIperf3(stdout: string, stderr: string): Iperf3Result {
  let report: Iperf3Report;
  try {
    report = JSON.parse(stdout) as Iperf3Report;
  } catch {
    throw new Error(`iperf3 gave no report: ${stdout}${stderr}`);
  }
  const end = report.end;
  if (report.error !== undefined || !end) throw new Error(`iperf3 failed: ${report.error ?? stdout}`);
  const lost = end.sum?.lost_percent;
  // For UDP `sum` counts what was sent and `sum_received`, where there is one, what arrived.
  const bits = end.sum_received?.bits_per_second || (end.sum?.bits_per_second ?? 0) * (1 - (lost ?? 0) / 100);
  return {
    mbitPerSecond: bits / 1e6,
    ...(end.sum_sent?.retransmits === undefined ? {} : { retransmits: end.sum_sent.retransmits }),
    ...(lost === undefined ? {} : { loss: lost / 100 }),
    report,
  };
}

/** A web server with one file of reproducible noise. */
export interface FileServer extends ListeningProgram {
  readonly sha256: string;
}

/**
 * Serves `bytes` bytes over HTTP on the host.
 * @param address which of the host's addresses; all of them when not said
 */
export async function httpServe(host: Host, bytes: number, port = 8000, address = "::"): Promise<FileServer> {
  const args = ["--host", address, "--port", String(port), "--bytes", String(bytes)];
  const server = await host.testServer("file-server", args);
  const sha256 = String(server.events.find(({ event }) => event === "listening")?.sha256);
  return Object.assign(server, { sha256 });
}

export interface Download {
  readonly bytes: number;
  readonly sha256: string;
  readonly seconds: number;
}

export interface DownloadOptions {
  readonly timeoutMs?: number;
  /** Asks curl to take it slowly. */
  readonly limitBytesPerSecond?: number;
  /** Called with what has arrived so far, in bytes. */
  readonly onProgress?: (bytes: number) => void;
}

/**
 * Fetches a URL with curl on the host, hashing what arrives.
 * @throws with curl's words when it failed
 */
export async function download(host: Host, url: string, options: DownloadOptions = {}): Promise<Download> {
  const { timeoutMs = 120_000, limitBytesPerSecond, onProgress } = options;
  const started = performance.now();
  const args = ["--silent", "--show-error", "--fail", "--globoff", "--noproxy", "*"];
  if (limitBytesPerSecond !== undefined) args.push("--limit-rate", String(limitBytesPerSecond));
  const curl = host.spawn("curl", [...args, url], { keepStdout: false });
  const hash = createHash("sha256");
  let bytes = 0;
  curl.onStdout = (chunk) => {
    bytes += chunk.length;
    hash.update(chunk);
    onProgress?.(bytes);
  };
  const { code, stderr } = await curl.finish(timeoutMs);
  if (code !== 0) throw new Error(`curl failed (${code}): ${stderr}`);
  return { bytes, sha256: hash.digest("hex"), seconds: (performance.now() - started) / 1000 };
}
