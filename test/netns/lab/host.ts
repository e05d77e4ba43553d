import { existsSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EventProgram } from "./events.ts";
import { type Finished, Program, type RunOptions } from "./program.ts";

const dist = fileURLToPath(new URL("../../../dist/", import.meta.url));

/** A command that should be over in a moment. */
const RUN_TIMEOUT_MS = 60_000;

/** One machine of a lab: a network namespace with a home folder of its own. */
export class Host {
  readonly number: number;
  readonly namespace: string;
  readonly ipv4: string;
  readonly ipv6: string;
  /** The `--profile` that `govpn` and `up` use here unless told otherwise. */
  readonly profile: string;
  readonly #home: string;
  readonly #programs = new Set<Program>();
  readonly #eventPrograms: EventProgram[] = [];

  constructor(namespace: string, number: number, home: string) {
    this.namespace = namespace;
    this.number = number;
    this.ipv4 = `10.66.0.${number}`;
    this.ipv6 = `fd66::${number.toString(16)}`;
    this.#home = home;
    this.profile = join(home, "profile");
  }

  /** Runs a command here to its end. A non-zero exit is a result, not an error. */
  async run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return this.spawn(command, args, options).finish(options.timeoutMs ?? RUN_TIMEOUT_MS);
  }

  /** Starts a command here. It is killed at teardown if it still runs. */
  spawn(command: string, args: readonly string[], options: RunOptions & { keepStdout?: boolean } = {}): Program {
    const inNamespace = ["netns", "exec", this.namespace, command, ...args];
    const env = { ...this.environment(), ...options.env };
    const program = new Program("ip", inNamespace, env, options.input, options.keepStdout);
    this.#programs.add(program);
    void program.exited.then(() => this.#programs.delete(program));
    return program;
  }

  /** Starts a command whose output is one JSON event a line. */
  spawnEvents(command: string, args: readonly string[], options: RunOptions = {}): EventProgram {
    const program = new EventProgram(this.spawn(command, args, options));
    this.#eventPrograms.push(program);
    return program;
  }

  /** Runs `govpn ARGS` here to its end, on this host's profile. */
  govpn(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return this.run(process.execPath, [bundle("govpn"), ...this.#withProfile(args)], options);
  }

  /**
   * Starts `govpn up --json ARGS` here, on this host's profile.
   * Wait for what matters: `await up.waitFor((e) => e.event === "ready")`.
   * @param options.under a command that runs the program, e.g. `setpriv` and its arguments
   */
  up(args: readonly string[] = [], options: RunOptions & { under?: readonly string[] } = {}): EventProgram {
    const { under = [] } = options;
    const words = [...under, process.execPath, bundle("govpn"), ...this.#withProfile(["up", "--json", ...args])];
    const [command = "", ...rest] = words;
    return this.spawnEvents(command, rest, options);
  }

  /** Starts `govpn start --json ARGS` here, on this host's profile: a server, a member and, with --ui, their page. */
  start(args: readonly string[] = [], options: RunOptions = {}): EventProgram {
    const words = [bundle("govpn"), ...this.#withProfile(["start", "--json", ...args])];
    return this.spawnEvents(process.execPath, words, options);
  }

  /** Starts `govpn serve --json` on this host's address and waits until it listens. */
  async serve(args: readonly string[] = ["--memory"], port = 8080): Promise<ListeningProgram> {
    const options = ["--json", "--host", this.ipv4, "--port", String(port), ...args];
    return listening(
      this.spawnEvents(process.execPath, [bundle("govpn"), ...this.#withProfile(["serve", ...options])]),
    );
  }

  /** Starts the signaling server that knows nothing but the protocol's document, and waits until it listens. */
  async documentServer(args: readonly string[] = [], port = 8080): Promise<ListeningProgram> {
    const options = ["--host", this.ipv4, "--port", String(port), ...args];
    return this.testServer("document-server", options);
  }

  /** Starts one of the lab's own programs (an entry of the bundle's `test` target). */
  testProgram(name: string, args: readonly string[]): EventProgram {
    return this.spawnEvents(process.execPath, [bundle(`test/${name}`), ...args]);
  }

  /** Starts one of the lab's own servers and waits until it listens. */
  async testServer(name: string, args: readonly string[]): Promise<ListeningProgram> {
    return listening(this.testProgram(name, args));
  }

  /**
   * Adds nftables rules here, in nft's own language: `table inet t { chain c { type filter hook input priority 0; …; }; }`.
   * @throws with nft's words when they are wrong
   */
  async firewall(rules: string): Promise<void> {
    const { code, stderr } = await this.run("nft", ["-f", "-"], { input: `${rules}\n` });
    if (code !== 0) throw new Error(`nft refused the rules: ${stderr}`);
  }

  /** Removes every rule again. */
  clearFirewall(): Promise<void> {
    return this.firewall("flush ruleset");
  }

  /** What an nftables counter of this name, of the rules added above, has counted. @throws when there is none */
  async counted(name: string): Promise<number> {
    const { stdout } = await this.run("nft", ["-j", "list", "counters"]);
    const { nftables } = JSON.parse(stdout) as { nftables: { counter?: { name: string; packets: number } }[] };
    const found = nftables.find(({ counter }) => counter?.name === name)?.counter;
    if (!found) throw new Error(`no counter is called "${name}": ${stdout}`);
    return found.packets;
  }

  /** Pulls this host's network cable, or puts it back. */
  async setLink(state: "up" | "down"): Promise<void> {
    const { code, stderr } = await this.run("ip", ["link", "set", "eth0", state]);
    if (code !== 0) throw new Error(`ip could not set the link ${state}: ${stderr}`);
    // The kernel forgets IPv6 addresses with the link.
    if (state === "up") await this.run("ip", ["addr", "replace", `${this.ipv6}/64`, "dev", "eth0", "nodad"]);
  }

  /** A fresh profile folder here, for a second `up` on one host. */
  newProfile(): string {
    return mkdtempSync(join(this.#home, "profile-"));
  }

  /**
   * Nothing of the developer's own session reaches a host: no keychain, no settings, no proxy. Without a session bus
   * the product keeps its identity in a file, as on a server.
   */
  environment(): Record<string, string> {
    const path = process.env.PATH ?? "/usr/sbin:/usr/bin:/sbin:/bin";
    return { PATH: path, HOME: this.#home, LANG: "C.UTF-8", TMPDIR: this.#home };
  }

  /** The programs here that have not ended. */
  get running(): ReadonlySet<Program> {
    return this.#programs;
  }

  transcript(): string {
    return this.#eventPrograms.map((program) => `[host ${this.number}] ${program.transcript()}`).join("\n");
  }

  killAllNow(): void {
    for (const program of this.#programs) program.killNow();
  }

  /** When every program has ended. */
  async ended(): Promise<void> {
    await Promise.all([...this.#programs].map((program) => program.exited));
  }

  #withProfile(args: readonly string[]): readonly string[] {
    return args.includes("--profile") ? args : [...args, "--profile", this.profile];
  }
}

/** A server of which the address is known. */
export interface ListeningProgram extends EventProgram {
  readonly url: string;
}

async function listening(program: EventProgram): Promise<ListeningProgram> {
  const event = await program.waitFor(({ event }) => event === "listening");
  if (typeof event.url !== "string") throw new Error(`a server that listens says where: ${JSON.stringify(event)}`);
  return Object.assign(program, { url: event.url });
}

function bundle(name: string): string {
  const file = join(dist, `${name}.mjs`);
  if (!existsSync(file)) throw new Error(`dist/${name}.mjs is not there: run "npm run build" first`);
  return file;
}
