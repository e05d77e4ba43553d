import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../electron/adapters/clock.ts";
import { nativeVerify } from "../../electron/adapters/ed25519.ts";
import { secureRandom } from "../../electron/adapters/random.ts";
import { releaseWebrtc } from "../../electron/adapters/webrtc/closing.ts";
import { webrtcTransports } from "../../electron/adapters/webrtc/transport.ts";
import { Engine } from "../../electron/engine/engine.ts";
import type { PublicKey, RoomId } from "../../shared/base/brand.ts";
import { silentLogger } from "../../shared/base/logger.ts";
import { ok } from "../../shared/base/result.ts";
import { generateKeyPair, signerOf } from "../../shared/identity/keys.ts";
import type { LaneKind } from "../../shared/tunnel/ports.ts";
import { packetBetween } from "../fakes/packets.ts";
import { FakeTun } from "../fakes/tun.ts";

// Whole engines over real WebRTC on this machine, signaling by function call; a test is the system behind each device.
const room = "room" as RoomId;
const BOUND = 253;

interface Node {
  readonly engine: Engine;
  readonly key: PublicKey;
  readonly device: FakeTun;
}

let nodes: Node[] = [];
afterEach(async () => {
  await Promise.all(nodes.map(({ engine }) => engine.stop()));
  nodes = [];
  await releaseWebrtc();
});

function node(media: boolean): Node {
  const pair = generateKeyPair(secureRandom);
  const device = new FakeTun();
  const engine = new Engine({
    signer: signerOf(pair),
    verify: nativeVerify,
    clock: systemClock,
    random: secureRandom,
    logger: silentLogger,
    username: `node ${nodes.length}`,
    mtu: 1280,
    tun: "required",
    openTun: async () => ok(device),
    createTransport: webrtcTransports({ iceServers: [], media, logger: silentLogger }),
    localTunnelAddresses: () => new Set(),
    sendSignal: (_room, to, kind, content) => {
      const target = nodes.find(({ key }) => key === to);
      setImmediate(() => target?.engine.deliver(room, pair.publicKey, kind, content));
      return true;
    },
  });
  const made = { engine, key: pair.publicKey, device };
  nodes.push(made);
  return made;
}

/** Waits for events, and looks again at each. */
function until({ engine }: Node, isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const subscription = engine.events.on("peer", () => check());
    const check = () => {
      if (!isSo()) return;
      subscription.dispose();
      resolve();
    };
    check();
  });
}

/** Two that are linked and admit nobody yet, by this lane. */
async function linked(lane: LaneKind): Promise<[Node, Node]> {
  const [a, b] = [node(lane === "media"), node(lane === "media")];
  for (const { engine } of [a, b]) await engine.start();
  a.engine.peerSeen(room, b.key, true);
  b.engine.peerSeen(room, a.key, false);
  const isThere = ({ engine }: Node) => engine.peers[0]?.state === "connected" && engine.peers[0].lane === lane;
  await Promise.all([a, b].map((each) => until(each, () => isThere(each))));
  return [a, b];
}

function post(from: Node, to: Node, text: string): void {
  const { engine, device } = from;
  device.fromSystem(packetBetween(engine.address.ipv4, to.engine.address.ipv4, BOUND, Buffer.from(text)));
}

/** What others' packets said that came since the last look. */
const heard = ({ device }: Node): string[] =>
  device
    .take()
    .filter((packet) => packet[9] === BOUND)
    .map((packet) => packet.subarray(20).toString());

/** Looks again and again, while packets come. */
function eventually(isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const looking = systemClock.every(5, () => {
      if (!isSo()) return;
      looking.dispose();
      resolve();
    });
  });
}

/**
 * So much time that what was sent before has arrived, if it arrives at all: three round trips on the same connection (many more would be a flood).
 * The lanes keep no order with the control channel, but this machine's loopback has no path that is that much slower.
 */
async function settled(...from: Node[]): Promise<void> {
  for (let i = 0; i < 3; i++) {
    for (const { engine } of from) expect(await engine.roundTrip(engine.peers[0]!.publicKey, 10_000)).toBeDefined();
  }
}

describe.each(["packets", "media"] as const)("a link over real WebRTC, by the %s lane,", (lane) => {
  it("carries nothing either way until both ends have admitted each other, and nothing again after one has not", async () => {
    const [a, b] = await linked(lane);
    const exchange = async (text: string) => {
      post(a, b, `${text} from a`);
      post(b, a, `${text} from b`);
      await settled(a, b);
      return [heard(a), heard(b)];
    };
    expect(await exchange("early")).toEqual([[], []]);
    a.engine.setAdmitted(b.key, true);
    // What it admits it sends to; the other end does not hear.
    expect(await exchange("half")).toEqual([[], []]);
    expect(b.engine.totals()).toMatchObject({ packetsIn: 0, packetsOut: 0 });
    b.engine.setAdmitted(a.key, true);
    expect(await exchange("both")).toEqual([["both from b"], ["both from a"]]);
    b.engine.setAdmitted(a.key, false);
    expect(await exchange("late")).toEqual([[], []]);
  });

  it("stops in the middle of a stream, at once, and the successor of this connection carries nothing either", async () => {
    const [a, b] = await linked(lane);
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      one.engine.setAdmitted(other.key, true);
    }
    const stream = systemClock.every(1, () => {
      post(a, b, "a");
      post(b, a, "b");
    });
    let arrived = 0;
    await eventually(() => {
      arrived += heard(a).length;
      return arrived >= 100;
    });
    a.engine.setAdmitted(b.key, false);
    heard(a);
    // What had left before may still arrive there, for as long as anything is on its way.
    await settled(a, b);
    heard(b);
    await settled(a, b);
    expect([heard(a), heard(b)]).toEqual([[], []]);
    const moved = [a, b].map(({ engine }) => new Promise((resolve) => void engine.events.once("linked", resolve)));
    a.engine.pathChanged(new Set());
    await Promise.all(moved);
    await settled(a, b);
    expect([heard(a), heard(b)]).toEqual([[], []]);
    a.engine.setAdmitted(b.key, true);
    await eventually(() => heard(a).length > 0);
    stream.dispose();
  });

  it("is not measured, and measures nothing for the other end", async () => {
    const [a, b] = await linked(lane);
    b.engine.setAdmitted(a.key, true);
    expect(await a.engine.speedTest(b.key, 500)).toMatchObject({ error: { code: "not_connected" } });
    expect(await b.engine.speedTest(a.key, 500)).toMatchObject({ error: { code: "no_answer" } });
    a.engine.setAdmitted(b.key, true);
    expect(await a.engine.speedTest(b.key, 500)).toMatchObject({ ok: true });
  });
});
