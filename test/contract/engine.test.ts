import { MessageChannel } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nativeVerify } from "../../electron/adapters/ed25519.ts";
import { secureRandom } from "../../electron/adapters/random.ts";
import { Engine, type EngineOptions, type TunnelState } from "../../electron/engine/engine.ts";
import type { EngineNeeds, EnginePort } from "../../electron/engine/engine-port.ts";
import { type EngineWire, maySignForEngine, readFromEngine } from "../../electron/engine/messages.ts";
import { RemoteEngine } from "../../electron/engine/remote-engine.ts";
import { serveEngine } from "../../electron/engine/serve-engine.ts";
import type { PublicKey, RoomId } from "../../shared/base/brand.ts";
import { silentLogger } from "../../shared/base/logger.ts";
import { fail, ok } from "../../shared/base/result.ts";
import { deriveAddress } from "../../shared/identity/address.ts";
import { generateKeyPair, type KeyPair, signerOf } from "../../shared/identity/keys.ts";
import type { Fingerprints } from "../../shared/mesh/ports.ts";
import { Counting } from "../../shared/tunnel/counters.ts";
import { FakeClock } from "../fakes/clock.ts";
import { packetBetween } from "../fakes/packets.ts";
import { FakeTun } from "../fakes/tun.ts";
import { Wires } from "../unit/main/wires.ts";

const den = "den" as RoomId;

interface Node {
  readonly engine: EnginePort;
  readonly pair: KeyPair;
  readonly devices: FakeTun[];
  readonly tunnels: TunnelState[];
  readonly gone: { readonly publicKey: PublicKey; readonly reason: string }[];
  /** What is heard of links and of trust, in order. */
  readonly words: (
    | { readonly linked: PublicKey; readonly by: Fingerprints }
    | { readonly said: unknown; readonly from: PublicKey; readonly by: Fingerprints }
    | { readonly unlinked: PublicKey }
    | { readonly gone: PublicKey }
  )[];
  /** Ends the process of an engine that has one. */
  readonly kill: () => void;
  /** How many processes were started. */
  readonly forks: () => number;
  isOnline: boolean;
  /** Whether main admits whoever is linked. */
  admits: boolean;
}

let clock: FakeClock;
let wires: Wires;
let nodes: Node[];
beforeEach(() => {
  clock = new FakeClock();
  wires = new Wires();
  nodes = [];
});
afterEach(() => Promise.all(nodes.map(({ engine }) => stopped(engine))));

async function stopped(engine: EnginePort): Promise<void> {
  let isOver = false;
  void engine.stop().then(() => {
    isOver = true;
  });
  await until(() => isOver);
}

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 1_200 && !isSo(); i++) await clock.advance(50);
  expect(isSo()).toBe(true);
}

/** What comes of something that takes time, with time running meanwhile. */
async function done<T>(work: Promise<T>): Promise<T> {
  let isOver = false;
  void work.finally(() => {
    isOver = true;
  });
  await until(() => isOver);
  return work;
}

type Machine = Pick<EngineOptions, "verify" | "openTun" | "createTransport" | "localTunnelAddresses">;
interface Made {
  readonly engine: EnginePort;
  readonly kill: () => void;
  readonly forks: () => number;
}

function inProcess(needs: EngineNeeds, machine: Machine): Made {
  return { engine: new Engine({ ...needs, ...machine }), kill: () => {}, forks: () => 0 };
}

