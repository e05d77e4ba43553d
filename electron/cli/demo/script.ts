import { performance } from "node:perf_hooks";
import { FailureError, type Result } from "../../../shared/base/result.ts";
import type { HostSnapshot, MemberView } from "../../../shared/ipc/contract.ts";
import { openProfile } from "../../adapters/profile/profile.ts";
import { secureRandom } from "../../adapters/random.ts";
import { openSecretStore } from "../../adapters/secrets/open.ts";
import { loadIdentity } from "../../main/identity/identity.ts";
import { askHost } from "../control-client.ts";
import type { Output } from "../output.ts";
import { roundTripsInWords, summarize } from "../round-trips.ts";
import { bytes, inWords } from "../words.ts";
import { pingThroughTunnel, tcpThroughTunnel } from "./measure.ts";
import type { Program, ProgramEvent } from "./program.ts";
import type { Machine, Stage } from "./stage.ts";

const ROOM_NAME = "Demo";

/** The whole play. Throws a FailureError at the first step that does not work. */
export async function play(stage: Stage, output: Output, signal: AbortSignal): Promise<void> {
  const script = new Script(stage, output, signal);
  const server = await script.serve();
  const anna = await script.member("anna", "a", server, ["--create", ROOM_NAME]);
  const room = await script.roomCreated(anna);
  const ben = await script.member("ben", "b", server, ["--join", room.link, "--pin", room.pin]);
  await script.joined(ben);
  const link = await script.linked(anna, ben);
  if (stage.kind === "loopback") return script.linkOnly(anna, link);
  await script.ping(link);
  await script.tcp(anna, ben, link);
}

interface Member {
  readonly name: string;
  readonly machine: Machine;
  readonly profile: string;
  readonly program: Program;
  readonly startedAt: number;
}

const LABEL_WIDTH = 16;
/** How often the link's own round trip is measured where there is no tunnel. */
const LINK_PINGS = 5;

/** The steps, each of which waits for its outcome, tells it, and throws a FailureError when it does not come. */
class Script {
  readonly #stage: Stage;
  readonly #output: Output;
  readonly #signal: AbortSignal;

  constructor(stage: Stage, output: Output, signal: AbortSignal) {
    this.#stage = stage;
    this.#output = output;
    this.#signal = signal;
  }

