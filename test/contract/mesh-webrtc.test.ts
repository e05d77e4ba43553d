import { existsSync, readdirSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../electron/adapters/clock.ts";
import { secureRandom } from "../../electron/adapters/random.ts";
import { releaseWebrtc } from "../../electron/adapters/webrtc/closing.ts";
import { webrtcTransports } from "../../electron/adapters/webrtc/transport.ts";
import type { RoomId } from "../../shared/base/brand.ts";
import { silentLogger } from "../../shared/base/logger.ts";
import { generateKeyPair, type KeyPair, signerOf, verifySignature } from "../../shared/identity/keys.ts";
import { encodeControl, MAX_CONTROL_LENGTH } from "../../shared/mesh/control.ts";
import { Mesh, type MeshEvents, type PeerView } from "../../shared/mesh/mesh.ts";
import type { Fingerprints } from "../../shared/mesh/ports.ts";
import type { Lane } from "../../shared/tunnel/ports.ts";

// Real WebRTC on this machine, signaling by function call.
const room = "room" as RoomId;
const createTransport = webrtcTransports({ iceServers: [], logger: silentLogger });
const open: Mesh[] = [];
afterEach(() => {
  for (const mesh of open.splice(0)) mesh.dispose();
});

interface Node {
  readonly mesh: Mesh;
  readonly pair: KeyPair;
  lane: Lane | undefined;
}

function node(
  name: string,
  deliver: (to: string, from: KeyPair, kind: "offer" | "answer" | "candidate", content: string) => void,
): Node {
  const pair = generateKeyPair(secureRandom);
  const mesh = new Mesh(
    { username: name, ipv4Salt: 0, mtu: 1280 },
    {
      signer: signerOf(pair),
      verify: verifySignature,
      clock: systemClock,
      random: secureRandom,
      logger: silentLogger,
      createTransport,
      isTunnelAddress: () => false,
      sendSignal: (_room, to, kind, content) => {
        deliver(to, pair, kind, content);
        return true;
      },
    },
  );
  open.push(mesh);
  const self: Node = { mesh, pair, lane: undefined };
  mesh.events.on("lane", ({ lane }) => {
    self.lane = lane;
  });
  return self;
}

/** Sockets and all else; a connection that is never closed keeps two. 0 where the system does not tell. */
function openFiles(): number {
  return existsSync("/proc/self/fd") ? readdirSync("/proc/self/fd").length : 0;
}

function twoNodes(): { a: Node; b: Node } {
  const nodes: Node[] = [];
  const deliver = (to: string, from: KeyPair, kind: "offer" | "answer" | "candidate", content: string) =>
    setImmediate(() => {
      const target = nodes.find((candidate) => candidate.pair.publicKey === to);
      target?.mesh.deliver(room, from.publicKey, kind, content);
    });
  const a = node("ann", deliver);
  const b = node("bob", deliver);
  nodes.push(a, b);
  return { a, b };
}

function connected(one: Node): Promise<void> {
  return comes(one, (peer) => peer.state === "connected");
}

/** Waits until a peer of this node fits, as it is by now or as it becomes. */
function comes(one: Node, fits: (peer: PeerView) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const check = () => one.mesh.peers.some(fits);
    if (check()) return resolve();
    const subscription = one.mesh.events.on("peer", () => {
      if (!check()) return;
      subscription.dispose();
      resolve();
    });
  });
}

