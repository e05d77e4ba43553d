import { nativeVerify } from "../../../electron/adapters/ed25519.ts";
import { secureRandom } from "../../../electron/adapters/random.ts";
import { Host, type HostMethod, type HostOptions } from "../../../electron/main/host/host.ts";
import { createLogger, type LogRecord } from "../../../shared/base/logger.ts";
import { ok, type Result } from "../../../shared/base/result.ts";
import { generateKeyPair, type KeyPair, signerOf } from "../../../shared/identity/keys.ts";
import type { Params, Replies, RoomView } from "../../../shared/ipc/contract.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { packetBetween } from "../../fakes/packets.ts";
import { FakeSecretStore } from "../../fakes/secrets.ts";
import { FakeSignalingServer } from "../../fakes/signaling-server.ts";
import { FakeTun } from "../../fakes/tun.ts";
import { FakeVault } from "../../fakes/vault.ts";
import { Wires } from "./wires.ts";

const SERVER_URL = "ws://server.test/ws";
export const PIN = "4821";
/** A busy machine may take its time for a hash that is meant to be slow. */
const REAL_TIME_MS = 20_000;

interface HostEvent {
  readonly name: string;
  readonly payload: unknown;
}

/** One machine of a test: a host on fakes, and what a test looks at. */
export interface Machine {
  readonly host: Host;
  readonly secrets: FakeSecretStore;
  readonly vault: FakeVault;
  readonly pair: KeyPair;
  /** Every device it opened, the newest last. */
  readonly devices: FakeTun[];
  /** Every event of the host, in order. */
  readonly events: HostEvent[];
}

/** Machines, a server and the wires between them, in a time of their own. */
export class World {
  readonly clock = new FakeClock();
  readonly server = new FakeSignalingServer();
  readonly wires = new Wires();
  readonly log: LogRecord[] = [];
  readonly #machines: Machine[] = [];

  /** A machine that is not started yet. */
  machine(
    username: string,
    options: Partial<HostOptions> = {},
    before?: Pick<Machine, "pair" | "secrets" | "vault">,
  ): Machine {
    const pair = before?.pair ?? generateKeyPair(secureRandom);
    const secrets = before?.secrets ?? new FakeSecretStore();
    const vault = before?.vault ?? new FakeVault();
    const devices: FakeTun[] = [];
    const host = new Host({
      version: "1.2.3",
      serverUrl: SERVER_URL,
      username,
      signer: signerOf(pair),
      secrets,
      vault,
      verify: nativeVerify,
      clock: this.clock,
      random: secureRandom,
      logger: createLogger((record) => this.log.push(record), "debug"),
      dial: this.server.dial,
      tun: "required",
      mtu: 1280,
      openTun: async () => {
        const device = new FakeTun(1280, `fake${devices.length}`);
        devices.push(device);
        return ok(device);
      },
      createTransport: this.wires.create,
      localTunnelAddresses: () => new Set(),
      runtime: () => ({ rssBytes: 64_000_000, heapBytes: 16_000_000, eventLoopDelayMs: {} }),
      ...options,
    });
    const machine: Machine = { host, secrets, vault, pair, devices, events: recordEvents(host) };
    this.#machines.push(machine);
    return machine;
  }

  async started(username: string, options?: Partial<HostOptions>, before?: Machine): Promise<Machine> {
    const machine = this.machine(username, options, before);
    const result = await machine.host.start();
    if (!result.ok) throw new Error(result.error.message);
    await this.clock.advance(0);
    return machine;
  }

  /** Two machines in one room of the first, connected. */
  async pair(): Promise<{ ann: Machine; ben: Machine; room: RoomView }> {
    const ann = await this.started("Ann");
    const ben = await this.started("Ben");
    const room = await this.must(ann, "create", { name: "Den", pin: PIN });
    await this.must(ben, "join", invitedTo(ann, room));
    await this.until(() => linkOf(ann) === "connected" && linkOf(ben) === "connected");
    return { ann, ben, room };
  }

  /** The answer of a machine, with time running while it is worked out. */
  async ask<M extends HostMethod>({ host }: Machine, method: M, params: Params<M>): Promise<Result<Replies[M]>> {
    let answer: Result<Replies[M]> | undefined;
    void host.call(method, params).then((result) => {
      answer = result;
    });
    await this.until(() => answer !== undefined);
    return answer!;
  }

  /** The same, of something that works. */
  async must<M extends HostMethod>(machine: Machine, method: M, params: Params<M>): Promise<Replies[M]> {
    const answer = await this.ask(machine, method, params);
    if (!answer.ok) throw new Error(`${method}: ${answer.error.code}, ${answer.error.message}`);
    return answer.value;
  }

  /** Lets time pass until something is the case. */
  async until(isSo: () => boolean): Promise<void> {
    for (let i = 0; i < 1_200; i++) {
      if (isSo()) return;
      await this.clock.advance(50);
    }
    // What another thread works out (scrypt) takes real time, and this one may have been faster.
    for (const end = performance.now() + REAL_TIME_MS; performance.now() < end; ) {
      if (isSo()) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
      await this.clock.advance(0);
    }
    throw new Error("it did not happen within a minute");
  }

  async stop(): Promise<void> {
    await Promise.all(this.#machines.map(({ host }) => host.stop()));
  }
}

function recordEvents(host: Host): Machine["events"] {
  const seen: Machine["events"] = [];
  const names = [
    ...(["server", "tunnel", "room", "closed", "peer", "gone", "refused", "address"] as const),
    ...(["trust", "key_changed"] as const),
  ];
  for (const name of names) host.events.on(name, (payload) => void seen.push({ name, payload }));
  return seen;
}

/** What somebody with a machine's invitation joins by. */
export function invitedTo({ host }: Machine, { roomId }: Pick<RoomView, "roomId">): Params<"join"> {
  return { roomId, pin: PIN, ...host.invitationTo(roomId) };
}

/** The state of the link to the one other member; undefined when there is none. */
export function linkOf({ host }: Machine): string | undefined {
  const others = host.snapshot().rooms.flatMap((room) => room.members.filter(({ state }) => state !== "self"));
  return others[0]?.state;
}

export function payloads(machine: Machine, wanted: string): Record<string, unknown>[] {
  return machine.events.filter(({ name }) => name === wanted).map(({ payload }) => payload as Record<string, unknown>);
}

/** Sends a packet from the system of one machine to the other's address. @returns what came out there */
export async function sendPacket(from: Machine, to: Machine, clock: FakeClock): Promise<Buffer[]> {
  const device = to.devices.at(-1)!;
  device.take();
  const packet = packetBetween(from.host.snapshot().ipv4, to.host.snapshot().ipv4, 253, Buffer.from("hello"));
  from.devices.at(-1)!.fromSystem(packet);
  await clock.advance(1);
  return device.take();
}