  async serve(): Promise<string> {
    const args = ["serve", "--json", "--memory", "--host", this.#stage.serverHost, "--port", "0"];
    const program = this.#govpn("a", "The server", args);
    const { url } = await program.waitFor(({ event }) => event === "listening", this.#signal);
    this.#tell("server_listening", { url }, "Server", `${url}, rooms in memory`);
    return String(url);
  }

  async member(name: string, machine: Machine, server: string, entry: readonly string[]): Promise<Member> {
    const profile = this.#stage.profile(name);
    await makeIdentity(profile);
    const tun = this.#stage.kind === "namespaces" ? "required" : "off";
    const args = ["up", "--json", "--profile", profile, "--server", server, "--username", name];
    const startedAt = performance.now();
    const program = this.#govpn(machine, name, [...args, "--tun", tun, "--no-stun", ...entry]);
    return { name, machine, profile, program, startedAt };
  }

  async roomCreated({ program }: Member): Promise<{ link: string; pin: string }> {
    const invitation = await program.waitFor(({ event }) => event === "invitation", this.#signal);
    const [roomId, pin] = [String(invitation.room_id), String(invitation.pin)];
    this.#tell("room_created", { roomId, pin, name: ROOM_NAME }, "Room created", `id ${roomId}, PIN ${pin}`);
    return { link: String(invitation.link), pin };
  }

  async joined({ name, program, startedAt }: Member): Promise<void> {
    await program.waitFor(({ event, state }) => event === "room" && state === "joined", this.#signal);
    const afterMs = Math.round(performance.now() - startedAt);
    this.#tell("member_joined", { username: name, afterMs }, "Second member", `joined ${afterMs} ms after its start`);
  }

  /** @returns the second member as the first sees it */
  async linked(anna: Member, ben: Member): Promise<MemberView> {
    const isUp = ({ event, state }: ProgramEvent) => event === "peer" && state === "connected";
    await Promise.all([anna, ben].map(({ program }) => program.waitFor(isUp, this.#signal)));
    const afterMs = Math.round(performance.now() - ben.startedAt);
    const link = peerIn(await this.#status(anna));
    const { lane, path, verified } = link;
    const told = `${path}, ${lane} lane, ${verified ? "verified" : "NOT verified"}; up ${afterMs} ms after that start`;
    this.#tell("linked", { lane, path, verified, afterMs }, "Link", told);
    return link;
  }

  async ping({ ipv4, ipv6 }: MemberView): Promise<void> {
    for (const [family, address] of [["IPv4", ipv4] as const, ["IPv6", ipv6] as const]) {
      const figures = await pingThroughTunnel(this.#stage, address, this.#measuring());
      if (figures.received === 0) throw new FailureError({ code: "no_reply", message: `${address} does not answer.` });
      this.#tell(
        "ping",
        { family: family.toLowerCase(), address, ...figures },
        `Ping ${family}`,
        `${roundTripsInWords(figures)} (${address}, by ${figures.by})`,
      );
    }
  }

  async tcp(anna: Member, ben: Member, { ipv4 }: MemberView): Promise<void> {
    const before = peerIn(await this.#status(ben)).traffic?.bytesIn ?? 0;
    const figures = await tcpThroughTunnel(this.#stage, ipv4, this.#measuring());
    const carried = (peerIn(await this.#status(ben)).traffic?.bytesIn ?? 0) - before;
    if (carried < figures.bytes) {
      throw new FailureError({ code: "not_tunneled", message: "The traffic went past the tunnel, not through it." });
    }
    const seconds = Number((figures.ms / 1000).toFixed(2));
    const mbitPerS = Math.round((figures.bytes * 8) / 1000 / figures.ms);
    this.#tell(
      "tcp",
      { mbitPerS, bytes: figures.bytes, seconds, tunnelBytes: carried },
      "TCP",
      `${mbitPerS} Mbit/s: one stream from ${anna.name} to ${ben.name}, ${bytes(figures.bytes)} in ${seconds} s as received`,
    );
    this.#output.say(`${" ".repeat(LABEL_WIDTH)}${ben.name}'s tunnel counted ${bytes(carried)}, headers included.`);
  }

  async linkOnly(anna: Member, { username }: MemberView): Promise<void> {
    const reply = unwrap(await askHost(anna.profile, "ping", { member: username, count: LINK_PINGS }));
    if (reply.rttMs.length === 0) throw new FailureError({ code: "no_reply", message: `${username} does not answer.` });
    const figures = summarize(reply.sent, reply.rttMs);
    this.#tell("link_ping", figures, "Round trip", `${roundTripsInWords(figures)} (over the link, by govpn ping)`);
    this.#output.say();
    this.#output.say("Not shown: network devices, IP addresses that answer, TCP through the tunnel.");
    this.#output.say("Those take Linux, root and the ip command: sudo govpn demo");
  }

  #govpn(machine: Machine, name: string, args: readonly string[]): Program {
    return this.#stage.start(machine, name, process.execPath, [thisProgram(), ...args]);
  }

  #measuring() {
    return { program: thisProgram(), signal: this.#signal };
  }

  async #status({ profile }: Member): Promise<HostSnapshot> {
    return unwrap(await askHost(profile, "status", {}));
  }

  #tell(step: string, figures: object, label: string, words: string): void {
    this.#output.emit({ event: "demo", step, ...figures });
    this.#output.say(`${label.padEnd(LABEL_WIDTH)}${words}`);
  }
}

/** In a file of the profile, which goes with it: a keychain would keep an identity that nobody has any more. */
async function makeIdentity(folder: string): Promise<void> {
  const { dir } = unwrap(await openProfile(folder));
  const { store } = unwrap(await openSecretStore({ profileDir: dir, prefer: "file" }));
  unwrap(await loadIdentity(store, secureRandom));
}

/** The bundle that is running. */
function thisProgram(): string {
  const [, program] = process.argv;
  if (program === undefined)
    throw new FailureError({ code: "failed", message: "This program does not know its file." });
  return program;
}

function peerIn({ rooms }: HostSnapshot): MemberView {
  const peer = rooms.flatMap((room) => room.members).find(({ state }) => state === "connected");
  if (!peer) throw new FailureError({ code: "link_lost", message: "The link was lost." });
  return peer;
}

function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new FailureError({ code: result.error.code, message: inWords(result.error) });
}
