import { describe, expect, it } from "vitest";
import type { RoomId } from "../../../shared/base/brand.ts";
import { ATTEMPT_MS, BRIEF_MS, GIVE_WAY_MS, GLARE_MS, NEWCOMER_WAIT_MS } from "../../../shared/mesh/link.ts";
import { DEAD_AFTER_MS, KEEPALIVE_MS, PROBE_MS } from "../../../shared/mesh/liveness.ts";
import { room } from "./fixtures.ts";
import { type Member, World } from "./world.ts";

const room2 = "room2" as RoomId;

describe("an attempt that comes to nothing", () => {
  it("is given up after its time, and tried again after longer and longer waits, up to 30 s", async () => {
    const world = new World();
    const [a, b] = world.pair();
    b.host.neverConnects = true;
    world.tamper = ({ from, kind, content }) => (from === b.key && kind === "offer" ? undefined : content);
    a.sees(b, true);
    await world.clock.advance(300_000);
    const at = world.offersBy(a).map((offer) => offer.at);
    const waits = at.slice(1).map((time, i) => time - (at[i] ?? 0) - ATTEMPT_MS);
    expect(waits.length).toBeGreaterThan(5);
    for (const [i, wait] of waits.entries()) {
      const step = Math.min(30_000, 500 * 2 ** (i + 1));
      expect(wait).toBeGreaterThanOrEqual(step / 2);
      expect(wait).toBeLessThanOrEqual(step);
    }
    expect(a.view()?.state).toBe("connecting");
    expect(world.network.open).toBeLessThanOrEqual(2);
  });

  it("is forgotten with the member after a minute in which nothing is heard of it", async () => {
    const world = new World();
    const [a, b] = world.pair();
    b.isOnline = false;
    a.sees(b, true);
    await world.clock.advance(120_000);
    expect(a.gone).toEqual([{ publicKey: b.key, rooms: [room], reason: "lost" }]);
    expect(world.network.open).toBe(0);
    expect(world.clock.pending).toBe(0);
  });

  it("works out although the offerer's candidates never arrive", async () => {
    const world = new World();
    const [a, b] = world.pair();
    a.host.dropsCandidates = true;
    a.sees(b, true);
    await world.clock.advance(1_000);
    expect(a.view()?.state).toBe("connected");
  });

  it("does not work out without any candidate", async () => {
    const world = new World();
    const [a, b] = world.pair();
    a.host.dropsCandidates = b.host.dropsCandidates = true;
    a.sees(b, true);
    await world.clock.advance(10_000);
    expect(a.view()?.state).toBe("connecting");
  });

  it("is put off while no connection can be made at all", async () => {
    const world = new World();
    const [a, b] = world.pair();
    a.host.isExhausted = true;
    a.sees(b, true);
    await world.clock.advance(5_000);
    expect(world.sent).toEqual([]);
    a.host.isExhausted = false;
    await world.clock.advance(10_000);
    expect(a.view()?.state).toBe("connected");
  });

  it("regression: a signature that fails was an unhandled rejection, and its attempt waited out its time", async () => {
    const world = new World();
    const [a, b] = world.pair();
    const { sign } = a;
    a.sign = () => Promise.reject(new Error("the keychain is locked"));
    a.sees(b, true);
    await world.clock.advance(10);
    a.sign = sign;
    await world.clock.advance(2_000);
    expect(a.view()?.state).toBe("connected");
  });
});