/** The same engine behind messages: a MessageChannel, whose ends are structured clones' as those of Electron's are. */
function remote(needs: EngineNeeds, machine: Machine): Made {
  let forks = 0;
  let kill = () => {};
  const fork = (): EngineWire => {
    forks += 1;
    const { port1, port2 } = new MessageChannel();
    let isDead = false;
    const wireOf = (port: typeof port1): EngineWire => {
      const wire: EngineWire = {
        send: (message) => port.postMessage(message),
        close: () => port.close(),
        onMessage: () => {},
        onClose: () => {},
      };
      port.on("message", (message) => !isDead && wire.onMessage(message));
      return wire;
    };
    const [main, engine] = [wireOf(port1), wireOf(port2)];
    const made: Engine[] = [];
    kill = () => {
      isDead = true;
      port1.close();
      // A killed process says nothing to anybody; its devices and its links are the system's to end.
      for (const each of made) void each.stop();
      main.onClose("killed");
    };
    serveEngine(engine, {
      clock,
      create: (options) => {
        made.push(new Engine({ ...machine, ...options, clock, random: secureRandom }));
        return made.at(-1)!;
      },
      setTransports: () => {},
      // As a process that has nothing left to do.
      onStopped: () => setImmediate(() => main.onClose("exited")),
    });
    return main;
  };
  const transports = () => ({ iceServers: [], relayOnly: false, media: true });
  return { engine: new RemoteEngine({ ...needs, fork, transports }), kill: () => kill(), forks: () => forks };
}

function node(make: typeof inProcess, options: Partial<Pick<EngineOptions, "tun" | "openTun">> = {}): Node {
  const pair = generateKeyPair(secureRandom);
  const devices: FakeTun[] = [];
  const openTun: EngineOptions["openTun"] = async () => {
    const device = new FakeTun(1280, `fake${devices.length}`);
    devices.push(device);
    return ok(device);
  };
  const needs: EngineNeeds = {
    signer: signerOf(pair),
    clock,
    random: secureRandom,
    logger: silentLogger,
    username: `node ${nodes.length}`,
    mtu: 1280,
    tun: options.tun ?? "auto",
    sendSignal: (room, to, kind, content) => {
      if (!made.isOnline) return false;
      const target = nodes.find((other) => other.pair.publicKey === to);
      setImmediate(() => target?.engine.deliver(room, pair.publicKey, kind, content));
      return true;
    },
  };
  const machine = {
    verify: nativeVerify,
    openTun: options.openTun ?? openTun,
    createTransport: wires.create,
    localTunnelAddresses: () => new Set<string>(),
  };
  const made: Node = {
    ...make(needs, machine),
    pair,
    devices,
    tunnels: [],
    gone: [],
    words: [],
    isOnline: true,
    admits: true,
  };
  made.engine.events.on("tunnel", (state) => made.tunnels.push(state));
  made.engine.events.on("gone", (gone) => made.gone.push(gone));
  made.engine.events.on("linked", ({ publicKey, fingerprints }) => {
    made.words.push({ linked: publicKey, by: fingerprints });
    if (made.admits) made.engine.setAdmitted(publicKey, true);
  });
  made.engine.events.on("said", ({ publicKey, fingerprints, body }) =>
    made.words.push({ said: body, from: publicKey, by: fingerprints }),
  );
  made.engine.events.on("unlinked", ({ publicKey }) => made.words.push({ unlinked: publicKey }));
  made.engine.events.on("gone", ({ publicKey }) => made.words.push({ gone: publicKey }));
  nodes.push(made);
  return made;
}

async function connect(a: Node, b: Node): Promise<void> {
  for (const each of [a, b]) expect(await done(each.engine.start())).toEqual(ok(undefined));
  a.engine.peerSeen(den, b.pair.publicKey, true);
  b.engine.peerSeen(den, a.pair.publicKey, false);
  await until(() => areConnected(a, b));
}

const areConnected = (...all: Node[]) =>
  all.every(({ engine }) => engine.peers[0]?.state === "connected" && engine.peers[0].lane !== undefined);

/** What it was told so far it has done: it answers in order. */
const heeded = ({ engine, pair }: Node) => done(engine.roundTrip(pair.publicKey, 1));

/** By which connections it was linked, in order. */
const linksOf = ({ words }: Node) => words.flatMap((word) => ("linked" in word ? [word.by] : []));

async function send(from: Node, to: Node): Promise<Buffer[]> {
  const device = to.devices.at(-1)!;
  device.take();
  const addressOf = ({ pair }: Node) => deriveAddress(pair.publicKey).ipv4;
  from.devices.at(-1)!.fromSystem(packetBetween(addressOf(from), addressOf(to), 253, Buffer.from("hello")));
  await clock.advance(1);
  return device.take();
}

