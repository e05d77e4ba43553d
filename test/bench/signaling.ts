import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { serveCommand } from "../../electron/cli/commands/serve.ts";
import { openIdle, pace, prepareSenders, type RelayFigures, saturate } from "./signaling/load.ts";
import { type ServerProcess, startServerProcess } from "./signaling/server-process.ts";

/*
 * What one signaling server holds and relays: `npm run bench -- signaling`. The server runs in a process of its own
 * (this same bundle, told "serve"), the load comes from this one, over loopback. Every relayed message is different,
 * carries a message_id, and was signed beforehand, so the server verifies each and the load generator signs none.
 * The server's own limits are in force but for the one on creating and joining.
 */

const usage = `npm run bench -- signaling [--connections 10000] [--senders 400] [--messages 150] [--json]
  --connections  idle sockets to hold
  --senders      members that signal at once
  --messages     messages of each at full speed; a half of that follows at half speed`;

if (process.argv[2] === "serve") await serveCommand().parseAsync(process.argv.slice(3), { from: "user" });
else await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      connections: { type: "string", default: "10000" },
      senders: { type: "string", default: "400" },
      messages: { type: "string", default: "150" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(usage);
  const connections = Number(values.connections);
  const idle = await withServer((server) => measureIdle(server, connections));
  const relay = await withServer((server) => measureRelay(server, Number(values.senders), Number(values.messages)));
  const result = { benchmark: "signaling", ...idle, ...relay };
  if (!values.json) console.log(table(result));
  console.log(JSON.stringify(result));
}

async function withServer<T>(task: (server: ServerProcess) => Promise<T>): Promise<T> {
  const args = ["--port", "0", "--memory", "--json", "--rate-limit", "0", "--max-connections", "100000"];
  const server = await startServerProcess(fileURLToPath(import.meta.url), args);
  try {
    return await task(server);
  } finally {
    await server.stop();
  }
}

async function measureIdle(server: ServerProcess, count: number) {
  const before = await server.usage();
  const began = performance.now();
  const sockets = await openIdle(server.port, count);
  const seconds = (performance.now() - began) / 1000;
  const after = await server.usage();
  for (const socket of sockets) socket.end();
  return {
    idle_connections: sockets.length,
    connects_per_second: Math.round(sockets.length / seconds),
    memory_mib: mebibytes(after.memory),
    memory_per_connection_kib: Number(((after.memory - before.memory) / 1024 / sockets.length).toFixed(1)),
  };
}

async function measureRelay(server: ServerProcess, senderCount: number, perSender: number) {
  // One short run to warm up, one at full speed, one at half of what that reached.
  const warmUp = Math.ceil(perSender / 5);
  const paced = Math.ceil(perSender / 2);
  const senders = await prepareSenders(server.port, senderCount, warmUp + perSender + paced);
  await saturate(senders, warmUp);
  const full = await withCpu(server, () => saturate(senders, perSender));
  const half = await withCpu(server, () => pace(senders, paced, full.messagesPerSecond / 2));
  for (const sender of senders) sender.socket.end();
  return {
    relay_senders: senders.length,
    relay_messages_per_second: Math.round(full.messagesPerSecond),
    relay_p50_ms: milliseconds(full.p50Ms),
    relay_p99_ms: milliseconds(full.p99Ms),
    relay_server_cores: Number(full.cores.toFixed(2)),
    relay_messages_per_cpu_second: Math.round(full.messagesPerSecond / full.cores),
    half_load_messages_per_second: Math.round(half.messagesPerSecond),
    half_load_p50_ms: milliseconds(half.p50Ms),
    half_load_p99_ms: milliseconds(half.p99Ms),
    half_load_server_cores: Number(half.cores.toFixed(2)),
    relay_memory_mib: mebibytes((await server.usage()).memory),
  };
}

/** @returns also how many cores' worth of time the server used meanwhile. */
async function withCpu(server: ServerProcess, run: () => Promise<RelayFigures>) {
  const before = await server.usage();
  const figures = await run();
  const after = await server.usage();
  return { ...figures, cores: (after.cpu - before.cpu) / figures.seconds };
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}

function milliseconds(ms: number): number {
  return Number(ms.toFixed(2));
}

function table(result: Record<string, string | number>): string {
  return Object.entries(result)
    .map(([name, value]) => `${name.replaceAll("_", " ").padEnd(32)}${String(value).padStart(12)}`)
    .join("\n");
}
