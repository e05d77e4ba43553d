import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nativeVerify } from "../../../electron/adapters/ed25519.ts";
import { secureRandom } from "../../../electron/adapters/random.ts";
import { Engine, type EngineOptions, type TunnelState } from "../../../electron/engine/engine.ts";
import type { RoomId } from "../../../shared/base/brand.ts";
import { silentLogger } from "../../../shared/base/logger.ts";
import { fail, ok } from "../../../shared/base/result.ts";
import { deriveAddress, type MemberAddress } from "../../../shared/identity/address.ts";
import { generateKeyPair, type KeyPair, keyPairFrom, signerOf } from "../../../shared/identity/keys.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { packetBetween } from "../../fakes/packets.ts";
import { FakeTun } from "../../fakes/tun.ts";
import { Wires } from "../main/wires.ts";

const room = "room" as RoomId;

/** Two keys with the same IPv4 address, 100.118.166.217: found by trying a few thousand seeds. The first is the larger. */
const COLLIDING = [2774, 4382].map((n) => {
  const seed = new Uint8Array(32);
  new DataView(seed.buffer).setUint32(0, n);
  return keyPairFrom(seed);
}) as [KeyPair, KeyPair];

interface Node {
  readonly engine: Engine;
  readonly pair: KeyPair;
  readonly devices: FakeTun[];
  /** With which addresses each device was opened. */
  readonly opened: { ipv4: string; ipv6: string }[];
  readonly states: TunnelState[];
  readonly moves: MemberAddress[];
}

let clock: FakeClock;
let wires: Wires;
let nodes: Node[];
beforeEach(() => {
  clock = new FakeClock();
  wires = new Wires();
  nodes = [];
});
afterEach(() => Promise.all(nodes.map(({ engine }) => engine.stop())));

function node(options: Partial<EngineOptions> = {}, pair = generateKeyPair(secureRandom)): Node {
  const devices: FakeTun[] = [];
  const opened: Node["opened"] = [];
  const engine = new Engine({
    signer: signerOf(pair),
    verify: nativeVerify,
    clock,
    random: secureRandom,
    logger: silentLogger,
    username: `node ${nodes.length}`,
    mtu: 1280,
    tun: "auto",
    openTun: async ({ ipv4, ipv6 }) => {
      opened.push({ ipv4, ipv6 });
      const device = new FakeTun(1280, `fake${devices.length}`);
      devices.push(device);
      return ok(device);
    },
    createTransport: wires.create,
    localTunnelAddresses: () => new Set(),
    sendSignal: (_room, to, kind, content) => {
      const target = nodes.find((other) => other.pair.publicKey === to);
      setImmediate(() => target?.engine.deliver(room, pair.publicKey, kind, content));
      return true;
    },
    ...options,
  });
  const made: Node = { engine, pair, devices, opened, states: [], moves: [] };
  engine.events.on("tunnel", (state) => made.states.push(state));
  engine.events.on("address", (address) => made.moves.push(address));
  engine.events.on("linked", ({ publicKey }) => engine.setAdmitted(publicKey, true));
  nodes.push(made);
  return made;
}

/** The first was there before the second. */
async function connect(a: Node, b: Node): Promise<void> {
  for (const each of [a, b]) expect(await each.engine.start()).toEqual(ok(undefined));
  a.engine.peerSeen(room, b.pair.publicKey, true);
  b.engine.peerSeen(room, a.pair.publicKey, false);
  await until(() => [a, b].every(({ engine }) => engine.peers[0]?.state === "connected"));
}

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 600 && !isSo(); i++) await clock.advance(50);
  expect(isSo()).toBe(true);
}

async function send(from: Node, to: Node): Promise<Buffer[]> {
  const device = to.devices.at(-1)!;
  device.take();
  const packet = packetBetween(from.engine.address.ipv4, to.engine.address.ipv4, 253, Buffer.from("hello"));
  from.devices.at(-1)!.fromSystem(packet);
  await clock.advance(1);
  return device.take();
}