describe.each([
  ["in this process", inProcess],
  ["in a process of its own", remote],
] as const)("an engine %s", (_where, make) => {
  it("has the address of its key before it starts, and no device", () => {
    const { engine, pair } = node(make);
    expect(engine.address).toEqual(deriveAddress(pair.publicKey));
    expect(engine.tunnel).toEqual({ kind: "closed" });
    expect(node(make, { tun: "off" }).engine.tunnel).toEqual({ kind: "off" });
  });

  it("opens the device when it starts, and says so", async () => {
    const { engine, tunnels } = node(make);
    expect(await done(engine.start())).toEqual(ok(undefined));
    expect(tunnels).toEqual([{ kind: "up", device: "fake0", mtu: 1280 }]);
    expect(engine.tunnel).toEqual(tunnels[0]);
  });

  const refusal = fail("tun_denied", "no rights");

  it("fails to start without a device where one is required, and only there", async () => {
    const openTun = async () => refusal;
    expect(await done(node(make, { tun: "required", openTun }).engine.start())).toEqual(refusal);
    const wished = node(make, { openTun });
    expect(await done(wished.engine.start())).toEqual(ok(undefined));
    expect(wished.engine.tunnel).toEqual({ kind: "failed", failure: refusal.error });
  });

  it("opens a device that was refused when it is asked to try again", async () => {
    let may = false;
    const { engine } = node(make, { openTun: async () => (may ? ok(new FakeTun(1280, "late")) : refusal) });
    await done(engine.start());
    may = true;
    await done(engine.retryDevice());
    expect(engine.tunnel).toEqual({ kind: "up", device: "late", mtu: 1280 });
  });

  it("connects members, carries packets and counts them", async () => {
    const [a, b] = [node(make), node(make)];
    await connect(a, b);
    expect(a.engine.peers).toMatchObject([
      { publicKey: b.pair.publicKey, rooms: [den], username: "node 1", verified: true },
    ]);
    await until(() => a.engine.peers[0]?.username === "node 1");
    let arrived: Buffer[] = [];
    await until(() => a.devices.length > 0);
    arrived = await send(a, b);
    expect(arrived).toHaveLength(1);
    await until(() => a.engine.totals().packetsOut === 1 && b.engine.totals().packetsIn === 1);
    expect(a.engine.counters(b.pair.publicKey)?.packetsOut).toBe(1);
    expect(a.engine.counters(a.pair.publicKey)).toBeUndefined();
  });

  it("tells of a link and of what is said by it, with the fingerprints of its connection, and of its end", async () => {
    const [a, b] = [node(make), node(make)];
    await connect(a, b);
    const body = { kind: "room", rooms: [["r", 1]], nested: { proof: "p", "": null } };
    b.engine.say(a.pair.publicKey, body);
    b.engine.say(a.pair.publicKey, { kind: "policy" });
    await until(() => a.words.length > 2);
    const from = b.pair.publicKey;
    const [first] = linksOf(a);
    expect(first).toEqual({
      local: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/),
      remote: linksOf(b)[0]?.local,
    });
    expect(a.words).toEqual([
      { linked: from, by: first },
      { said: body, from, by: first },
      { said: { kind: "policy" }, from, by: first },
    ]);
    b.engine.leaveRoom(den);
    await until(() => a.gone.length > 0);
    expect(a.words.slice(3)).toEqual([{ unlinked: from }, { gone: from }]);
  });

  it("tells anew of a link that takes another's place, and of one that comes after a loss", async () => {
    const [a, b] = [node(make), node(make)];
    await connect(a, b);
    a.engine.pathChanged(new Set(["203.0.113.1"]));
    await until(() => linksOf(a).length === 2 && linksOf(b).length === 2);
    expect(a.words).toHaveLength(2);
    wires.cutAll();
    await until(() => linksOf(a).length === 3 && areConnected(a, b));
    expect(a.words[2]).toEqual({ unlinked: b.pair.publicKey });
    expect(new Set(linksOf(a).map(({ local }) => local)).size).toBe(3);
  });

  it("loses what is said to nobody", async () => {
    const [a, b] = [node(make), node(make)];
    a.engine.say(b.pair.publicKey, { kind: "room" });
    await connect(a, b);
    a.engine.say(a.pair.publicKey, { kind: "room" });
    a.engine.say(b.pair.publicKey, { kind: "policy" });
    await until(() => b.words.length > 1);
    expect(b.words.slice(1)).toMatchObject([{ said: { kind: "policy" } }]);
  });

  it("carries no packets of a member that is not admitted, and does not measure it", async () => {
    const [a, b] = [node(make), node(make)];
    a.admits = false;
    await connect(a, b);
    await until(() => b.engine.peers[0]?.capabilities.includes("speed") === true);
    expect([await send(a, b), await send(b, a)]).toEqual([[], []]);
    await until(() => b.engine.totals().packetsOut === 1 && a.engine.totals().dropped.no_peer === 1);
    expect(a.engine.totals()).toMatchObject({ packetsIn: 0, packetsOut: 0 });
    expect(a.engine.counters(b.pair.publicKey)).toBeUndefined();
    expect(await done(a.engine.speedTest(b.pair.publicKey, 1_000))).toMatchObject({ error: { code: "not_connected" } });
    a.engine.setAdmitted(b.pair.publicKey, true);
    await heeded(a);
    expect([(await send(a, b)).length, (await send(b, a)).length]).toEqual([1, 1]);
  });

  it("stops the packets of a member whose admission is withdrawn, also by its next connection", async () => {
    const [a, b] = [node(make), node(make)];
    await connect(a, b);
    expect([(await send(a, b)).length, (await send(b, a)).length]).toEqual([1, 1]);
    a.admits = false;
    a.engine.setAdmitted(b.pair.publicKey, false);
    await heeded(a);
    expect([await send(a, b), await send(b, a)]).toEqual([[], []]);
    a.engine.pathChanged(new Set(["203.0.113.1"]));
    await until(() => linksOf(a).length === 2 && areConnected(a, b));
    expect([await send(a, b), await send(b, a)]).toEqual([[], []]);
  });

  it("remembers admission from before the link, over connections, until the member is gone", async () => {
    const [a, b] = [node(make), node(make)];
    a.admits = false;
    const meet = () => {
      a.engine.peerSeen(den, b.pair.publicKey, true);
      b.engine.peerSeen(den, a.pair.publicKey, false);
    };
    for (const each of [a, b]) await done(each.engine.start());
    meet();
    a.engine.setAdmitted(b.pair.publicKey, true);
    await until(() => areConnected(a, b));
    expect(await send(b, a)).toHaveLength(1);
    wires.cutAll();
    await until(() => linksOf(a).length === 2 && areConnected(a, b));
    expect(await send(b, a)).toHaveLength(1);
    b.engine.leaveRoom(den);
    await until(() => a.gone.length > 0 && b.engine.peers.length === 0);
    meet();
    await until(() => areConnected(a, b));
    expect(await send(b, a)).toHaveLength(0);
  });

  it("keeps a member from beginning what it may not", async () => {
    const [a, b] = [node(make), node(make)];
    a.engine.setInbound(b.pair.publicKey, { mode: "none" });
    await connect(a, b);
    expect(await send(b, a)).toHaveLength(0);
    await until(() => a.engine.totals().dropped.refused === 1);
    a.engine.setInbound(b.pair.publicKey, { mode: "all" });
    await heeded(a);
    expect(await send(b, a)).toHaveLength(1);
  });

  it("measures a round trip, to a member that there is", async () => {
    const [a, b] = [node(make), node(make)];
    await connect(a, b);
    expect(await done(a.engine.roundTrip(b.pair.publicKey, 3_000))).toEqual(expect.any(Number));
    expect(await done(a.engine.roundTrip(a.pair.publicKey, 3_000))).toBeUndefined();
  });

  it("tells its members its new name", async () => {
    const [a, b] = [node(make), node(make)];
    await connect(a, b);
    a.engine.setUsername("Ann");
    await until(() => b.engine.peers[0]?.username === "Ann");
  });

  it("says goodbye to a room's members when this machine leaves it, and forgets who left", async () => {
    const [a, b] = [node(make), node(make)];
    await connect(a, b);
    a.engine.leaveRoom(den);
    await until(() => b.gone.length > 0 && a.engine.peers.length === 0);
    expect(b.gone).toMatchObject([{ publicKey: a.pair.publicKey, reason: "left" }]);
    await until(() => b.engine.peers.length === 0);
  });

  it("makes the link once signaling is back, when an offer could not be sent", async () => {
    const [a, b] = [node(make), node(make)];
    for (const each of [a, b]) await done(each.engine.start());
    for (const each of [a, b]) each.isOnline = false;
    a.engine.peerSeen(den, b.pair.publicKey, true);
    await clock.advance(1_000);
    for (const each of [a, b]) each.isOnline = true;
    a.engine.retryNow();
    await until(() => areConnected(a, b));
  });

  it("mends its links when the network changes", async () => {
    const [a, b] = [node(make), node(make)];
    await connect(a, b);
    const before = wires.made;
    a.engine.pathChanged(new Set(["203.0.113.1"]));
    await until(() => wires.made > before && areConnected(a, b));
  });

  it("closes the device when it stops, and may be told to twice", async () => {
    const { engine, devices } = node(make);
    await done(engine.start());
    await done(engine.stop());
    await done(engine.stop());
    expect(devices.map(({ isOpen }) => isOpen)).toEqual([false]);
  });
});