describe("while signaling is offline", () => {
  it("an offer fails at once, and goes out as soon as signaling is back", async () => {
    const world = new World();
    const [a, b] = world.pair();
    a.isOnline = false;
    a.sees(b, true);
    await world.clock.advance(30_000);
    expect(world.sent).toEqual([]);
    expect(a.host.made.length).toBeGreaterThan(3);
    a.isOnline = true;
    const before = world.clock.now();
    a.mesh.retryNow();
    await world.clock.advance(200);
    expect(world.offersBy(a)[0]?.at).toBe(before);
    expect(a.view()?.state).toBe("connected");
  });

  it("links live on", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    a.isOnline = b.isOnline = false;
    await world.clock.advance(600_000);
    expect([a.view()?.state, b.view()?.state]).toEqual(["connected", "connected"]);
    expect(a.lanes).toHaveLength(1);
  });

  it("regression: an offer that was lost with the old signaling connection was waited out", async () => {
    const world = new World();
    const [a, b] = world.pair();
    world.tamper = () => undefined;
    a.sees(b, true);
    await world.clock.advance(100);
    world.tamper = ({ content }) => content;
    a.mesh.retryNow();
    await world.clock.advance(500);
    expect(a.view()?.state).toBe("connected");
    expect(world.network.open).toBe(2);
  });

  it("an offer that has been answered is not made again when signaling comes back", async () => {
    const world = new World();
    const [a, b] = world.pair();
    b.host.neverConnects = true;
    a.sees(b, true);
    await world.clock.advance(200);
    a.mesh.retryNow();
    await world.clock.advance(100);
    expect(world.offersBy(a)).toHaveLength(1);
  });

  it("regression: only the first shared room's signaling was ever tried", async () => {
    const world = new World();
    const [a, b] = world.pair();
    world.tamper = (signal) => (signal.room === room ? undefined : signal.content);
    a.sees(b, true, room);
    a.sees(b, true, room2);
    await world.clock.advance(ATTEMPT_MS + 2_000);
    expect(a.view()?.state).toBe("connected");
  });
});

describe("a link whose other end falls silent", () => {
  it(`is dead ${DEAD_AFTER_MS} ms after its last sign of life at the latest, and not before two thirds of that`, async () => {
    for (let offset = 0; offset < KEEPALIVE_MS; offset += 500) {
      const world = new World();
      const [a, b] = await world.linked();
      await world.clock.advance(offset);
      b.host.isCutOff = true;
      const cutAt = world.clock.now();
      while (a.lane) await world.clock.advance(100);
      const took = world.clock.now() - cutAt;
      expect(took).toBeLessThanOrEqual(DEAD_AFTER_MS + 100);
      expect(took).toBeGreaterThanOrEqual((DEAD_AFTER_MS * 2) / 3);
      expect(a.view()?.state).toBe("reconnecting");
    }
  });

  it("is made again when the other end is back", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    b.host.isCutOff = true;
    b.isOnline = false;
    await world.clock.advance(30_000);
    expect([a.view()?.state, b.view()?.state]).toEqual(["reconnecting", "reconnecting"]);
    b.host.isCutOff = false;
    b.isOnline = true;
    b.mesh.retryNow();
    await world.clock.advance(1_000);
    expect([a.view()?.state, b.view()?.state]).toEqual(["connected", "connected"]);
    expect(world.network.open).toBe(2);
  });

  it("regression: an offer that went into the void made the end with the smaller key deaf for 15 s", async () => {
    const world = new World();
    const [a, b] = world.pair();
    b.isOnline = false;
    a.sees(b, true);
    await world.clock.advance(GLARE_MS);
    b.isOnline = true;
    b.sees(a, true);
    await world.clock.advance(1_000);
    expect(a.view()?.state).toBe("connected");
    expect(world.offersBy(a)).toHaveLength(1);
  });

  it("survives a silence that is shorter", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    b.host.isCutOff = true;
    await world.clock.advance(DEAD_AFTER_MS / 2);
    b.host.isCutOff = false;
    await world.clock.advance(60_000);
    expect(a.lanes).toHaveLength(1);
  });

  it("is made again when it breaks with a sound", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    b.host.open[0]?.fail("the network broke it");
    await world.clock.advance(GIVE_WAY_MS + 1_000);
    expect([a.view()?.state, b.view()?.state]).toEqual(["connected", "connected"]);
    expect(a.peers.map(({ state }) => state)).toContain("reconnecting");
    expect(world.network.open).toBe(2);
  });

  it("regression: links that never last were made anew without any wait", async () => {
    const world = new World();
    const [a, b] = world.pair();
    b.host.closesAfterMs = 100;
    a.sees(b, true);
    await world.clock.advance(120_000);
    expect(world.offersBy(a).length + world.offersBy(b).length).toBeLessThan(20);
    b.host.closesAfterMs = undefined;
    await world.clock.advance(31_000 + BRIEF_MS);
    expect(a.view()?.state).toBe("connected");
    const before = world.sent.length;
    b.host.open[0]?.fail("once");
    await world.clock.advance(GIVE_WAY_MS + 500);
    expect(world.sent.length).toBeGreaterThan(before);
    expect(a.view()?.state).toBe("connected");
  });

  it("answers whoever asked for a round trip when it is lost", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    world.network.latencyMs = 500;
    const trip = a.mesh.roundTrip(b.key, 600_000);
    a.host.open[0]?.fail("the network broke it");
    expect(await trip).toBeUndefined();
  });
});

