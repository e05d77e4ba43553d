import { randomInt } from "node:crypto";
import { Command, InvalidArgumentError, Option } from "commander";
import { createLogger, type LogLevel } from "../../../shared/base/logger.ts";
import type { Result } from "../../../shared/base/result.ts";
import type { RoomView } from "../../../shared/ipc/contract.ts";
import type { IceServerConfig } from "../../adapters/webrtc/ice-servers.ts";
import { parseIceServer } from "../../adapters/webrtc/ice-servers.ts";
import type { TunMode } from "../../engine/engine.ts";
import { lineSink } from "../../server/log-lines.ts";
import { narrate } from "../narrate.ts";
import { createOutput, EXIT_DONE, EXIT_FAILED, EXIT_USAGE, type Output } from "../output.ts";
import { createHost, type HostRequest, type RunningHost } from "../run-host.ts";
import { inWords } from "../words.ts";

export interface UpOptions {
  readonly profile?: string;
  readonly json?: boolean;
  readonly server?: string;
  readonly create?: string;
  readonly join?: string;
  readonly pin?: string;
  readonly username?: string;
  readonly tun: TunMode;
  readonly stun?: IceServerConfig[] | false;
  readonly turn?: IceServerConfig[];
  readonly relayOnly?: boolean;
  readonly logLevel: LogLevel;
}

export interface StartOptions extends UpOptions {
  readonly host: string;
  readonly port: number;
}

/** `govpn up`: this machine in its rooms, until it is told to stop. */
export function upCommand(): Command {
  const command = new Command("up").description(
    "bring this machine up: connect to the server, and to every member of its rooms",
  );
  return withUpOptions(command)
    .addHelpText(
      "after",
      `
Examples:
  govpn up --server vpn.example.org --create "LAN party"        a new room; prints its id and PIN
  govpn up --server vpn.example.org --join 0123456789abcdef --pin 4821
  govpn up                                                      back to the server and rooms of the last time

Without root there is no network device: see what is missing with govpn doctor.`,
    )
    .action(async (_: UpOptions, self: Command) => {
      process.exitCode = await up(self.optsWithGlobals<UpOptions>());
    });
}

/** `govpn start`: what `npm start` runs where there is no desktop: `up` with a signaling server in the same process. */
export function startCommand(): Command {
  const command = new Command("start")
    .description("run everything on this machine: a signaling server and this machine's own GoVPN")
    .option("--host <address>", "address the signaling server listens on; 0.0.0.0 lets other machines in", "127.0.0.1")
    .option("--port <n>", "port the signaling server listens on; 0 for any free one", portNumber, 8080);
  return withUpOptions(command).action(async (_: StartOptions, self: Command) => {
    const options = self.optsWithGlobals<StartOptions>();
    process.exitCode = await up(options, { host: options.host, port: options.port });
  });
}

function withUpOptions(command: Command): Command {
  return command
    .option("--server <url>", "signaling server, e.g. vpn.example.org or ws://10.0.0.2:8080/ws")
    .option("--create <name>", "create a room of that name")
    .option("--join <id>", "join the room with that id")
    .option("--pin <pin>", "the room's PIN: four digits (with --create: made up if left out)")
    .option("--username <name>", "the name other members see (default: this machine's)")
    .addOption(
      new Option("--tun <mode>", "network device: use it if allowed, insist on it, or do without")
        .choices(["auto", "required", "off"])
        .default("auto"),
    )
    .option("--stun <host:port...>", "STUN servers that tell this machine its public address", stunServer)
    .option("--no-stun", "ask no STUN server: only the local network is reached")
    .option("--turn <url...>", "TURN relay as turn:user:password@host:port", turnServer)
    .option("--relay-only", "go through the TURN relay always, so that no member learns this machine's address")
    .addOption(
      new Option("--log-level <level>", "what goes to standard error")
        .choices(["debug", "info", "warn", "error"])
        .default("warn"),
    );
}

async function up(options: UpOptions, embedded?: HostRequest["embedded"]): Promise<number> {
  const output = createOutput(options.json ?? false);
  const usage = usageError(options);
  if (usage !== undefined) {
    output.complain("usage", usage);
    return EXIT_USAGE;
  }
  const logger = createLogger(
    lineSink((line) => process.stderr.write(line), output.json ? "json" : "text"),
    options.logLevel,
  );
  const made = await createHost(requestOf(options, embedded), logger);
  if (!made.ok) {
    output.complain(made.error.code, inWords(made.error));
    return EXIT_FAILED;
  }
  try {
    return await run(made.value, options, output);
  } finally {
    await made.value.stop();
  }
}

async function run(running: RunningHost, options: UpOptions, output: Output): Promise<number> {
  const { host, warnings } = running;
  const ended = untilEnd(running);
  for (const warning of warnings) {
    output.emit({ event: "warning", ...warning });
    output.say(`! ${inWords(warning)}`);
  }
  narrate(host, output);
  const started = await running.start();
  if (!started.ok) {
    output.complain(started.error.code, inWords(started.error));
    return EXIT_FAILED;
  }
  const { rooms, ...self } = host.snapshot();
  output.emit({ event: "ready", ...self });
  sayWhoWeAre(running, output);
  const entered = await Promise.race([enterRoom(running, options, output), ended.then(() => undefined)]);
  if (entered === "failed" && rooms.length === 0) return EXIT_FAILED;
  if (entered === "idle" && rooms.length === 0) sayNextStep(running, output);
  await ended;
  output.say("Going down. The rooms are kept: the next govpn up is back in them.");
  output.emit({ event: "down" });
  return EXIT_DONE;
}

