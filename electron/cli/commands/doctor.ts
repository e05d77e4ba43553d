import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import * as v from "valibot";
import { ok } from "../../../shared/base/result.ts";
import { parseServerUrl } from "../../../shared/signaling/url.ts";
import { systemClock } from "../../adapters/clock.ts";
import { findDefaultRoute } from "../../adapters/net/default-route.ts";
import { probeServer, type ServerReport } from "../../adapters/net/server-probe.ts";
import { askStunServers, parseStunServer, type StunServer, udpWorksHere } from "../../adapters/net/stun.ts";
import { STUN_DEFAULT_PORT } from "../../adapters/net/stun-message.ts";
import { inspectProfile } from "../../adapters/profile/inspect.ts";
import { defaultProfileDir } from "../../adapters/profile/paths.ts";
import { probeKeychain } from "../../adapters/secrets/keychain.ts";
import { openSecretStore } from "../../adapters/secrets/open.ts";
import { findSecrets } from "../../adapters/secrets/whereabouts.ts";
import { addressClashes, tunRights } from "../../adapters/tun/index.ts";
import { DEFAULT_STUN_SERVERS } from "../../adapters/webrtc/ice-servers.ts";
import type { DoctorContext, NetDiagnostics, SecretsDiagnostics } from "../../main/doctor/context.ts";
import { examine } from "../../main/doctor/doctor.ts";
import { formatFindings, hasFailure, summariseFindings } from "../../main/doctor/format.ts";
import { createOutput, EXIT_DONE, EXIT_FAILED, EXIT_USAGE, type Output } from "../output.ts";

/** What the command needs of the world; a test passes its own. */
export interface DoctorPorts {
  readonly env: Readonly<Record<string, string | undefined>>;
  createOutput(json: boolean): Output;
  exit(status: number): void;
}

interface DoctorOptions {
  readonly profile?: string;
  readonly json?: boolean;
  readonly server?: string;
  readonly stun?: readonly StunServer[];
}

const systemPorts: DoctorPorts = {
  env: process.env,
  createOutput,
  exit: (status) => {
    process.exitCode = status;
  },
};

/** A server that takes longer than this to answer is not one to sign in at. */
const SERVER_WITHIN_MS = 8_000;
const LOOPBACK_WITHIN_MS = 2_000;

/** `govpn doctor`. */
export function doctorCommand(ports: DoctorPorts = systemPorts): Command {
  return new Command("doctor")
    .description("check what GoVPN needs of this machine and network, and say how to mend what is wrong")
    .option("--server <url>", "server to look at (default: that of the last run)")
    .option("--stun <host:port...>", "STUN servers to ask for the public address", stunServer)
    .addHelpText("after", "\nNothing is changed by looking. Exit status: 0 nothing fails, 1 something does.")
    .action(async (_options: unknown, self: Command) => {
      ports.exit(await diagnose(self.optsWithGlobals<DoctorOptions>(), ports));
    });
}

async function diagnose(options: DoctorOptions, ports: DoctorPorts): Promise<number> {
  const output = ports.createOutput(options.json ?? false);
  const dir = resolve(options.profile ?? defaultProfileDir());
  const typed = options.server ?? (await lastServer(dir));
  const server = typed === undefined ? ok(undefined) : parseServerUrl(typed);
  if (!server.ok) {
    output.complain(server.error.code, server.error.message);
    return EXIT_USAGE;
  }
  const findings = await examine(contextOf(dir, server.value, options, ports), systemClock);
  for (const finding of findings) output.emit({ event: "check", ...finding });
  for (const line of formatFindings(findings)) output.say(line);
  output.say();
  output.say(summariseFindings(findings));
  return hasFailure(findings) ? EXIT_FAILED : EXIT_DONE;
}

function contextOf(
  dir: string,
  serverUrl: string | undefined,
  { stun }: DoctorOptions,
  { env }: DoctorPorts,
): DoctorContext {
  return {
    platform: process.platform,
    nodeVersion: process.versions.node,
    stunServers: stun ?? defaultStunServers(),
    tun: { rights: tunRights, clashes: () => addressClashes() },
    secrets: secretsOf(dir, env.GOVPN_PASSPHRASE),
    net: netOf(serverUrl),
    profile: { dir, inspect: () => inspectProfile(dir) },
  };
}

function netOf(serverUrl: string | undefined): NetDiagnostics {
  let report: Promise<ServerReport> | undefined;
  const askServer = (url: string) => {
    report ??= probeServer(url, SERVER_WITHIN_MS);
    return report;
  };
  return {
    udpWorksHere: () => udpWorksHere(LOOPBACK_WITHIN_MS),
    askStun: askStunServers,
    server: serverUrl === undefined ? undefined : { url: serverUrl, report: () => askServer(serverUrl) },
    findDefaultRoute,
  };
}

/** The store is opened once for all checks: a keychain may ask its owner each time, and a passphrase takes a while. */
function secretsOf(dir: string, passphrase: string | undefined): SecretsDiagnostics {
  let opened: ReturnType<SecretsDiagnostics["open"]> | undefined;
  return {
    hasPassphrase: Boolean(passphrase),
    kind: async () => {
      if ((await inspectProfile(dir)) === undefined) return ok(undefined);
      const found = await findSecrets(dir);
      return found.ok ? ok(found.value?.store) : found;
    },
    open: () => {
      opened ??= openSecretStore({ profileDir: dir, ...(passphrase ? { passphrase } : {}) });
      return opened;
    },
    probeKeychain: () => probeKeychain({ account: dir }),
  };
}

const settingsSchema = v.object({ server: v.optional(v.string()) });

/** The server of the last run. Read without `readJson`, which would set a damaged file aside: doctor only looks. */
async function lastServer(dir: string): Promise<string | undefined> {
  try {
    return v.parse(settingsSchema, JSON.parse(await readFile(join(dir, "settings.json"), "utf8"))).server;
  } catch {
    return undefined;
  }
}

function defaultStunServers(): readonly StunServer[] {
  return DEFAULT_STUN_SERVERS.flatMap(({ url }) => parseStunServer(url, STUN_DEFAULT_PORT) ?? []);
}

function stunServer(text: string, before: readonly StunServer[] = []): readonly StunServer[] {
  const server = parseStunServer(text, STUN_DEFAULT_PORT);
  if (!server) throw new InvalidArgumentError("Write it as host:port or [IPv6]:port.");
  return [...before, server];
}