describe("a mesh over real WebRTC", () => {
  it("connects two members, verified, and carries packets both ways", async () => {
    const { a, b } = twoNodes();
    a.mesh.peerSeen(room, b.pair.publicKey, true);
    b.mesh.peerSeen(room, a.pair.publicKey, false);
    await Promise.all([connected(a), connected(b)]);
    const [seen] = a.mesh.peers;
    expect(seen).toMatchObject({
      username: "bob",
      verified: true,
      lane: expect.stringMatching(/^(packets|media)$/),
      state: "connected",
      mtu: 1280,
    });
    expect(seen?.path?.kind).toBe("direct");
    const got = new Promise<Uint8Array>((resolve) => {
      if (b.lane) b.lane.onPacket = resolve;
    });
    a.lane?.send(Uint8Array.of(1, 2, 3));
    expect([...(await got)]).toEqual([1, 2, 3]);
    const back = new Promise<Uint8Array>((resolve) => {
      if (a.lane) a.lane.onPacket = resolve;
    });
    b.lane?.send(Uint8Array.of(4));
    expect([...(await back)]).toEqual([4]);
  });

  it("settles on one link when both offer at once", async () => {
    const { a, b } = twoNodes();
    a.mesh.peerSeen(room, b.pair.publicKey, true);
    b.mesh.peerSeen(room, a.pair.publicKey, true);
    await Promise.all([connected(a), connected(b)]);
    expect(a.mesh.peers).toHaveLength(1);
    expect(b.mesh.peers).toHaveLength(1);
  });

  it("says of trust up to 16 KiB a message, by a link whose certificates both ends see alike", async () => {
    const { a, b } = twoNodes();
    const linked = ({ mesh }: Node) =>
      new Promise<Fingerprints>((resolve) => void mesh.events.once("linked", (event) => resolve(event.fingerprints)));
    const links = Promise.all([linked(a), linked(b)]);
    const said: MeshEvents["said"][] = [];
    const all = new Promise<void>((resolve) => {
      b.mesh.events.on("said", (event) => {
        if (said.push(event) === 20) resolve();
      });
    });
    a.mesh.peerSeen(room, b.pair.publicKey, true);
    const [at, across] = await links;
    expect(across).toEqual({ local: at.remote, remote: at.local });
    expect(at.local).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    // The most that a message holds, in letters that take two bytes each on the way.
    const around = encodeControl({ t: "trust", body: { n: 10, text: "" } }).length;
    const text = "ß".repeat(MAX_CONTROL_LENGTH - around);
    // As many at once as a link that has just come up has to carry.
    for (let n = 10; n < 30; n++) a.mesh.say(b.pair.publicKey, n < 14 ? { n, text } : { n });
    await all;
    expect(said.map(({ body }) => (body as { n: number }).n)).toEqual(Array.from({ length: 20 }, (_, n) => n + 10));
    expect(said[0]).toEqual({ publicKey: a.pair.publicKey, fingerprints: across, body: { n: 10, text } });
  });

  it("tells the other end when it leaves", async () => {
    const { a, b } = twoNodes();
    a.mesh.peerSeen(room, b.pair.publicKey, true);
    await Promise.all([connected(a), connected(b)]);
    const gone = new Promise((resolve) => a.mesh.events.once("gone", resolve));
    b.mesh.leaveRoom(room);
    expect(await gone).toMatchObject({ publicKey: b.pair.publicKey, reason: "left", rooms: [room] });
  });

  it("is heard to leave, every time, by 25 at once", async () => {
    const pairs = Array.from({ length: 25 }, () => twoNodes());
    for (const { a, b } of pairs) a.mesh.peerSeen(room, b.pair.publicKey, true);
    await Promise.all(pairs.flatMap(({ a, b }) => [connected(a), connected(b)]));
    const heard = pairs.map(({ a }) => new Promise((resolve) => a.mesh.events.once("gone", resolve)));
    for (const { b } of pairs) b.mesh.dispose();
    for (const gone of await Promise.all(heard)) expect(gone).toMatchObject({ reason: "left" });
  });

  it("moves over to a new connection without a moment without a lane", async () => {
    const { a, b } = twoNodes();
    a.mesh.peerSeen(room, b.pair.publicKey, true);
    await Promise.all([connected(a), connected(b)]);
    // Each connection has a socket of its own, and so a port. The lane may change without a move: packets, then media.
    const portOf = (one: Node) => one.mesh.peers[0]?.path?.local;
    const before = new Map([a, b].map((one) => [one, portOf(one)]));
    const moves = [a, b].map((one) => comes(one, ({ path }) => path !== undefined && path.local !== before.get(one)));
    const lanes: (Lane | undefined)[] = [];
    a.mesh.events.on("lane", ({ lane }) => lanes.push(lane));
    const words: string[] = [];
    a.mesh.events.on("linked", () => words.push("linked"));
    a.mesh.events.on("unlinked", () => words.push("unlinked"));
    // Both ends at once: one of the two offers gives way.
    a.mesh.pathChanged(new Set());
    b.mesh.pathChanged(new Set());
    await Promise.all(moves);
    expect(lanes).toContain(a.lane);
    expect(lanes).not.toContain(undefined);
    expect(words).toContain("linked");
    expect(words).not.toContain("unlinked");
    const got = new Promise<Uint8Array>((resolve) => {
      if (b.lane) b.lane.onPacket = resolve;
    });
    a.lane?.send(Uint8Array.of(5));
    expect([...(await got)]).toEqual([5]);
  });

  it("makes and tears down 200 links in a row without one failure", { timeout: 120_000 }, async () => {
    const refused: unknown[] = [];
    const filesBefore = openFiles();
    for (let i = 0; i < 200; i++) {
      const { a, b } = twoNodes();
      a.mesh.events.on("refused", (event) => refused.push(event));
      b.mesh.events.on("refused", (event) => refused.push(event));
      if (i % 2) a.mesh.peerSeen(room, b.pair.publicKey, true);
      else b.mesh.peerSeen(room, a.pair.publicKey, true);
      const startedAt = systemClock.now();
      await Promise.all([connected(a), connected(b)]);
      // An attempt that failed and was made again takes at least its whole time-out longer.
      expect(systemClock.now() - startedAt).toBeLessThan(10_000);
      a.mesh.dispose();
      b.mesh.dispose();
    }
    expect(refused).toEqual([]);
    await releaseWebrtc();
    expect(openFiles()).toBeLessThanOrEqual(filesBefore + 10);
  });
});