describe("an engine whose process dies", () => {
  it("shows the loss at once: no device, and members who are reconnecting", async () => {
    const [a, b] = [node(remote), node(inProcess)];
    await connect(a, b);
    a.kill();
    expect(a.engine.tunnel).toMatchObject({ kind: "failed", failure: { code: "engine_died" } });
    expect(a.engine.peers).toMatchObject([{ publicKey: b.pair.publicKey, state: "reconnecting" }]);
    expect(a.engine.peers[0]).toMatchObject({ lane: undefined, rttMs: undefined, path: undefined });
    expect(a.gone).toEqual([]);
  });

  it("is started again, makes its links anew, and carries packets as before", async () => {
    const [a, b] = [node(remote), node(inProcess)];
    await connect(a, b);
    a.kill();
    await until(() => a.forks() === 2 && a.engine.tunnel.kind === "up" && areConnected(a, b));
    expect(await send(a, b)).toHaveLength(1);
    expect(await send(b, a)).toHaveLength(1);
    expect(a.gone).toEqual([]);
  });

  it("counts on from where it was", async () => {
    const [a, b] = [node(remote), node(inProcess)];
    await connect(a, b);
    await send(a, b);
    await until(() => a.engine.totals().packetsOut === 1);
    a.kill();
    expect(a.engine.totals().packetsOut).toBe(1);
    await until(() => a.engine.tunnel.kind === "up" && areConnected(a, b));
    await send(a, b);
    await until(() => a.engine.totals().packetsOut === 2);
    expect(a.engine.counters(b.pair.publicKey)?.packetsOut).toBe(2);
  });

  it("has its new name", async () => {
    const [a, b] = [node(remote), node(inProcess)];
    await connect(a, b);
    a.engine.setUsername("Ann");
    a.kill();
    await until(() => areConnected(a, b) && b.engine.peers[0]?.username === "Ann");
  });

  it("is started less and less often while it dies at once, and at once when somebody asks", async () => {
    const a = node(remote);
    await done(a.engine.start());
    for (let i = 0; i < 6; i++) {
      const before = a.forks();
      a.kill();
      await until(() => a.forks() > before);
    }
    a.kill();
    const before = a.forks();
    await clock.advance(1_000);
    expect(a.forks()).toBe(before);
    a.engine.retryNow();
    expect(a.forks()).toBe(before + 1);
  });

  it("has no links meanwhile, and makes new ones with new certificates", async () => {
    const [a, b] = [node(remote), node(inProcess)];
    await connect(a, b);
    a.kill();
    expect(a.words.slice(1)).toEqual([{ unlinked: b.pair.publicKey }]);
    a.engine.say(b.pair.publicKey, { kind: "lost" });
    await until(() => linksOf(a).length === 2);
    expect(linksOf(a)[1]).not.toEqual(linksOf(a)[0]);
    a.engine.say(b.pair.publicKey, { kind: "room" });
    await until(() => b.words.some((word) => "said" in word));
    expect(b.words.filter((word) => "said" in word)).toMatchObject([{ said: { kind: "room" }, by: linksOf(b).at(-1) }]);
    a.kill();
    expect(a.words.at(-1)).toEqual({ unlinked: b.pair.publicKey });
  });

  it("is not said to lose a link that it had lost, or has not made again", async () => {
    const [a, b] = [node(remote), node(inProcess)];
    await connect(a, b);
    b.isOnline = false;
    wires.cutAll();
    await until(() => a.words.length === 2);
    for (let n = 2; n < 4; n++) {
      a.kill();
      await until(() => a.forks() === n && a.engine.tunnel.kind === "up");
    }
    expect(a.words.slice(1)).toEqual([{ unlinked: b.pair.publicKey }]);
    b.isOnline = true;
    await until(() => areConnected(a, b));
    for (const n of [4, 5]) {
      b.isOnline = false;
      a.kill();
      await until(() => a.forks() === n && a.engine.tunnel.kind === "up");
    }
    expect(a.words.slice(3)).toEqual([{ unlinked: b.pair.publicKey }]);
  });

  it("is told nothing of whoever is gone", async () => {
    const [a, b] = [node(remote), node(inProcess)];
    await connect(a, b);
    a.engine.setInbound(b.pair.publicKey, { mode: "none" });
    b.engine.leaveRoom(den);
    await until(() => a.gone.length > 0 && b.engine.peers.length === 0);
    a.kill();
    await until(() => a.engine.tunnel.kind === "up");
    a.engine.peerSeen(den, b.pair.publicKey, true);
    b.engine.peerSeen(den, a.pair.publicKey, false);
    await until(() => areConnected(a, b));
    await heeded(a);
    expect(await send(b, a)).toHaveLength(1);
  });

  it("carries the packets of those whom main had admitted, and of nobody else", async () => {
    const [a, b, c] = [node(remote), node(inProcess), node(inProcess)];
    a.admits = false;
    await connect(a, b);
    await done(c.engine.start());
    a.engine.peerSeen(den, c.pair.publicKey, true);
    await until(() => linksOf(a).length === 2 && linksOf(c).length === 1);
    for (const { pair } of [b, c]) a.engine.setAdmitted(pair.publicKey, true);
    await heeded(a);
    for (const each of [b, c]) expect(await send(each, a)).toHaveLength(1);
    a.engine.setAdmitted(c.pair.publicKey, false);
    a.kill();
    await until(() => a.engine.tunnel.kind === "up" && linksOf(a).length === 4);
    expect(await send(b, a)).toHaveLength(1);
    expect(await send(c, a)).toHaveLength(0);
    expect(await send(a, c)).toHaveLength(0);
  });

  it("is told whom it may admit no more while it is dead", async () => {
    const [a, b] = [node(remote), node(inProcess)];
    await connect(a, b);
    a.admits = false;
    a.kill();
    a.engine.setAdmitted(b.pair.publicKey, false);
    await until(() => a.engine.tunnel.kind === "up" && linksOf(a).length === 2);
    expect(await send(b, a)).toHaveLength(0);
  });

  it("knows a stranger in whoever left while it was dead and comes back", async () => {
    const [a, b] = [node(remote), node(inProcess)];
    await connect(a, b);
    a.admits = false;
    a.kill();
    a.engine.peerLeft(den, b.pair.publicKey);
    a.engine.peerSeen(den, b.pair.publicKey, true);
    await until(() => a.engine.tunnel.kind === "up" && linksOf(a).length === 2);
    expect(await send(b, a)).toHaveLength(0);
  });

  it("is not asked to say who left: main knows, and says so once", async () => {
    const [a, b, c] = [node(remote), node(inProcess), node(inProcess)];
    await connect(a, b);
    await done(c.engine.start());
    a.engine.peerSeen(den, c.pair.publicKey, true);
    await until(() => linksOf(a).length === 2);
    // It dies before it has read this.
    a.engine.peerLeft(den, b.pair.publicKey);
    a.kill();
    expect(a.gone).toEqual([{ publicKey: b.pair.publicKey, rooms: [den], reason: "left" }]);
    expect(a.engine.peers).toMatchObject([{ publicKey: c.pair.publicKey }]);
    a.engine.leaveRoom(den);
    expect(a.gone.slice(1)).toEqual([{ publicKey: c.pair.publicKey, rooms: [den], reason: "left" }]);
    expect(a.engine.peers).toEqual([]);
    await until(() => a.engine.tunnel.kind === "up");
    expect(a.gone).toHaveLength(2);
  });

  it("lets in only what main had said that it may", async () => {
    const [a, b] = [node(remote), node(inProcess)];
    await connect(a, b);
    a.engine.setInbound(b.pair.publicKey, { mode: "none" });
    a.kill();
    await until(() => a.engine.tunnel.kind === "up" && areConnected(a, b));
    expect(await send(b, a)).toHaveLength(0);
    await until(() => a.engine.totals().dropped.refused === 1);
  });

  it("answers whoever waits for it", async () => {
    const [a, b] = [node(remote), node(inProcess)];
    await connect(a, b);
    const trip = a.engine.roundTrip(b.pair.publicKey, 3_000);
    a.kill();
    expect(await trip).toBeUndefined();
  });

  it("is not started again once it was stopped", async () => {
    const a = node(remote);
    await done(a.engine.start());
    a.kill();
    await done(a.engine.stop());
    await clock.advance(60_000);
    expect(a.forks()).toBe(1);
  });
});

