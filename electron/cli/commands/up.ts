import { Command, InvalidArgumentError, Option } from "commander";
import type { LogLevel } from "../../../shared/base/logger.ts";
import type { Failure } from "../../../shared/base/result.ts";
import type { InboundRule } from "../../../shared/ipc/contract.ts";
import { DEFAULT_SERVER_PORT, type ServerChoice } from "../../../shared/ipc/settings.ts";
import { parseServerUrl } from "../../../shared/signaling/url.ts";
import { lineSink } from "../../adapters/log-lines.ts";
import type { IceServerConfig } from "../../adapters/webrtc/ice-servers.ts";
import { parseIceServer } from "../../adapters/webrtc/ice-servers.ts";
import type { TunMode } from "../../engine/engine.ts";
import type { App } from "../../main/app/app.ts";
import type { HostRequest, RunningHost } from "../../main/compose.ts";
import { hasDesktop, offerUi } from "../browser.ts";
import { type Entry, reachArgument, readEntry } from "../entry.ts";
import { newPin, pinArgument, sayInvitation } from "../invitation.ts";
import { invocation } from "../invocation.ts";
import { narrate } from "../narrate.ts";
import { createOutput, EXIT_DONE, EXIT_FAILED, EXIT_USAGE, type Output } from "../output.ts";
import { askedToEnd } from "../signals.ts";
import { inWords } from "../words.ts";

const ANY_PORT = 0;
const DEFAULT_LOG_LEVEL: LogLevel = "warn";

/** Where the signaling server in this process listens. */
interface Listening {
  readonly host: string;
  readonly port: number;
}

export interface UpOptions {
  readonly profile?: string;
  readonly json?: boolean;
  readonly server?: string;
  readonly create?: string;
  readonly join?: string;
  readonly pin?: string;
  readonly openRoom?: boolean;
  readonly reach?: InboundRule;
  readonly username?: string;
  readonly tun: TunMode;
  readonly stun?: IceServerConfig[] | false;
  readonly turn?: IceServerConfig[];
  readonly relayOnly?: boolean;
  readonly lane: "auto" | "packets";
  /** The port of the user interface; true for any free one. */
  readonly ui?: number | true;
  readonly open?: boolean;
  readonly logLevel: LogLevel;
}

/** With what the link says, or the id. */
interface EnteringOptions extends UpOptions {
  readonly entry?: Entry;
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
  govpn up --server vpn.example.org --create "LAN party"        a new room; prints its link and PIN
  govpn up --join 'govpn://join/0123456789abcdef?server=…' --pin 4821
  govpn up --server vpn.example.org --join 0123456789abcdef --pin 4821    waits at the door until let in
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
    .option("--port <n>", "port the signaling server listens on; 0 for any free one", portNumber, DEFAULT_SERVER_PORT);
  return withUpOptions(command).action(async (_: StartOptions, self: Command) => {
    const given = self.optsWithGlobals<StartOptions>();
    const options = { ...given, open: given.open ?? hasDesktop() };
    process.exitCode = await up(options, { host: options.host, port: options.port });
  });
}

function withUpOptions(command: Command): Command {
  return command
    .option("--server <url>", "signaling server, e.g. vpn.example.org or ws://10.0.0.2:8080/ws", serverArgument)
    .option("--create <name>", "create a room of that name")
    .option("--join <room>", "join the room of an invitation's link, or with an id; - reads it from standard input")
    .option("--pin <pin>", "the room's PIN: four digits (with --create: made up if left out)", pinArgument)
    .option("--open-room", "with --create: let in whoever has the PIN; else who has not got the link waits at the door")
    .option(
      "--reach <rule>",
      "with --create or --join: what members may begin with this computer: all, none, or ports such as tcp:22,udp:27015",
      reachArgument,
    )
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
      new Option("--lane <lane>", "how packets travel: the best lane that works, or the data channel only")
        .choices(["auto", "packets"])
        .default("auto"),
    )
    .option("--ui [port]", "serve the user interface to browsers on this machine, and print a link to it", portNumber)
    .option("--open", "with --ui: also open it in the default browser")
    .option("--no-open", "with --ui: open no browser")
    .addOption(
      new Option("--log-level <level>", "what goes to standard error")
        .choices(["debug", "info", "warn", "error"])
        .default(DEFAULT_LOG_LEVEL),
    );
}

