import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { type Failure, fail, messageOf, ok, type Result } from "../../../shared/base/result.ts";
import type { RightsView } from "../../../shared/ipc/app.ts";
import { type DeviceWish, findNetconf, type Netconf, netconfArguments, netconfCommand } from "./netconf.ts";

/** What asking for rights needs of the machine. */
export interface GrantPorts {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  findNetconf(): Netconf | undefined;
  /** The path of pkexec; undefined where polkit is not installed. */
  findPkexec(): string | undefined;
  /** Runs a program to its end. @returns its exit status, null after a signal, and what it said on standard error */
  run(command: string, args: readonly string[]): Promise<{ readonly status: number | null; readonly stderr: string }>;
}

export type GrantFailureCode =
  /** The person closed the question. */
  | "rights_dismissed"
  /** The person may not grant it, or nobody could be asked. */
  | "rights_denied"
  /** It was granted, and the system would not make the device. */
  | "rights_failed"
  /** There is no way to ask here: the command in a terminal is the way. */
  | "rights_by_command";

/** Failures of the device that `govpn-netconf` mends. */
const MENDABLE: readonly string[] = ["tun_permission", "tun_outdated"];

/** pkexec(1): the question was closed; the asker is not authorised, or there is no one to ask. */
const PKEXEC_DISMISSED = 126;
const PKEXEC_DENIED = 127;
/** polkit's own tool since its first release; a path of our own choosing, never the PATH's. */
const PKEXEC_PATHS = ["/usr/bin/pkexec", "/bin/pkexec", "/usr/local/bin/pkexec"];

/**
 * The right to have a network device, on a machine where this user has none: what can be done about it, and doing it.
 * The one question is asked by the system (polkit), never by us: no password passes through this program.
 */
export class TunGrant {
  readonly #ports: GrantPorts;

  constructor(ports: GrantPorts = systemPorts()) {
    this.#ports = ports;
  }

  /**
   * What a window offers.
   * @param failureCode of the device that could not be opened
   * @returns undefined when granting rights would not mend it
   */
  view(failureCode: string, wish: DeviceWish): RightsView | undefined {
    if (failureCode === "unsupported_platform") return { kind: "unsupported" };
    if (this.#ports.platform !== "linux" || !MENDABLE.includes(failureCode)) return undefined;
    const command = netconfCommand(wish, this.#ports.findNetconf());
    return { kind: this.#question() ? "helper" : "command", ...(command !== undefined && { command }) };
  }

  /** Asks the person, by way of the system, and prepares the device. Try to open it again after that. */
  async grant(wish: DeviceWish): Promise<Result<void, Failure<GrantFailureCode>>> {
    const question = this.#question();
    if (!question) {
      const command = netconfCommand(wish, this.#ports.findNetconf());
      return fail("rights_by_command", command ?? "run GoVPN as root");
    }
    try {
      const { status, stderr } = await this.#ports.run(question.pkexec, [question.path, ...netconfArguments(wish)]);
      return outcome(status, lastLine(stderr));
    } catch (error) {
      return fail("rights_denied", messageOf(error));
    }
  }

  /**
   * A question can be put where polkit is there, a session for its dialog, and a program that only root can change:
   * with another, the person would be asked to trust whoever wrote to it last.
   */
  #question(): { readonly pkexec: string; readonly path: string } | undefined {
    const { env, platform } = this.#ports;
    if (platform !== "linux" || !(env.DISPLAY || env.WAYLAND_DISPLAY)) return undefined;
    const netconf = this.#ports.findNetconf();
    const pkexec = this.#ports.findPkexec();
    return netconf?.place === "installed" && pkexec !== undefined ? { pkexec, path: netconf.path } : undefined;
  }
}

function outcome(status: number | null, said: string): Result<void, Failure<GrantFailureCode>> {
  if (status === 0) return ok(undefined);
  if (status === PKEXEC_DISMISSED) return fail("rights_dismissed", said || "the question was closed");
  if (status === PKEXEC_DENIED) return fail("rights_denied", said || "the system did not allow it");
  return fail("rights_failed", said || "the network device could not be made");
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

function systemPorts(): GrantPorts {
  return {
    platform: process.platform,
    env: process.env,
    findNetconf: () => findNetconf(),
    findPkexec: () => PKEXEC_PATHS.find(isExecutable),
    run: runToEnd,
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** More than any sentence of pkexec's or ours. */
const MAX_STDERR_CHARS = 4_096;

function runToEnd(command: string, args: readonly string[]): ReturnType<GrantPorts["run"]> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.setEncoding("utf8");
    child.stderr.on("data", (chunk: string) => {
      stderr = (stderr + chunk).slice(-MAX_STDERR_CHARS);
    });
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, stderr }));
  });
}
