import { expect } from "vitest";
import { nativeVerify } from "../../../electron/adapters/ed25519.ts";
import { secureRandom } from "../../../electron/adapters/random.ts";
import { Engine, type EngineOptions, type TunnelState } from "../../../electron/engine/engine.ts";
import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import { silentLogger } from "../../../shared/base/logger.ts";
import { ok } from "../../../shared/base/result.ts";
import type { MemberAddress } from "../../../shared/identity/address.ts";
import { generateKeyPair, type KeyPair, keyPairFrom, signerOf } from "../../../shared/identity/keys.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { packetBetween } from "../../fakes/packets.ts";
import { FakeTun } from "../../fakes/tun.ts";
import { Wires } from "../main/wires.ts";

export const room = "room" as RoomId;

/** Two keys with the same IPv4 address, 100.118.166.217: found by trying a few thousand seeds. The first is the larger. */
export const COLLIDING = [2774, 4382].map((n) => {
  const seed = new Uint8Array(32);
  new DataView(seed.buffer).setUint32(0, n);
  return keyPairFrom(seed);
}) as [KeyPair, KeyPair];

export interface Node {
  readonly engine: Engine;
  readonly pair: KeyPair;
  readonly key: PublicKey;
  readonly devices: FakeTun[];
  /** With which addresses each device was opened. */
  readonly opened: { ipv4: string; ipv6: string }[];
  readonly states: TunnelState[];
  readonly moves: MemberAddress[];
  /** Whom it admits as soon as they are linked. */
  admits: (publicKey: PublicKey) => boolean;
}

/** Engines on one fake clock, wired together without a network. */
export class World {
  readonly clock = new FakeClock();
  readonly wires = new Wires();
  readonly nodes: Node[] = [];

  /** One that admits everybody. */
  node(options: Partial<EngineOptions> = {}, pair = generateKeyPair(secureRandom)): Node {
    const devices: FakeTun[] = [];
    const opened: Node["opened"] = [];
    const engine = new Engine({
      signer: signerOf(pair),
      verify: nativeVerify,
      clock: this.clock,
      random: secureRandom,
      logger: silentLogger,
      username: `node ${this.nodes.length}`,
      mtu: 1280,
      tun: "auto",
      openTun: async ({ ipv4, ipv6 }) => {
        opened.push({ ipv4, ipv6 });
        const device = new FakeTun(1280, `fake${devices.length}`);
        devices.push(device);
        return ok(device);
      },
      createTransport: this.wires.create,
      localTunnelAddresses: () => new Set(),
      sendSignal: (_room, to, kind, content) => {
        const target = this.nodes.find(({ key }) => key === to);
        setImmediate(() => target?.engine.deliver(room, pair.publicKey, kind, content));
        return true;
      },
      ...options,
    });
    const made: Node = {
      engine,
      pair,
      key: pair.publicKey,
      devices,
      opened,
      states: [],
      moves: [],
      admits: () => true,
    };
    engine.events.on("tunnel", (state) => made.states.push(state));
    engine.events.on("address", (address) => made.moves.push(address));
    engine.events.on("linked", ({ publicKey }) => made.admits(publicKey) && engine.setAdmitted(publicKey, true));
    this.nodes.push(made);
    return made;
  }

  /** The first was there before the second. */
  async connect(a: Node, b: Node): Promise<void> {
    for (const each of [a, b]) expect(await each.engine.start()).toEqual(ok(undefined));
    this.meet(a, b);
    await this.until(() => this.areConnected(a, b));
  }

  meet(a: Node, b: Node): void {
    a.engine.peerSeen(room, b.key, true);
    b.engine.peerSeen(room, a.key, false);
  }

  areConnected(a: Node, b: Node): boolean {
    const isSeen = (by: Node, of: Node) =>
      by.engine.peers.some(({ publicKey, state }) => publicKey === of.key && state === "connected");
    return isSeen(a, b) && isSeen(b, a);
  }

  async until(isSo: () => boolean): Promise<void> {
    for (let i = 0; i < 600 && !isSo(); i++) await this.clock.advance(50);
    expect(isSo()).toBe(true);
  }

  /** What arrives of one packet. */
  async send(from: Node, to: Node): Promise<Buffer[]> {
    const device = to.devices.at(-1)!;
    device.take();
    this.post(from, to);
    await this.clock.advance(1);
    return device.take();
  }

  /** One packet leaves. */
  post(from: Node, to: Node): void {
    const packet = packetBetween(from.engine.address.ipv4, to.engine.address.ipv4, 253, Buffer.from("hello"));
    from.devices.at(-1)!.fromSystem(packet);
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map(({ engine }) => engine.stop()));
  }
}
