import type { Doors, Role, Standing } from "../../../shared/trust/standing.ts";
import type { EventProgram, ProgramEvent } from "./events.ts";
import type { Host } from "./host.ts";

/** People in rooms: `govpn up` on a host of the lab, and what it can be asked meanwhile. */

/** What somebody needs to join. */
export interface RoomKey {
  readonly server: string;
  readonly roomId: string;
  readonly pin: string;
  /** The invitation's: with the key of a sealed room. */
  readonly link: string;
}

export interface MemberOptions {
  readonly username?: string;
  readonly profile?: string;
  /** More arguments of `govpn up`. */
  readonly args?: readonly string[];
  /** Runs in front of the program, e.g. `setpriv` and its arguments. */
  readonly under?: readonly string[];
}

/** Counters of `govpn status --json`, for a member or for all. */
export interface Traffic {
  readonly packets_in: number;
  readonly bytes_in: number;
  readonly packets_out: number;
  readonly bytes_out: number;
  readonly dropped: Readonly<Record<string, number>>;
}

/** One line of `govpn peers --json`. */
export interface PeerLine {
  readonly room_id: string;
  readonly public_key: string;
  readonly username: string;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly state: "self" | "connecting" | "connected" | "reconnecting";
  readonly lane?: "packets" | "media";
  readonly path?: "direct" | "relay";
  readonly rtt_ms?: number;
  readonly verified: boolean;
  readonly standing: Standing;
  readonly role: Role;
  readonly words: string;
  readonly compared: boolean;
  readonly inbound: { readonly rule: object; readonly own: boolean; readonly refused: number };
  readonly traffic?: Traffic;
}

/** `govpn status --json`. */
export interface Status {
  readonly public_key: string;
  readonly username: string;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly server: { readonly url: string; readonly state: string };
  readonly tunnel: { readonly state: string; readonly device?: string; readonly mtu?: number; readonly code?: string };
  readonly rooms: readonly {
    readonly room_id: string;
    readonly name: string;
    readonly state: string;
    readonly owner: boolean;
    readonly trust: {
      readonly seal: "sealed" | "open" | "unknown";
      readonly waiting: boolean;
      readonly role: Role;
      readonly owner_key?: string;
      readonly doors: Doors;
      readonly removed: readonly { readonly public_key: string; readonly username: string; readonly kind: string }[];
    };
    readonly members: readonly Omit<PeerLine, "room_id">[];
  }[];
  readonly traffic: Traffic;
}

const CONNECT_MS = 20_000;

/** A running `govpn up --json`. */
export class Member {
  readonly host: Host;
  readonly profile: string;
  readonly up: EventProgram;
  readonly username: string;
  readonly publicKey: string;
  /** Its addresses inside the room's network. */
  readonly ipv4: string;
  readonly ipv6: string;

  constructor(host: Host, profile: string, up: EventProgram, ready: ProgramEvent) {
    this.host = host;
    this.profile = profile;
    this.up = up;
    this.username = String(ready.username);
    this.publicKey = String(ready.public_key);
    this.ipv4 = String(ready.ipv4);
    this.ipv6 = String(ready.ipv6);
  }

  /** How many events there were so far: the `from` of a wait for what comes next. */
  get now(): number {
    return this.up.events.length;
  }

  /** Waits until it says that the link to the other is in this state. */
  sees(
    other: Pick<Member, "publicKey">,
    state: string,
    { from = 0, timeoutMs = CONNECT_MS } = {},
  ): Promise<ProgramEvent> {
    const isIt = (e: ProgramEvent) => e.event === "peer" && e.public_key === other.publicKey && e.state === state;
    return this.up.waitFor(isIt, timeoutMs, from);
  }

  /**
   * Waits until what it said of the other last has these fields: what is the case, where `sees` takes what once was.
   * A lane and a path may change at any time.
   */
  shows(
    other: Pick<Member, "publicKey">,
    fields: Readonly<Record<string, unknown>>,
    timeoutMs = CONNECT_MS,
  ): Promise<ProgramEvent> {
    const ofOther = (e: ProgramEvent) => e.event === "peer" && e.public_key === other.publicKey;
    const isIt = (e: ProgramEvent) => ofOther(e) && Object.entries(fields).every(([name, value]) => e[name] === value);
    const last = this.up.events.findLast(ofOther);
    return last && isIt(last) ? Promise.resolve(last) : this.up.waitFor(isIt, timeoutMs, this.now);
  }