describe("an engine whose process hangs", () => {
  /** Each process takes what it is told and says nothing. */
  function hanging() {
    const wires: { isClosed: boolean }[] = [];
    const fork = (): EngineWire => {
      const state = { isClosed: false };
      wires.push(state);
      const close = () => {
        state.isClosed = true;
      };
      return { send: () => {}, close, onMessage: () => {}, onClose: () => {} };
    };
    const signer = signerOf(generateKeyPair(secureRandom));
    const common = { signer, clock, random: secureRandom, logger: silentLogger, username: "Ann", mtu: 1280 };
    const transports = () => ({ iceServers: [], relayOnly: false, media: true });
    const engine = new RemoteEngine({ ...common, tun: "off", sendSignal: () => true, fork, transports });
    return { engine, wires };
  }

  it("is ended after a while when it is to stop", async () => {
    const { engine, wires } = hanging();
    const started = engine.start();
    await done(engine.stop());
    expect(wires).toEqual([{ isClosed: true }]);
    expect(await started).toEqual(ok(undefined));
    expect(clock.pending).toBe(0);
  });

  it("is ended when it does not start, and another takes its place", async () => {
    const { engine, wires } = hanging();
    expect(await done(engine.start())).toEqual(ok(undefined));
    await until(() => wires.length > 1);
    expect(wires[0]).toEqual({ isClosed: true });
    await done(engine.stop());
  });
});