async function enterRoom(
  { host }: RunningHost,
  { create, join, pin }: UpOptions,
  output: Output,
): Promise<"entered" | "failed" | "idle"> {
  let entered: Result<RoomView>;
  if (create !== undefined) {
    entered = await host.call("create", { name: create, pin: pin ?? newPin() });
  } else if (join !== undefined) {
    entered = await host.call("join", { roomId: join, pin: pin ?? "" });
  } else return "idle";
  if (!entered.ok) {
    output.complain(entered.error.code, inWords(entered.error));
    return "failed";
  }
  sayInvitation(entered.value, host.snapshot().server.url, output);
  return "entered";
}

/** What others need to join: told to whoever made the room, and to nobody else. */
export function sayInvitation(room: RoomView, server: string, output: Output): void {
  if (!room.owner || room.pin === undefined) return;
  output.emit({ event: "invitation", roomId: room.roomId, name: room.name, pin: room.pin, server });
  output.say();
  output.say(`  Room "${room.name}"`);
  output.say(`  id   ${room.roomId}`);
  output.say(`  PIN  ${room.pin}`);
  output.say();
  output.say("On the other machine:");
  output.say(`  govpn up --server ${server} --join ${room.roomId} --pin ${room.pin}`);
}

function sayWhoWeAre({ host, server, createdIdentity }: RunningHost, output: Output): void {
  const { username, ipv4, ipv6, tunnel, server: signaling } = host.snapshot();
  if (server) output.say(`Signaling server in this process: ${server.url}`);
  output.say(`This machine is "${username}"${createdIdentity ? ", with a new identity" : ""}: ${ipv4}, ${ipv6}`);
  if (tunnel.state === "up") output.say(`Network device ${tunnel.device} is up, MTU ${tunnel.mtu}.`);
  if (tunnel.state === "off") output.say("No network device, as asked.");
  if (!server) output.say(`Signaling server: ${signaling.url}`);
}

function sayNextStep({ host, server }: RunningHost, output: Output): void {
  output.say();
  output.say("Next, in another terminal, create a room:");
  output.say('  npm run -s govpn -- create "My room"');
  if (server && /127\.0\.0\.1|\[::1\]/.test(server.url)) {
    output.say("To let other machines join, start with: npm start -- --host 0.0.0.0");
  }
  output.say(`Status at any time: npm run -s govpn -- status   (server ${host.snapshot().server.url})`);
}

/** Four digits, none more likely than another. */
export function newPin(): string {
  return String(randomInt(10_000)).padStart(4, "0");
}

function untilEnd({ host }: RunningHost): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      // A second signal has its default again: it ends the process at once.
      process.off("SIGINT", end);
      process.off("SIGTERM", end);
      resolve();
    };
    process.on("SIGINT", end);
    process.on("SIGTERM", end);
    host.events.once("down", end);
  });
}

function usageError({ create, join, pin }: UpOptions): string | undefined {
  if (create !== undefined && join !== undefined) return "Give --create or --join, not both.";
  if (join !== undefined && pin === undefined) return "Joining takes the room's PIN: --pin 1234.";
  if (pin !== undefined && create === undefined && join === undefined) return "--pin goes with --create or --join.";
  if (pin !== undefined && !/^\d{4}$/.test(pin)) return "A PIN is exactly four digits, for example 4821.";
  return undefined;
}

function requestOf(options: UpOptions, embedded: HostRequest["embedded"]): HostRequest {
  const { profile, server, username, tun, stun, turn = [], relayOnly = false } = options;
  const stunServers = stun === false ? [] : stun;
  return {
    ...(profile !== undefined && { profile }),
    ...(server !== undefined && { server }),
    ...(username !== undefined && { username }),
    tun,
    relayOnly,
    iceServers: stunServers || turn.length > 0 ? [...(stunServers ?? []), ...turn] : undefined,
    ...(embedded && { embedded }),
  };
}

function stunServer(text: string, before: IceServerConfig[] | false | undefined): IceServerConfig[] {
  return [...(before || []), checked({ url: text.startsWith("stun:") ? text : `stun:${text}` })];
}

function turnServer(text: string, before: IceServerConfig[] | undefined): IceServerConfig[] {
  const [, username, credential, host] = /^turn:([^:@]+):([^@]+)@(.+)$/.exec(text) ?? [];
  if (!username || !credential || !host) throw new InvalidArgumentError("Write turn:user:password@host:port.");
  const decode = (part: string) => decodeURIComponent(part);
  return [
    ...(before ?? []),
    checked({ url: `turn:${host}`, username: decode(username), credential: decode(credential) }),
  ];
}

function checked(server: IceServerConfig): IceServerConfig {
  const parsed = parseIceServer(server);
  if (!parsed.ok) throw new InvalidArgumentError(parsed.error.message);
  return server;
}

function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new InvalidArgumentError("Give a port from 0 to 65535.");
}
