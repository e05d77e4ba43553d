import { createSocket, type RemoteInfo } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, isIPv6, type Socket } from "node:net";
import { performance } from "node:perf_hooks";

/**
 * The two ends of the demo's own measurements, each run as a program on its machine, so that neither iperf3 nor ping
 * need be installed. They print one JSON event a line.
 */

/** One write: large enough that the system calls do not set the pace. */
const CHUNK_BYTES = 256 * 1024;
const REPLY_WITHIN_MS = 1_000;

type Print = (event: object) => void;

/** Receives one TCP stream and tells what came, and sends every UDP datagram back. Until it is told to end. */
export async function receive(host: string, print: Print): Promise<void> {
  const server = createServer((socket) => void measure(socket, print));
  server.listen(0, host);
  const echo = createSocket(isIPv6(host) ? "udp6" : "udp4");
  echo.on("message", (message: Buffer, { port, address }: RemoteInfo) => echo.send(message, port, address));
  echo.bind(0, host);
  await Promise.all([once(server, "listening"), once(echo, "listening")]);
  print({ event: "listening", tcpPort: (server.address() as AddressInfo).port, udpPort: echo.address().port });
}

/** The first bytes start the clock, so that the handshake does not count. */
async function measure(socket: Socket, print: Print): Promise<void> {
  let bytes = 0;
  let first: number | undefined;
  let last = 0;
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    last = performance.now();
    first ??= last;
    bytes += chunk.length;
  });
  await once(socket, "close");
  if (first !== undefined) print({ event: "received", bytes, ms: last - first });
}

/** Writes to a receiver as fast as it takes it. */
export async function send(host: string, port: number, ms: number, print: Print): Promise<void> {
  const socket = connect(port, host);
  await once(socket, "connect");
  const chunk = Buffer.alloc(CHUNK_BYTES);
  const end = performance.now() + ms;
  while (performance.now() < end) {
    if (!socket.write(chunk)) await Promise.race([once(socket, "drain"), after(end - performance.now())]);
  }
  // What still waits here would arrive after its time; the receiver measures what it got in its own time.
  socket.end();
  await once(socket, "close");
  print({ event: "sent", bytes: socket.bytesWritten });
}

/** Round trips of small datagrams, one after the other. */
export async function roundTrips(host: string, port: number, count: number, print: Print): Promise<void> {
  const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
  const rttMs: number[] = [];
  for (let i = 0; i < count; i++) {
    const sent = performance.now();
    const answered = once(socket, "message").then(() => true);
    socket.send(String(i), port, host);
    if (await Promise.race([answered, after(REPLY_WITHIN_MS)])) rttMs.push(performance.now() - sent);
  }
  socket.close();
  print({ event: "round_trips", sent: count, rttMs });
}

function after(ms: number): Promise<false> {
  return new Promise((resolve) => setTimeout(() => resolve(false), Math.max(0, ms)));
}