describe("main, for an engine that it does not believe", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const address = { ipv4: "100.64.0.1", ipv6: "fd67:6f76:706e::1", ipv4Salt: 0 };
  const view = { address, tunnel: { kind: "off" }, peers: [] };
  const fingerprints = { local: "A", remote: "B" };
  const totals = new Counting().snapshot();

  it("signs signals and hellos, and nothing that a server or a member would take for main's own word", () => {
    expect(maySignForEngine(bytes('["govpn-policy-v1","room"]'))).toBe(false);
    expect(maySignForEngine(bytes('["govpn-signal-v1","room"]'))).toBe(true);
    expect(maySignForEngine(bytes('["govpn-hello-v1","a"]'))).toBe(true);
    expect(maySignForEngine(bytes('{"type":"LeaveRoom","room_id":"x","signature":""}'))).toBe(false);
    expect(maySignForEngine(bytes('["govpn-signal-v1'))).toBe(false);
    expect(maySignForEngine(new Uint8Array())).toBe(false);
  });

  it.each<unknown>([
    undefined,
    null,
    "sign",
    { type: "sign", id: 1, message: "text" },
    { type: "sign", id: 1.5, message: new Uint8Array() },
    { type: "signal", id: 1, room: "r", to: "k", kind: "LeaveRoom", content: "" },
    { type: "signal", id: 1, room: {}, to: "k", kind: "offer", content: "" },
    { type: "anything" },
    { type: "event", event: { name: "peer", payload: {} }, view: {} },
    { type: "event", event: { name: "gone", payload: { publicKey: "k", rooms: null, reason: "left" } }, view },
    { type: "event", event: { name: "toString", payload: {} }, view },
    { type: "event", event: { name: "linked", payload: { publicKey: "k" } }, view },
    { type: "event", event: { name: "linked", payload: { publicKey: "k", fingerprints: { local: "A" } } }, view },
    { type: "event", event: { name: "unlinked", payload: {} }, view },
    { type: "event", event: { name: "said", payload: { publicKey: "k", fingerprints, body: {} } }, view },
    { type: "said", said: { publicKey: "k", fingerprints } },
    { type: "said", said: { publicKey: "k", fingerprints: {}, body: {} } },
    { type: "said", said: { publicKey: "k", fingerprints, body: [] } },
    { type: "said", said: { publicKey: "k", fingerprints, body: new Map() } },
    { type: "said", said: { publicKey: "k", fingerprints, body: { bytes: new Uint8Array(1) } } },
    { type: "said", said: { publicKey: "k", fingerprints, body: { text: "x".repeat(16 * 1024) } } },
    { type: "counts", counts: { totals: {}, peers: new Map() }, view },
    { type: "counts", counts: { totals, peers: [] }, view },
    { type: "counts", counts: { totals, peers: new Map() }, view: { ...view, peers: [{ publicKey: "k" }] } },
    { type: "counts", counts: { totals, peers: new Map() }, view: { ...view, tunnel: { kind: "failed" } } },
    { type: "log", level: "warn", record: { scope: {}, message: "m", fields: {} } },
  ])("drops what is no message: %j", (message) => {
    expect(readFromEngine(message)).toBeUndefined();
  });

  it("takes what one says of itself", () => {
    const message = { type: "counts", counts: { totals, peers: new Map([["k", totals]]) }, view };
    expect(readFromEngine(message)).toEqual(message);
  });

  it("takes what it says of links and of members' words", () => {
    const body = { kind: "room", rooms: [["r", 1]] };
    for (const message of [
      { type: "event", event: { name: "linked", payload: { publicKey: "k", fingerprints } }, view },
      { type: "event", event: { name: "unlinked", payload: { publicKey: "k" } }, view },
      { type: "said", said: { publicKey: "k", fingerprints, body } },
    ]) {
      expect(readFromEngine(message)).toEqual(message);
    }
  });

  it("writes down what it logs, and nothing that no log can hold", () => {
    const endless: Record<string, unknown> = {};
    endless.self = endless;
    const fields = { endless, many: 5n, list: [1, 2], text: "t" };
    const message = { type: "log", level: "warn", record: { scope: "mesh", message: "m", fields } };
    expect(readFromEngine(message)).toMatchObject({
      record: { fields: { endless: "[not to be written]", many: "5", list: "[1,2]", text: "t" } },
    });
  });
});