  /** Waits until it says that its room is in this state. */
  room(state: string, { from = 0, timeoutMs = CONNECT_MS } = {}): Promise<ProgramEvent> {
    return this.up.waitFor((e) => e.event === "room" && e.state === state, timeoutMs, from);
  }

  /** Waits until it says that its connection to the server is in this state. */
  server(state: string, { from = 0, timeoutMs = CONNECT_MS } = {}): Promise<ProgramEvent> {
    return this.up.waitFor((e) => e.event === "server" && e.state === state, timeoutMs, from);
  }

  /** Runs a command on this member's profile. @returns the exit status, and each line of its JSON */
  async ask(...args: string[]): Promise<{ readonly code: number | null; readonly lines: readonly unknown[] }> {
    const { code, stdout } = await this.host.govpn([...args, "--json", "--profile", this.profile]);
    return { code, lines: stdout.split("\n").filter(Boolean).map(parse) };
  }

  /** Runs a command that has to work. @returns the first line of its JSON: the answer */
  async tell(...args: string[]): Promise<Readonly<Record<string, unknown>>> {
    const { code, lines } = await this.ask(...args);
    if (code !== 0 || lines.length === 0) throw new Error(`govpn ${args.join(" ")}: ${code} ${JSON.stringify(lines)}`);
    return lines[0] as Record<string, unknown>;
  }

  async status(): Promise<Status> {
    return (await this.tell("status")) as unknown as Status;
  }

  async peers(): Promise<readonly PeerLine[]> {
    return (await this.ask("peers")).lines as readonly PeerLine[];
  }

  /** What it says of another member. @throws when that is in no room of it */
  async peer(other: Member): Promise<PeerLine> {
    const line = (await this.peers()).find(({ public_key }) => public_key === other.publicKey);
    if (!line) throw new Error(`${this.username} does not know ${other.username}`);
    return line;
  }
}

/** Starts `govpn up` with these arguments and waits until it is ready. */
export async function bringUp(host: Host, args: readonly string[], options: MemberOptions = {}): Promise<Member> {
  const profile = options.profile ?? host.profile;
  const up = startUp(host, args, options);
  const ready = await up.waitFor(({ event }) => event === "ready");
  return new Member(host, profile, up, ready);
}

/** Starts `govpn up` with these arguments, and leaves the waiting to the caller. */
export function startUp(host: Host, args: readonly string[], options: MemberOptions = {}): EventProgram {
  const { username = `host${host.number}`, profile = host.profile, args: more = [], under = [] } = options;
  return host.up(["--username", username, "--log-level", "debug", "--profile", profile, ...args, ...more], { under });
}

/** Makes a room, sealed unless told otherwise, and waits until its owner is in it. */
export async function createRoom(
  host: Host,
  server: string,
  {
    name = "Lab",
    pin = "1234",
    open = false,
    ...options
  }: MemberOptions & { name?: string; pin?: string; open?: boolean } = {},
): Promise<{ readonly owner: Member; readonly key: RoomKey }> {
  const create = ["--server", server, "--create", name, "--pin", pin, ...(open ? ["--open-room"] : [])];
  const owner = await bringUp(host, create, options);
  return { owner, key: await invitedBy(owner, server) };
}

/** What somebody who made a room says that others need. */
export async function invitedBy(owner: Member, server: string): Promise<RoomKey> {
  const { room_id, pin, link } = await owner.up.waitFor(({ event }) => event === "invitation");
  return { server, roomId: String(room_id), pin: String(pin), link: String(link) };
}

/** The arguments of `govpn up` that lead into the room. */
export function joining({ server, link, pin }: RoomKey): readonly string[] {
  return ["--server", server, "--join", link, "--pin", pin];
}

/** The arguments of `govpn up` of somebody who was told the id and the PIN alone: they lead to a sealed room's door. */
export function knocking({ server, roomId, pin }: RoomKey): readonly string[] {
  return ["--server", server, "--join", roomId, "--pin", pin];
}

/** Joins a room, and waits until it is in it. */
export async function joinRoom(host: Host, key: RoomKey, options: MemberOptions = {}): Promise<Member> {
  const member = await bringUp(host, joining(key), options);
  await member.room("joined");
  return member;
}

/** Waits until every one of them is connected to every other. */
export async function allConnected(members: readonly Member[], timeoutMs = CONNECT_MS): Promise<void> {
  const pairs = members.flatMap((a) => members.filter((b) => b !== a).map((b) => [a, b] as const));
  await Promise.all(pairs.map(([a, b]) => a.shows(b, { state: "connected" }, timeoutMs)));
}

function parse(line: string): unknown {
  return JSON.parse(line);
}
