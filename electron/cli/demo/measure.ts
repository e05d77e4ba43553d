import { FailureError } from "../../../shared/base/result.ts";
import { type RoundTrips, summarize } from "../round-trips.ts";
import type { Stage } from "./stage.ts";

/** Runs one of this program's own measuring ends on machine "a" or "b". */
export interface Measuring {
  /** The file of this program, for Node to run. */
  readonly program: string;
  readonly signal: AbortSignal;
}

const PINGS = 10;
const PING_INTERVAL_S = 0.1;
/** Long enough for TCP to find its pace, short enough to wait for. */
const TCP_MS = 4_000;

export interface PingFigures extends RoundTrips {
  readonly by: "ping" | "UDP echo";
}

/** Round trips from machine "a" to an address of machine "b": by the ping command, or by datagrams where there is none. */
export async function pingThroughTunnel(stage: Stage, address: string, measuring: Measuring): Promise<PingFigures> {
  const args = ["-n", "-q", "-c", String(PINGS), "-i", String(PING_INTERVAL_S), "-W", "1", address];
  const printed = await stage.run("a", "ping", args, measuring.signal);
  const figures = printed === undefined ? undefined : parsePing(printed);
  return figures
    ? { ...figures, by: "ping" }
    : { ...(await pingByDatagrams(stage, address, measuring)), by: "UDP echo" };
}

/** Reads the summary of ping as iputils, BusyBox and toybox print it. */
export function parsePing(printed: string): RoundTrips | undefined {
  const [, sent, received] = /(\d+) packets transmitted, (\d+) (?:packets )?received/.exec(printed) ?? [];
  const [, min, avg, max] = /= ([\d.]+)\/([\d.]+)\/([\d.]+)/.exec(printed) ?? [];
  if (sent === undefined || min === undefined) return undefined;
  return { sent: Number(sent), received: Number(received), minMs: Number(min), avgMs: Number(avg), maxMs: Number(max) };
}

async function pingByDatagrams(stage: Stage, address: string, { program, signal }: Measuring): Promise<RoundTrips> {
  const receiver = stage.start("b", "The UDP echo", process.execPath, [program, "demo-traffic", "receive", address]);
  const { udp_port: port } = await receiver.waitFor(({ event }) => event === "listening", signal);
  const args = [program, "demo-traffic", "round-trips", address, String(port), String(PINGS)];
  const sender = stage.start("a", "The UDP sender", process.execPath, args);
  const done = await sender.waitFor(({ event }) => event === "round_trips", signal);
  await receiver.stop();
  return summarize(Number(done.sent), Array.isArray(done.rtt_ms) ? done.rtt_ms.map(Number) : []);
}

export interface TcpFigures {
  readonly bytes: number;
  /** From the first byte received to the last. */
  readonly ms: number;
}

/** One TCP stream from machine "a" to an address of machine "b", as the receiver counts it. */
export async function tcpThroughTunnel(
  stage: Stage,
  address: string,
  { program, signal }: Measuring,
): Promise<TcpFigures> {
  const receiver = stage.start("b", "The TCP receiver", process.execPath, [
    program,
    "demo-traffic",
    "receive",
    address,
  ]);
  const { tcp_port: port } = await receiver.waitFor(({ event }) => event === "listening", signal);
  const args = [program, "demo-traffic", "send", address, String(port), String(TCP_MS)];
  stage.start("a", "The TCP sender", process.execPath, args);
  const { bytes, ms } = await receiver.waitFor(({ event }) => event === "received", signal);
  await receiver.stop();
  if (Number(bytes) > 0 && Number(ms) > 0) return { bytes: Number(bytes), ms: Number(ms) };
  throw new FailureError({ code: "no_traffic", message: "No TCP data came through the tunnel." });
}