describe("two members whose keys give one IPv4 address", () => {
  it("both keep their IPv6 address, and the one with the larger key takes its next IPv4 address", async () => {
    const [large, small] = COLLIDING.map((pair) => node({}, pair)) as [Node, Node];
    const shared = deriveAddress(small.pair.publicKey);
    expect(deriveAddress(large.pair.publicKey).ipv4).toBe(shared.ipv4);
    expect(large.pair.publicKey > small.pair.publicKey).toBe(true);
    await connect(small, large);
    await until(() => large.engine.address.ipv4Salt === 1);

    const next = deriveAddress(large.pair.publicKey, 1);
    expect(large.engine.address).toEqual(next);
    expect(large.moves).toEqual([next]);
    expect(small.engine.address).toEqual(shared);
    expect(small.moves).toEqual([]);
  });

  it("reach each other afterwards: a new device, and everybody knows the new address", async () => {
    const [large, small] = COLLIDING.map((pair) => node({}, pair)) as [Node, Node];
    await connect(small, large);
    const next = deriveAddress(large.pair.publicKey, 1);
    await until(() => small.engine.peers[0]?.address.ipv4 === next.ipv4);
    expect(large.opened.map(({ ipv4 }) => ipv4)).toEqual([deriveAddress(large.pair.publicKey).ipv4, next.ipv4]);
    expect(large.devices[0]!.isOpen).toBe(false);
    expect(small.opened).toHaveLength(1);
    expect(await send(small, large)).toHaveLength(1);
    expect(await send(large, small)).toHaveLength(1);
    expect(large.engine.address.ipv4Salt).toBe(1);
  });

  it("settle it without devices too", async () => {
    const [large, small] = COLLIDING.map((pair) => node({ tun: "off" }, pair)) as [Node, Node];
    await connect(small, large);
    await until(() => small.engine.peers[0]?.address.ipv4 === deriveAddress(large.pair.publicKey, 1).ipv4);
    expect(large.opened).toEqual([]);
  });
});

