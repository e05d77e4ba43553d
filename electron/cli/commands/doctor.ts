import { resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { ok } from "../../../shared/base/result.ts";
import { parseServerUrl } from "../../../shared/signaling/url.ts";
import { systemClock } from "../../adapters/clock.ts";
import { parseStunServer, type StunServer } from "../../adapters/net/stun.ts";
import { STUN_DEFAULT_PORT } from "../../adapters/net/stun-message.ts";
import { defaultProfileDir } from "../../adapters/profile/paths.ts";
import { examine } from "../../main/doctor/doctor.ts";
import { formatFindings, hasFailure, plainFinding, summariseFindings } from "../../main/doctor/format.ts";
import { defaultStunServers, machineContext } from "../../main/doctor/machine.ts";
import { lastServerUrl } from "../../main/settings/store.ts";
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
  const typed = options.server ?? (await lastServerUrl(dir));
  const server = typed === undefined ? ok(undefined) : parseServerUrl(typed);
  if (!server.ok) {
    output.complain(server.error.code, server.error.message);
    return EXIT_USAGE;
  }
  const passphrase = ports.env.GOVPN_PASSPHRASE;
  const machine = {
    dir,
    serverUrl: server.value,
    stunServers: options.stun ?? defaultStunServers(),
    ...(passphrase && { passphrase }),
  };
  const findings = await examine(machineContext(machine), systemClock);
  for (const finding of findings) output.emit({ event: "check", ...plainFinding(finding) });
  for (const line of formatFindings(findings)) output.say(line);
  output.say();
  output.say(summariseFindings(findings));
  return hasFailure(findings) ? EXIT_FAILED : EXIT_DONE;
}

function stunServer(text: string, before: readonly StunServer[] = []): readonly StunServer[] {
  const server = parseStunServer(text, STUN_DEFAULT_PORT);
  if (!server) throw new InvalidArgumentError("Write it as host:port or [IPv6]:port.");
  return [...before, server];
}