async function up(given: UpOptions, embedded?: Listening): Promise<number> {
  const output = createOutput(given.json ?? false);
  const usage = usageError(given);
  if (usage !== undefined) {
    output.complain("usage", usage);
    return EXIT_USAGE;
  }
  const entry = given.join === undefined ? undefined : await readEntry(given.join);
  if (entry && !entry.ok) {
    output.complain(entry.error.code, inWords(entry.error));
    return EXIT_USAGE;
  }
  // Who names a server knows it by a name that works here.
  const server = given.server ?? entry?.value.server;
  const options = { ...given, ...(server !== undefined && { server }), ...(entry && { entry: entry.value }) };
  const ended = askedToEnd();
  const sink = lineSink((line) => process.stderr.write(line), output.json ? "json" : "text");
  // Sockets, WebRTC and databases: no other command has to wait for them.
  const { createHost } = await import("../../main/compose.ts");
  const made = await createHost(requestOf(options, embedded), sink);
  if (!made.ok) {
    output.complain(made.error.code, inWords(made.error));
    return EXIT_FAILED;
  }
  try {
    return await run(made.value, options, ended, output);
  } finally {
    await made.value.stop();
  }
}

async function run(
  running: RunningHost,
  options: EnteringOptions,
  asked: Promise<void>,
  output: Output,
): Promise<number> {
  const { app } = running;
  const down = new Promise<void>((resolve) => app.events.once("down", () => resolve()));
  const ended = Promise.race([asked, down]);
  warn(running.warnings, output);
  const started = await running.start();
  if (!started.ok) {
    output.complain(started.error.code, inWords(started.error));
    return EXIT_FAILED;
  }
  warn(started.value, output);
  const { rooms, runtime: _, ...self } = app.host.snapshot();
  output.emit({ event: "ready", ...self });
  sayWhoWeAre(running, output);
  // The settings of the user interface may put another in its place.
  app.eachHost((host) => narrate(host, output, invocation(options.profile)));
  if (options.ui !== undefined) {
    const link = await running.ui.link(options.ui === true ? ANY_PORT : options.ui);
    if (!link.ok) {
      output.complain(link.error.code, inWords(link.error));
      return EXIT_FAILED;
    }
    offerUi(link.value.url, options.open ?? false, output);
  }
  const entered = await Promise.race([enterRoom(app, options, output), ended.then(() => "ended" as const)]);
  if (entered === "failed" && rooms.length === 0) return EXIT_FAILED;
  if (entered === "idle" && rooms.length === 0 && options.ui === undefined) sayNextStep(running, options, output);
  await ended;
  output.say("Going down. The rooms are kept: the next start is back in them.");
  output.emit({ event: "down" });
  return EXIT_DONE;
}

function warn(warnings: readonly Failure[], output: Output): void {
  for (const warning of warnings) {
    output.emit({ event: "warning", code: warning.code, message: inWords(warning) });
    output.say(`! ${inWords(warning)}`);
  }
}

async function enterRoom(
  app: App,
  { create, entry, pin = newPin(), openRoom = false, reach }: EnteringOptions,
  output: Output,
): Promise<"entered" | "failed" | "idle"> {
  const inbound = reach && { inbound: reach };
  const entered = await (create !== undefined
    ? app.call("create", { name: create, pin, sealed: !openRoom, ...inbound })
    : entry && app.call("join", { ...secretsOf(entry), pin, ...inbound }));
  if (!entered) return "idle";
  const invitation =
    entered.ok && create !== undefined ? await app.call("invite", { roomId: entered.value.roomId }) : undefined;
  for (const asked of [entered, invitation]) {
    if (!asked || asked.ok) continue;
    output.complain(asked.error.code, inWords(asked.error));
    return "failed";
  }
  if (invitation?.ok) sayInvitation(invitation.value, output);
  return "entered";
}