describe("the network device", () => {
  it("is opened with the addresses that follow from the key", async () => {
    const { engine, pair, opened, states } = node();
    expect(engine.tunnel).toEqual({ kind: "closed" });
    await engine.start();
    const { ipv4, ipv6 } = deriveAddress(pair.publicKey);
    expect(opened).toEqual([{ ipv4, ipv6 }]);
    expect(states).toEqual([{ kind: "up", device: "fake0", mtu: 1280 }]);
  });

  it("is not opened where it is not wanted", async () => {
    const { engine, opened } = node({ tun: "off" });
    expect(await engine.start()).toEqual(ok(undefined));
    expect(engine.tunnel).toEqual({ kind: "off" });
    expect(opened).toEqual([]);
  });

  const refusal = fail("tun_denied", "no rights");

  it("may be refused where it is only wished for: the state says why", async () => {
    const { engine } = node({ openTun: async () => refusal });
    expect(await engine.start()).toEqual(ok(undefined));
    expect(engine.tunnel).toEqual({ kind: "failed", failure: refusal.error });
  });

  it("may not be refused where it is required", async () => {
    const { engine } = node({ tun: "required", openTun: async () => refusal });
    expect(await engine.start()).toEqual(refusal);
  });

  it("is opened again after it was lost, and packets flow as before", async () => {
    const [a, b] = [node(), node()];
    await connect(a, b);
    b.states.length = 0;
    b.devices[0]!.lose();
    expect(b.states).toEqual([{ kind: "failed", failure: expect.objectContaining({ code: "tun_lost" }) }]);
    await until(() => b.engine.tunnel.kind === "up");
    expect(b.states.at(-1)).toEqual({ kind: "up", device: "fake1", mtu: 1280 });
    expect(await send(a, b)).toHaveLength(1);
    expect(await send(b, a)).toHaveLength(1);
  });

  it("is tried again and again while it cannot be had, and the link stays up", async () => {
    let refusals = 0;
    const devices: FakeTun[] = [];
    const openTun = async () => {
      if (devices.length === 1 && refusals++ < 3) return refusal;
      const device = new FakeTun();
      devices.push(device);
      return ok(device);
    };
    const [a, b] = [node(), node({ openTun })];
    await connect(a, b);
    devices[0]!.lose();
    await until(() => b.engine.tunnel.kind === "up");
    expect(refusals).toBe(4);
    expect(a.engine.peers[0]?.state).toBe("connected");
    a.devices[0]!.fromSystem(packetBetween(a.engine.address.ipv4, b.engine.address.ipv4, 253, Buffer.from("hello")));
    await clock.advance(1);
    expect(devices[1]!.take()).toHaveLength(1);
  });

  describe("that was refused with a command that mends it", () => {
    const mendable = { ok: false, error: { code: "tun_permission", message: "no rights", command: "sudo x" } } as const;
    const refusing = (granted: () => boolean) => {
      const tries: boolean[] = [];
      const openTun = async () => {
        tries.push(granted());
        return granted() ? ok(new FakeTun()) : mendable;
      };
      return { ...node({ openTun }), tries };
    };

    it("is up soon after somebody has run it, and was said to be missing once", async () => {
      let isGranted = false;
      const { engine, states, tries } = refusing(() => isGranted);
      await engine.start();
      await clock.advance(20_000);
      expect(tries.length).toBeGreaterThan(2);
      isGranted = true;
      await until(() => engine.tunnel.kind === "up");
      expect(states).toEqual([{ kind: "failed", failure: mendable.error }, expect.objectContaining({ kind: "up" })]);
    });

    it("is tried at once when told to, and once at a time", async () => {
      let isGranted = false;
      const { engine, tries } = refusing(() => isGranted);
      await engine.start();
      isGranted = true;
      engine.retryNow();
      await engine.retryDevice();
      expect(engine.tunnel.kind).toBe("up");
      expect(tries).toEqual([false, true]);
    });
  });

  it("is opened with the newest address, when that changes while it opens", async () => {
    const [large, small] = COLLIDING;
    const opened: string[] = [];
    const slow = { release: () => {} };
    const late = node(
      {
        openTun: async ({ ipv4 }) => {
          opened.push(ipv4);
          if (opened.length === 2) await new Promise<void>((resolve) => Object.assign(slow, { release: resolve }));
          const device = new FakeTun();
          late.devices.push(device);
          return ok(device);
        },
      },
      large,
    );
    const early = node({}, small);
    await late.engine.start();
    await early.engine.start();
    late.devices[0]!.lose();
    await until(() => opened.length === 2);
    early.engine.peerSeen(room, large.publicKey, true);
    late.engine.peerSeen(room, small.publicKey, false);
    await until(() => late.engine.address.ipv4Salt === 1);
    slow.release();
    await until(() => late.engine.tunnel.kind === "up");
    expect(opened.at(-1)).toBe(late.engine.address.ipv4);
    expect(late.devices.filter((device) => device.isOpen)).toEqual([late.devices.at(-1)]);
    expect(await send(early, late)).toHaveLength(1);
  });

  it("is closed, and not opened again, once the engine stops", async () => {
    const { engine, devices } = node();
    await engine.start();
    devices[0]!.lose();
    await engine.stop();
    await clock.advance(60_000);
    expect(devices).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it("is closed even if it opens only after the engine was stopped", async () => {
    let open = (_: FakeTun) => {};
    const { engine } = node({ openTun: () => new Promise((resolve) => (open = (device) => resolve(ok(device)))) });
    const starting = engine.start();
    await engine.stop();
    const late = new FakeTun();
    open(late);
    await starting;
    expect(late.isOpen).toBe(false);
    expect(engine.tunnel.kind).not.toBe("up");
  });
});

describe("packets", () => {
  it("without a device are counted, not kept", async () => {
    const [a, b] = [node(), node({ tun: "off" })];
    await connect(a, b);
    a.devices[0]!.fromSystem(packetBetween(a.engine.address.ipv4, b.engine.address.ipv4, 253, Buffer.from("x")));
    await clock.advance(1);
    expect(Object.values(b.engine.totals().dropped).reduce((sum, count) => sum + count, 0)).toBe(1);
  });
});