describe("a machine that slept", () => {
  it("regression: links that still answer were thrown away because the clock had jumped", async () => {
    const world = new World();
    const [a] = await world.linked();
    a.sleptMs = 3_600_000;
    await world.clock.advance(60_000);
    expect(a.lanes).toHaveLength(1);
    expect(a.view()?.state).toBe("connected");
  });

  it("finds out within two seconds which links still live, when it is told that it woke up", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    b.host.isCutOff = true;
    a.mesh.retryNow();
    await world.clock.advance(PROBE_MS - 1);
    expect(a.lane).toBeDefined();
    await world.clock.advance(1);
    expect(a.lane).toBeUndefined();
  });
});

describe("a member whose signaling drops", () => {
  it("stays while its link answers, for as long as it does", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    b.isOnline = false;
    a.mesh.peerAbsent(b.key);
    await world.clock.advance(600_000);
    expect(a.view()?.state).toBe("connected");
    expect(a.gone).toEqual([]);
  });

  it("is gone when its link does not answer the probe", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    b.isOnline = false;
    b.host.isCutOff = true;
    a.mesh.peerAbsent(b.key);
    await world.clock.advance(PROBE_MS);
    expect(a.gone).toEqual([{ publicKey: b.key, rooms: [room], reason: "lost" }]);
    expect(world.offersBy(a)).toHaveLength(1);
  });

  it("is gone at once when there is no link yet", async () => {
    const world = new World();
    const [a, b] = world.pair();
    a.sees(b, true);
    a.mesh.peerAbsent(b.key);
    expect(a.gone).toMatchObject([{ reason: "lost" }]);
    await world.clock.advance(100);
    expect(a.mesh.peers).toEqual([]);
  });

  it("is present again when it joins anew, and its link is made again when lost", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    a.mesh.peerAbsent(b.key);
    a.sees(b, true);
    b.host.open[0]?.fail("the network broke it");
    await world.clock.advance(GIVE_WAY_MS + 1_000);
    expect(a.gone).toEqual([]);
    expect(a.view()?.state).toBe("connected");
  });
});

describe("a member that was started anew with the same key", () => {
  async function restartedWhileLinked(): Promise<{ world: World; a: Member; again: Member }> {
    const world = new World();
    const [a, b] = await world.linked();
    b.host.isCutOff = true;
    return { world, a, again: b.restarted() };
  }

  it("is asked on the old link, which does not answer, and gets a new one", async () => {
    const { world, a, again } = await restartedWhileLinked();
    a.sees(again, true);
    again.sees(a, false);
    await world.clock.advance(PROBE_MS + GIVE_WAY_MS + 500);
    expect([a.view()?.state, again.view()?.state]).toEqual(["connected", "connected"]);
    expect(a.gone).toEqual([]);
    expect(a.host.open).toHaveLength(1);
  });

  it("gets a new link beside the old one when its offer comes first", async () => {
    const { world, a, again } = await restartedWhileLinked();
    again.sees(a, true);
    await world.clock.advance(500);
    expect([a.view()?.state, again.view()?.state]).toEqual(["connected", "connected"]);
    await world.clock.advance(5_000);
    expect(a.host.open).toHaveLength(1);
  });

  it.each([0, 1])("regression: an offer to who it was before was waited out, key order %i", async (order) => {
    const world = new World();
    const pair = world.pair();
    const [a, b] = order === 0 ? pair : [pair[1], pair[0]];
    b.isOnline = false;
    a.sees(b, true);
    await world.clock.advance(1_000);
    const again = b.restarted();
    a.sees(again, true);
    again.sees(a, false);
    await world.clock.advance(1_000);
    expect(NEWCOMER_WAIT_MS).toBeGreaterThan(1_000);
    expect(a.view()?.state).toBe("connected");
  });

  it("is not offered to twice because it joined a second room", async () => {
    const world = new World();
    const [a, b] = world.pair();
    a.sees(b, true, room);
    a.sees(b, true, room2);
    await world.clock.advance(1_000);
    expect(world.offersBy(a)).toHaveLength(1);
    expect(b.view()?.state).toBe("connected");
  });
});
