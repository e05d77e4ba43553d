import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SPEED_CAPABILITY } from "../../../shared/tunnel/speed-frame.ts";
import { COLLIDING, type Node, room, World } from "./world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.stop());

const nobody = () => false;

/** Two with a link between them; which of the two admits the other. */
async function linked({ a: first, b: second }: { a: boolean; b: boolean }): Promise<[Node, Node]> {
  const [a, b] = [world.node(), world.node()];
  a.admits = () => first;
  b.admits = () => second;
  await world.connect(a, b);
  expect(a.engine.peers[0]).toMatchObject({ state: "connected", lane: "packets" });
  return [a, b];
}

const counted = ({ engine }: Node) => {
  const { packetsIn, packetsOut, dropped } = engine.totals();
  return { packetsIn, packetsOut, dropped: Object.values(dropped).reduce((sum, count) => sum + count, 0) };
};
const nothing = { packetsIn: 0, packetsOut: 0, dropped: 0 };

/** What others sent since the last look: not what this machine itself answers its own packets. */
const arrived = ({ devices }: Node) => devices[0]!.take().filter((packet) => packet[9] === 253);

/** What arrives at either end of a packet each way. */
async function bothWays(a: Node, b: Node): Promise<[number, number]> {
  return [(await world.send(a, b)).length, (await world.send(b, a)).length];
}

describe("a member that is linked and not admitted", () => {
  it("gets no packets, and nothing that it sends counts", async () => {
    const [a, b] = await linked({ a: false, b: true });
    expect(await bothWays(a, b)).toEqual([0, 0]);
    expect(counted(b)).toEqual({ ...nothing, packetsOut: 1 });
    // What went to it had no way to go; what came from it is not there at all.
    expect(counted(a)).toEqual({ ...nothing, dropped: 1 });
    expect(a.engine.totals().dropped.no_peer).toBe(1);
    expect(a.engine.counters(b.key)).toBeUndefined();
  });

  it("gets none from somebody whom it has not admitted either", async () => {
    const [a, b] = await linked({ a: false, b: false });
    expect(await bothWays(a, b)).toEqual([0, 0]);
    for (const each of [a, b]) expect(counted(each)).toEqual({ ...nothing, dropped: 1 });
  });

  it("is connected all the same: it answers, and can be talked to of trust", async () => {
    const [a, b] = await linked({ a: false, b: false });
    const said: unknown[] = [];
    b.engine.events.on("said", ({ body }) => said.push(body));
    a.engine.say(b.key, { kind: "room" });
    const trip = a.engine.roundTrip(b.key, 3_000);
    await world.clock.advance(100);
    expect(await trip).toEqual(expect.any(Number));
    expect(said).toEqual([{ kind: "room" }]);
  });

  it("is not measured, and not helped to measure", async () => {
    const [a, b] = await linked({ a: false, b: true });
    expect(a.engine.peers[0]?.capabilities).toContain(SPEED_CAPABILITY);
    expect(await a.engine.speedTest(b.key, 1_000)).toMatchObject({ error: { code: "not_connected" } });
    const test = b.engine.speedTest(a.key, 1_000);
    await world.clock.advance(10_000);
    expect(await test).toMatchObject({ error: { code: "no_answer" } });
    expect(counted(a)).toEqual(nothing);
  });

  it("has no address here: this machine does not give way to it", async () => {
    const [large, small] = COLLIDING.map((pair) => world.node({}, pair)) as [Node, Node];
    large.admits = nobody;
    await world.connect(small, large);
    await world.clock.advance(60_000);
    expect(large.engine.address.ipv4Salt).toBe(0);
    expect(large.opened).toHaveLength(1);
    large.engine.setAdmitted(small.key, true);
    expect(large.engine.address.ipv4Salt).toBe(1);
    await world.until(() => large.engine.tunnel.kind === "up" && large.devices.length === 2);
  });

  it("has no address here: it does not get another member's packets", async () => {
    const [larger, smaller] = COLLIDING;
    const [self, friend, stranger] = [world.node(), world.node({}, larger), world.node({}, smaller)];
    self.admits = (key) => key === friend.key;
    await world.connect(self, friend);
    await world.connect(self, stranger);
    expect(stranger.engine.address.ipv4).toBe(friend.engine.address.ipv4);
    expect(await world.send(self, friend)).toHaveLength(1);
    expect(stranger.devices[0]!.take()).toEqual([]);
    expect(await world.send(friend, self)).toHaveLength(1);
  });
});