function secretsOf({ server: _, ...secrets }: Entry): Omit<Entry, "server"> {
  return secrets;
}

function sayWhoWeAre({ app, createdIdentity }: RunningHost, output: Output): void {
  const { server } = app;
  const { username, ipv4, ipv6, tunnel, server: signaling } = app.host.snapshot();
  output.say(`This machine is "${username}"${createdIdentity ? ", with a new identity" : ""}: ${ipv4}, ${ipv6}`);
  if (tunnel.state === "up") output.say(`Network device ${tunnel.device} is up, MTU ${tunnel.mtu}.`);
  if (tunnel.state === "off") output.say("No network device, as asked.");
  output.say(server ? `Signaling server in this process: ${server.url}` : `Signaling server: ${signaling.url}`);
}

function sayNextStep({ app }: RunningHost, { profile }: UpOptions, output: Output): void {
  const govpn = invocation(profile);
  output.say();
  output.say("Next, in another terminal, create a room:");
  output.say(`  ${govpn} create "My room"`);
  output.say(`Status at any time: ${govpn} status`);
  if (app.server && app.host.snapshot().server.publicUrl === undefined) {
    output.say("Other machines cannot reach this server yet. To let them in, start with --host 0.0.0.0");
  }
}

function usageError({ create, join, pin, openRoom, reach }: UpOptions): string | undefined {
  if (create !== undefined && join !== undefined) return "Give --create or --join, not both.";
  if (join !== undefined && pin === undefined) return "Joining takes the room's PIN: --pin 1234.";
  const enters = create !== undefined || join !== undefined;
  if (pin !== undefined && !enters) return "--pin goes with --create or --join.";
  if (reach !== undefined && !enters)
    return "--reach goes with --create or --join; for a room you are in: govpn reach.";
  if (openRoom && create === undefined)
    return "--open-room goes with --create; for a room of yours: govpn rules --open.";
  return undefined;
}

function requestOf(options: UpOptions, embedded: Listening | undefined): HostRequest {
  const { profile, server, username, tun, stun, turn = [], relayOnly = false, lane, logLevel } = options;
  const stunServers = stun === false ? [] : stun;
  const isIceSaid = stunServers !== undefined || turn.length > 0;
  const choice: ServerChoice | undefined =
    server !== undefined ? { kind: "url", url: server } : embedded && choiceOf(embedded);
  return {
    ...(profile !== undefined && { profile }),
    ...(logLevel !== DEFAULT_LOG_LEVEL && { logLevel }),
    tun,
    connect: true,
    // In the window what is missing can be seen, and mended.
    isStrict: options.ui === undefined,
    ...(embedded && server === undefined && { server: { kind: "embedded", ...embedded } }),
    remember: { ...(choice && { server: choice }), ...(username !== undefined && { username }) },
    transports: {
      ...(isIceSaid && { iceServers: [...(stunServers ?? []), ...turn] }),
      ...(relayOnly && { relayOnly }),
      ...(lane === "packets" && { media: false }),
    },
  };
}

/** The settings' own words for where the embedded server listens; it has the usual port where any would do. */
function choiceOf({ host, port }: Listening): ServerChoice {
  const isLoopback = /^(127\.|::1$|localhost$)/.test(host);
  return { kind: "embedded", reach: isLoopback ? "computer" : "network", port: port || DEFAULT_SERVER_PORT };
}

/** Checked at once, so that a slip of the finger is bad usage; the URL itself is made where it is dialled. */
function serverArgument(text: string): string {
  const url = parseServerUrl(text);
  if (url.ok) return text;
  throw new InvalidArgumentError(inWords(url.error));
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
