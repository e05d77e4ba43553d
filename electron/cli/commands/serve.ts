import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { createLogger } from "../../../shared/base/logger.ts";
import { FailureError, messageOf } from "../../../shared/base/result.ts";
import { lineSink } from "../../adapters/log-lines.ts";
import { defaultProfileDir } from "../../adapters/profile/paths.ts";
import { openServerFolder, type ServerFolder } from "../../main/server/folder.ts";
import { TrustedProxies } from "../../server/client-address.ts";
import type { TlsOptions } from "../../server/http.ts";
import { defaultLimits } from "../../server/limits.ts";
import type { RunningServer } from "../../server/server.ts";
import { createOutput, EXIT_DONE, EXIT_FAILED, EXIT_USAGE, type Output } from "../output.ts";
import { nextSteps } from "../serving.ts";
import { askedToEnd } from "../signals.ts";
import { inWords } from "../words.ts";

const MAX_PORT = 65_535;
/** Larger rooms than a mesh of everybody with everybody can bear. */
const MAX_MEMBERS_SETTING = 1_000;

interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly data?: string;
  readonly memory?: boolean;
  readonly maxMembers: number;
  readonly maxConnections: number;
  readonly rateLimit: number;
  readonly roomExpiryDays: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly trustProxy: string[];
  readonly allowOrigin: string[];
  readonly verbose?: boolean;
  /** Of the whole program. */
  readonly json?: boolean;
  readonly profile?: string;
}

/** `govpn serve`: the signaling server, until SIGINT or SIGTERM. */
export function serveCommand(): Command {
  return new Command("serve")
    .description("run a GoVPN signaling server, which introduces the members of a room to each other")
    .option("--host <address>", "address to listen on; 0.0.0.0 or :: for every address", "127.0.0.1")
    .option("--port <n>", "port to listen on; 0 for any free one", integer(0, MAX_PORT), 8080)
    .option("--data <dir>", "folder of the room database (default: server/ in the profile folder)")
    .option("--memory", "keep rooms in memory only: they are gone when the server stops")
    .option("--max-members <n>", "members of a room", integer(2, MAX_MEMBERS_SETTING), defaultLimits.maxMembers)
    .option("--max-connections <n>", "clients at once", integer(1, 1_000_000), defaultLimits.maxConnections)
    .option(
      "--rate-limit <n>",
      "rooms a key may create and join a minute; 0 for no limit",
      integer(0, 1_000_000),
      defaultLimits.rateLimitPerMinute,
    )
    .option(
      "--room-expiry-days <n>",
      "idle days after which a room is deleted",
      integer(1, 36_500),
      defaultLimits.roomExpiryDays,
    )
    .option("--tls-cert <file>", "certificate chain (PEM); clients then connect with wss://")
    .option("--tls-key <file>", "private key of the certificate (PEM)")
    .option("--trust-proxy <cidr...>", "proxies whose X-Forwarded-For is believed", [])
    .option("--allow-origin <origin...>", "web pages that may connect, as https://example.org; by default none", [])
    .option("--verbose", "also log every refused message")
    .option("--json", "print events and logs as one JSON object a line")
    .addHelpText(
      "after",
      `
Examples:
  govpn serve                                       try it out, on this machine only
  govpn serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem
  govpn serve --trust-proxy 127.0.0.1               behind nginx or Caddy on the same machine

Clients connect to ws://<host>:<port>/ws. /health and /metrics are there for operators; docs/server.md tells the rest.`,
    )
    .action(async (_options: ServeOptions, command: Command) => {
      process.exitCode = await serve(command.optsWithGlobals<ServeOptions>());
    });
}

async function serve(options: ServeOptions): Promise<number> {
  const output = createOutput(options.json ?? false);
  const proxies = TrustedProxies.parse(options.trustProxy);
  const usage = usageError(options) ?? (proxies.ok ? undefined : `--trust-proxy: ${proxies.error.message}.`);
  if (!proxies.ok || usage !== undefined) {
    output.complain("usage", usage ?? "");
    return EXIT_USAGE;
  }
  const ended = askedToEnd();
  try {
    const tls = readTls(options);
    const logger = createLogger(
      lineSink((line) => process.stderr.write(line), output.json ? "json" : "text"),
      options.verbose ? "debug" : output.json ? "info" : "warn",
    );
    const place = await openPlace(options);
    // Sockets, metrics and the database: no other command has to wait for them.
    const { startServer } = await import("../../server/server.ts");
    const { IN_MEMORY, openRoomStore } = await import("../../adapters/store/libsql-room-store.ts");
    const file = place?.file ?? IN_MEMORY;
    const server = await startServer({
      host: options.host,
      port: options.port,
      store: openRoomStore(file, logger),
      limits: {
        maxMembers: options.maxMembers,
        maxConnections: options.maxConnections,
        rateLimitPerMinute: options.rateLimit,
        roomExpiryDays: options.roomExpiryDays,
      },
      ...(tls && { tls }),
      trustedProxies: proxies.value,
      allowedOrigins: options.allowOrigin,
      logger,
      processMetrics: true,
    });
    announce(output, server, place?.file);
    await ended;
    await server.close();
    await place?.lock.release();
    output.emit({ event: "closed" });
    return EXIT_DONE;
  } catch (error) {
    const code = error instanceof FailureError ? error.code : "failed";
    output.complain(code, inWords({ code, message: messageOf(error) }));
    return EXIT_FAILED;
  }
}

async function openPlace(options: ServeOptions): Promise<ServerFolder | undefined> {
  if (options.memory) return undefined;
  const folder = await openServerFolder(options.data ?? join(options.profile ?? defaultProfileDir(), "server"));
  if (folder.ok) return folder.value;
  throw new FailureError(folder.error);
}

function usageError(options: ServeOptions): string | undefined {
  if (options.memory && options.data !== undefined) return "--memory and --data exclude each other.";
  if ((options.tlsCert === undefined) !== (options.tlsKey === undefined)) {
    return "--tls-cert and --tls-key belong together: give both or neither.";
  }
  const odd = options.allowOrigin.find((origin) => !isOrigin(origin));
  if (odd !== undefined) return `--allow-origin: "${odd}" is not an origin such as https://example.org.`;
  return undefined;
}

/** Scheme, host and port as a browser sends them, and nothing after that. */
function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

function readTls({ tlsCert, tlsKey }: ServeOptions): TlsOptions | undefined {
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  return { cert: readPem(tlsCert, "certificate"), key: readPem(tlsKey, "private key") };
}

function readPem(file: string, what: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new FailureError({ code: "bad_tls", message: `The TLS ${what} cannot be read: ${messageOf(error)}` });
  }
}

function announce(output: Output, server: RunningServer, file: string | undefined): void {
  output.emit({ event: "listening", url: server.url });
  output.say(`GoVPN signaling server, listening on ${server.url}`);
  output.say(`Rooms: ${file ?? "in memory, gone when the server stops"}`);
  output.say();
  for (const line of nextSteps(server.url)) output.say(line);
  output.say("Stop the server with Ctrl+C.");
}

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
  };
}