describe("admission", () => {
  it("opens the way at once, both ways", async () => {
    const [a, b] = await linked({ a: false, b: true });
    expect(await bothWays(a, b)).toEqual([0, 0]);
    a.engine.setAdmitted(b.key, true);
    expect(await bothWays(a, b)).toEqual([1, 1]);
  });

  it("may be said twice, and before there is a link", async () => {
    const [a, b] = [world.node(), world.node()];
    a.admits = nobody;
    for (const each of [a, b]) await each.engine.start();
    world.meet(a, b);
    for (let n = 0; n < 2; n++) a.engine.setAdmitted(b.key, true);
    await world.until(() => world.areConnected(a, b));
    expect(await bothWays(a, b)).toEqual([1, 1]);
  });

  it("of somebody who is not known says nothing of who comes later", async () => {
    const [a, b] = [world.node(), world.node()];
    a.admits = nobody;
    a.engine.setAdmitted(b.key, true);
    await world.connect(a, b);
    expect(await bothWays(a, b)).toEqual([0, 0]);
  });

  it("outlives the connection", async () => {
    const [a, b] = await linked({ a: true, b: true });
    a.admits = b.admits = nobody;
    const before = world.wires.made;
    world.wires.cutAll();
    await world.until(() => world.wires.made > before && world.areConnected(a, b));
    expect(await bothWays(a, b)).toEqual([1, 1]);
  });

  it("ends when the member is gone: who comes back is admitted anew, or not", async () => {
    const [a, b] = await linked({ a: true, b: true });
    a.admits = nobody;
    b.engine.leaveRoom(room);
    await world.until(() => a.engine.peers.length === 0);
    world.meet(a, b);
    await world.until(() => world.areConnected(a, b));
    expect(await bothWays(a, b)).toEqual([0, 0]);
    a.engine.setAdmitted(b.key, true);
    expect(await bothWays(a, b)).toEqual([1, 1]);
  });

  it("knows what the member has told of itself: a packet to its newest address finds it", async () => {
    const [large, small] = COLLIDING.map((pair) => world.node({}, pair)) as [Node, Node];
    small.admits = nobody;
    await world.connect(small, large);
    await world.until(() => large.engine.address.ipv4Salt === 1 && large.engine.tunnel.kind === "up");
    await world.clock.advance(1_000);
    small.engine.setAdmitted(large.key, true);
    expect(await bothWays(small, large)).toEqual([1, 1]);
  });
});

