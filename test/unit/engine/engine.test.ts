import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fail, ok } from "../../../shared/base/result.ts";
import { deriveAddress } from "../../../shared/identity/address.ts";
import { packetBetween } from "../../fakes/packets.ts";
import { FakeTun } from "../../fakes/tun.ts";
import { COLLIDING, type Node, room, World } from "./world.ts";

let world: World;
let clock: World["clock"];
beforeEach(() => {
  world = new World();
  clock = world.clock;
});
afterEach(() => world.stop());

const node: World["node"] = (...args) => world.node(...args);
const connect = (a: Node, b: Node) => world.connect(a, b);
const until = (isSo: () => boolean) => world.until(isSo);
const send = (from: Node, to: Node) => world.send(from, to);

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