describe("admission that is withdrawn", () => {
  it("stops packets at once, those on their way included, and only that member's", async () => {
    const [a, b, c] = [world.node(), world.node(), world.node()];
    await world.connect(a, b);
    await world.connect(a, c);
    expect(await bothWays(a, b)).toEqual([1, 1]);
    a.devices[0]!.take();
    world.post(b, a);
    a.engine.setAdmitted(b.key, false);
    world.post(a, b);
    await world.clock.advance(1);
    for (const { devices } of [a, b]) expect(devices[0]!.take()).toEqual([]);
    expect(await bothWays(a, b)).toEqual([0, 0]);
    expect(await bothWays(a, c)).toEqual([1, 1]);
  });

  it("stops a stream of packets in the middle, and what it counted stays counted", async () => {
    const [a, b] = await linked({ a: true, b: true });
    const stream = world.clock.every(1, () => {
      world.post(a, b);
      world.post(b, a);
    });
    await world.clock.advance(50);
    a.engine.setAdmitted(b.key, false);
    for (const each of [a, b]) expect(arrived(each).length).toBeGreaterThan(40);
    const before = a.engine.counters(b.key);
    await world.clock.advance(10_000);
    stream.dispose();
    for (const each of [a, b]) expect(arrived(each)).toEqual([]);
    expect(a.engine.counters(b.key)).toMatchObject({
      packetsIn: before?.packetsIn,
      packetsOut: before?.packetsOut,
    });
    // What the system still sends there is nobody's, and the program that sends it hears so at once.
    expect(a.engine.totals().dropped.no_peer).toBeGreaterThan(0);
  });

  it("holds for the connection that takes the place of this one", async () => {
    const [a, b] = await linked({ a: true, b: true });
    a.admits = nobody;
    a.engine.pathChanged(new Set());
    a.engine.setAdmitted(b.key, false);
    const before = world.wires.made;
    await world.until(() => world.wires.made > before && world.areConnected(a, b));
    expect(await bothWays(a, b)).toEqual([0, 0]);
    world.wires.cutAll();
    await world.until(() => world.wires.made > before + 2 && world.areConnected(a, b));
    expect(await bothWays(a, b)).toEqual([0, 0]);
  });

  it("holds for the connection that this one took the place of, which still drains", async () => {
    const [a, b] = await linked({ a: true, b: true });
    a.admits = nobody;
    let count = 0;
    const stream = world.clock.every(1, () => {
      if (isWithdrawn) count += arrived(a).length;
      world.post(b, a);
    });
    let isWithdrawn = false;
    a.engine.events.on("linked", () => {
      a.engine.setAdmitted(b.key, false);
      a.devices[0]!.take();
      isWithdrawn = true;
    });
    a.engine.pathChanged(new Set());
    await world.until(() => isWithdrawn);
    await world.clock.advance(5_000);
    stream.dispose();
    expect(count).toBe(0);
  });

  it("frees the address at once for another member that has the same", async () => {
    const [larger, smaller] = COLLIDING;
    const [self, friend, leaver] = [world.node(), world.node({}, larger), world.node({}, smaller)];
    await world.connect(self, leaver);
    await world.connect(self, friend);
    expect(friend.engine.address.ipv4).toBe(leaver.engine.address.ipv4);
    expect(await world.send(self, leaver)).toHaveLength(1);
    expect(await world.send(friend, self)).toHaveLength(0);
    self.engine.setAdmitted(leaver.key, false);
    expect(await world.send(self, friend)).toHaveLength(1);
    expect(await world.send(friend, self)).toHaveLength(1);
    expect(arrived(leaver)).toEqual([]);
    // Nor does news of itself give it back.
    leaver.engine.setUsername("another name");
    await world.clock.advance(1_000);
    expect(await world.send(self, friend)).toHaveLength(1);
    self.engine.setAdmitted(leaver.key, true);
    expect(await world.send(self, leaver)).toHaveLength(1);
  });

  it("drops what waits for the member, and tells the program that goes on sending", async () => {
    const [a, b] = await linked({ a: true, b: true });
    a.devices[0]!.take();
    a.engine.setAdmitted(b.key, false);
    world.post(a, b);
    await world.clock.advance(1);
    // An ICMP message, and at once: not after the two seconds that a lost lane is waited for.
    expect(a.devices[0]!.take().map((packet) => packet[9])).toEqual([1]);
    a.engine.setAdmitted(b.key, true);
    await world.clock.advance(5_000);
    expect(arrived(b)).toEqual([]);
  });

  it("can be given again", async () => {
    const [a, b] = await linked({ a: true, b: true });
    expect(await bothWays(a, b)).toEqual([1, 1]);
    a.engine.setAdmitted(b.key, false);
    a.engine.setAdmitted(b.key, true);
    expect(await bothWays(a, b)).toEqual([1, 1]);
    expect(a.engine.counters(b.key)).toMatchObject({ packetsIn: 2, packetsOut: 2 });
  });

  it("ends a speed test that is under way, at either end", async () => {
    // The one that measures stops at once, and asks in vain; the other has to wait first until it is clear that nobody counts.
    for (const [end, withinMs] of [
      ["a", 2_600],
      ["b", 5_000],
    ] as const) {
      const [a, b] = await linked({ a: true, b: true });
      const test = a.engine.speedTest(b.key, 10_000);
      await world.clock.advance(1_000);
      if (end === "a") a.engine.setAdmitted(b.key, false);
      else b.engine.setAdmitted(a.key, false);
      let result: unknown;
      void test.then((done) => {
        result = done;
      });
      await world.clock.advance(withinMs);
      expect(result).toMatchObject({ ok: false });
    }
  });
});

describe("what a member may begin with this machine", () => {
  it("is said to the tunnel, also before it is linked, and holds for its next connection", async () => {
    const [a, b] = [world.node(), world.node()];
    a.engine.setInbound(b.key, { mode: "none" });
    await world.connect(a, b);
    expect(await world.send(b, a)).toHaveLength(0);
    expect(a.engine.counters(b.key)?.dropped.refused).toBe(1);
    const before = world.wires.made;
    world.wires.cutAll();
    await world.until(() => world.wires.made > before && world.areConnected(a, b));
    expect(await world.send(b, a)).toHaveLength(0);
    a.engine.setInbound(b.key, { mode: "all" });
    expect(await world.send(b, a)).toHaveLength(1);
  });
});
