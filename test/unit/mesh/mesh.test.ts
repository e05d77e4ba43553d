import { describe, expect, it } from "vitest";
import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import { GIVE_WAY_MS, NEWCOMER_WAIT_MS, RETIRE_MS } from "../../../shared/mesh/link.ts";
import { keyPair, room } from "./fixtures.ts";
import { World } from "./world.ts";

const room2 = "room2" as RoomId;

describe("two members", () => {
  it("link when the one already there offers to the newcomer", async () => {
    const world = new World();
    const [a, b] = world.pair();
    a.sees(b, true);
    b.sees(a, false);
    await world.clock.advance(1_000);
    expect(a.view()).toMatchObject({
      publicKey: b.key,
      rooms: [room],
      state: "connected",
      username: "member 2",
      mtu: 1280,
      lane: "packets",
      path: { kind: "direct" },
      rttMs: 10,
      verified: true,
    });
    expect(b.view()).toMatchObject({ publicKey: a.key, state: "connected" });
    expect(world.offersBy(a)).toHaveLength(1);
    expect(world.offersBy(b)).toHaveLength(0);
    expect(world.network.open).toBe(2);
  });

  it("link when the newcomer hears of nobody but by their offers", async () => {
    const world = new World();
    const [a, b] = world.pair();
    a.sees(b, true);
    await world.clock.advance(1_000);
    expect(b.view()).toMatchObject({ publicKey: a.key, state: "connected", rooms: [room] });
  });

  it("link when no offer comes: the newcomer offers after 3 s", async () => {
    const world = new World();
    const [a, b] = world.pair();
    b.sees(a, false);
    await world.clock.advance(NEWCOMER_WAIT_MS - 1);
    expect(world.sent).toEqual([]);
    await world.clock.advance(1_000);
    expect(world.offersBy(b)[0]?.at).toBe(NEWCOMER_WAIT_MS);
    expect(b.view()?.state).toBe("connected");
    expect(a.view()?.state).toBe("connected");
  });

  it.each([0, 1])("link once when both offer at once, whoever hears of it first: %i", async (first) => {
    const world = new World();
    const [a, b] = world.pair();
    (first === 0 ? a : b).sees(first === 0 ? b : a, true);
    await world.clock.advance(10);
    (first === 0 ? b : a).sees(first === 0 ? a : b, true);
    await world.clock.advance(1_000);
    expect([a.view()?.state, b.view()?.state]).toEqual(["connected", "connected"]);
    expect(world.network.open).toBe(2);
    expect(a.host.open[0]?.isInitiator).toBe(true);
    expect(b.host.open[0]?.isInitiator).toBe(false);
  });

  it("carry packets both ways", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    a.lane?.send(Uint8Array.of(7));
    b.lane?.send(Uint8Array.of(8));
    await world.clock.advance(10);
    expect(b.packets).toEqual([7]);
    expect(a.packets).toEqual([8]);
  });

  it("are one peer to each other, however many rooms they share", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    const before = world.sent.length;
    a.sees(b, true, room2);
    expect(a.peers.at(-1)?.rooms).toEqual([room, room2]);
    await world.clock.advance(1_000);
    // No offer: but whoever came to the second room hears by that room's signaling who is there.
    expect(world.sent.slice(before)).toMatchObject([{ from: a.key, to: b.key, room: room2, kind: "candidate" }]);
    expect([a.refused, b.refused]).toEqual([[], []]);
    a.mesh.peerLeft(room, b.key);
    expect(a.peers.at(-1)?.rooms).toEqual([room2]);
    expect(a.gone).toEqual([]);
    a.mesh.peerLeft(room2, b.key);
    expect(a.gone).toEqual([{ publicKey: b.key, rooms: [room2], reason: "left" }]);
    expect(a.mesh.peers).toEqual([]);
  });

  it("hear of each other's new name, address and MTU", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    b.mesh.setSelf({ username: "bob the second", ipv4Salt: 3, mtu: 1400 });
    await world.clock.advance(100);
    expect(a.view()).toMatchObject({ username: "bob the second", mtu: 1400, address: { ipv4Salt: 3 } });
  });

  it("regression: a name changed between our hello and theirs was never told", async () => {
    const world = new World();
    const [a, b] = world.pair();
    a.sees(b, true);
    while (a.host.open[0]?.lane === undefined) await world.clock.advance(1);
    expect(a.view()?.lane).toBeUndefined();
    a.mesh.setSelf({ username: "renamed", ipv4Salt: 0, mtu: 0 });
    await world.clock.advance(1_000);
    expect(b.view()?.username).toBe("renamed");
  });

  it("are not verified to each other when they signal in bare SDP", async () => {
    const world = new World();
    world.tamper = ({ content }) => {
      const { sdp, candidate, mid } = JSON.parse(content);
      return sdp ?? JSON.stringify({ candidate, sdpMid: mid });
    };
    const [a, b] = world.pair();
    a.sees(b, true);
    await world.clock.advance(1_000);
    expect(a.view()).toMatchObject({ state: "connected", verified: false });
    expect(b.view()).toMatchObject({ state: "connected", verified: false });
  });

  it("never use a tunnel's address to reach each other, whichever of them knows that it is one", async () => {
    const world = new World();
    const [a, b] = world.pair();
    a.host.extraAddresses = [a.tunnelAddress, "100.64.0.2"];
    b.tunnelAddress = "100.64.0.2";
    a.sees(b, true);
    await world.clock.advance(1_000);
    const told = world.sent.filter(({ from, kind }) => from === a.key && kind === "candidate");
    expect(told.some(({ content }) => content.includes(a.tunnelAddress))).toBe(false);
    expect(told.some(({ content }) => content.includes("100.64.0.2"))).toBe(true);
    const taken = b.host.made.flatMap(({ taken }) => taken);
    expect(taken.some((signal) => signal.kind === "candidate")).toBe(true);
    expect(JSON.stringify(taken)).not.toContain("100.64.0.2");
  });

  it("tell of themselves only when something has changed", async () => {
    const world = new World();
    const [a] = await world.linked();
    const count = a.peers.length;
    await world.clock.advance(60_000);
    expect(a.peers).toHaveLength(count);
    const shown = a.peers.map((view) => JSON.stringify(view));
    expect(shown.every((view, i) => view !== shown[i - 1])).toBe(true);
  });
});

describe("a member that leaves", () => {
  it("says so, and is gone at once", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    b.mesh.leaveRoom(room);
    expect(b.gone).toEqual([{ publicKey: a.key, rooms: [room], reason: "left" }]);
    await world.clock.advance(50);
    expect(a.gone).toEqual([{ publicKey: b.key, rooms: [room], reason: "left" }]);
    expect(a.lane).toBeUndefined();
    expect(world.network.open).toBe(0);
  });

  it("stays linked by the room that is left", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    a.sees(b, true, room2);
    b.sees(a, true, room2);
    b.mesh.leaveRoom(room);
    await world.clock.advance(50);
    expect(a.view()).toMatchObject({ rooms: [room2], state: "connected" });
    expect(b.view()).toMatchObject({ rooms: [room2], state: "connected" });
  });

  it("altogether, is gone from every room", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    a.sees(b, true, room2);
    b.mesh.dispose();
    await world.clock.advance(50);
    expect(a.gone).toEqual([{ publicKey: b.key, rooms: [room, room2], reason: "left" }]);
  });

  it("regression: a goodbye that its sender's return had overtaken ended the membership", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    // The server was quicker with the new program than the path with the old one's last words.
    const again = b.restarted();
    a.sees(again, true);
    again.sees(a, false);
    b.mesh.dispose();
    await world.clock.advance(20_000);
    expect(a.gone).toEqual([]);
    expect(a.view()?.state).toBe("connected");
    expect(again.view()?.state).toBe("connected");
  });

  it.each(["candidate", "answer"] as const)(
    "regression: a %s that trails behind it brought it back for ever",
    async (kind) => {
      const world = new World();
      const [a, b] = await world.linked();
      const trailing = world.sent.find((signal) => signal.kind === kind)?.content ?? "";
      a.mesh.peerLeft(room, b.key);
      a.hears(b, kind, trailing);
      expect(a.mesh.peers).toEqual([]);
    },
  );

  it("regression: a candidate of another room put it back into that room", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    a.hears(b, "candidate", "candidate:1 1 UDP 1 192.0.2.9 9 typ host", room2);
    expect(a.view()?.rooms).toEqual([room]);
  });
});

describe("a machine that changes its network", () => {
  it("builds a new link beside the old one and moves over without a moment in between", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    const before = a.lanes.length;
    a.host.address = "198.51.100.7";
    a.mesh.pathChanged(new Set([a.host.address]));
    let sent = 0;
    for (let i = 0; i < 200; i++) {
      a.lane?.send(Uint8Array.of(sent));
      b.lane?.send(Uint8Array.of(sent));
      sent++;
      await world.clock.advance(1);
    }
    await world.clock.advance(1_000);
    expect(a.view()).toMatchObject({ state: "connected", path: { local: expect.stringContaining("198.51.100.7") } });
    expect(a.lanes.slice(before)).toEqual([expect.anything()]);
    expect(a.lanes.at(-1)).not.toBe(a.lanes.at(-2));
    const all = Array.from({ length: sent }, (_, i) => i);
    expect([...b.packets].sort((x, y) => x - y)).toEqual(all);
    expect([...a.packets].sort((x, y) => x - y)).toEqual(all);
    await world.clock.advance(RETIRE_MS);
    expect(world.network.open).toBe(2);
  });

  it("keeps the links whose address is still there, after asking whether they live", async () => {
    const world = new World();
    const [a] = await world.linked();
    a.mesh.pathChanged(new Set([a.host.address]));
    await world.clock.advance(5_000);
    expect(world.offersBy(a)).toHaveLength(1);
    expect(a.view()?.state).toBe("connected");
  });

  it("at the same time as the other end settles on one new link", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    a.host.address = "198.51.100.7";
    b.host.address = "198.51.100.8";
    a.mesh.pathChanged(new Set([a.host.address]));
    b.mesh.pathChanged(new Set([b.host.address]));
    await world.clock.advance(5_000);
    expect(world.network.open).toBe(2);
    expect(a.view()?.path).toMatchObject({
      local: expect.stringMatching("198.51.100.7"),
      remote: expect.stringMatching("198.51.100.8"),
    });
    expect(b.view()?.path).toMatchObject({ local: expect.stringMatching("198.51.100.8") });
    expect(a.lanes.includes(undefined) || b.lanes.includes(undefined)).toBe(false);
  });

  it("stays on the old link while the new one cannot be made", async () => {
    const world = new World();
    const [a] = await world.linked();
    a.isOnline = false;
    a.mesh.pathChanged(new Set());
    await world.clock.advance(60_000);
    expect(a.view()?.state).toBe("connected");
    expect(a.lanes.includes(undefined)).toBe(false);
    expect(world.network.open).toBe(2);
  });
});

describe("a mesh", () => {
  it("ignores itself", () => {
    const world = new World();
    const [a] = world.pair();
    a.sees(a, true);
    a.hears(a, "offer", "v=0\r\n");
    expect(a.mesh.peers).toEqual([]);
    expect(world.clock.pending).toBe(0);
  });

  it("measures a round trip on request", async () => {
    const world = new World();
    const [a, b] = await world.linked();
    world.network.latencyMs = 40;
    const trip = a.mesh.roundTrip(b.key, 1_000);
    await world.clock.advance(100);
    expect(await trip).toBe(80);
    const slow = a.mesh.roundTrip(b.key, 50);
    await world.clock.advance(100);
    expect(await slow).toBeUndefined();
    expect(await a.mesh.roundTrip("nobody" as PublicKey, 50)).toBeUndefined();
  });

  it("connects fifty members, each with each", { timeout: 60_000 }, async () => {
    const world = new World();
    const members = Array.from({ length: 50 }, (_, i) => world.member(i + 1));
    for (const [i, newcomer] of members.entries()) for (const old of members.slice(0, i)) old.sees(newcomer, true);
    await world.clock.advance(500);
    for (const member of members) {
      expect(member.mesh.peers.filter(({ state }) => state === "connected")).toHaveLength(49);
      expect(member.refused).toEqual([]);
    }
    expect(world.network.open).toBe(50 * 49);
    for (const member of members) member.mesh.dispose();
    await world.clock.advance(100);
    expect(world.network.open).toBe(0);
    expect(world.clock.pending).toBe(0);
  });

  it.each(["waiting", "connecting", "up", "replacing", "asking", "signing"])(
    "leaves nothing behind when it is disposed of: %s",
    async (state) => {
      const world = new World();
      const [a, b] =
        state === "up" || state === "replacing" || state === "asking" ? await world.linked() : world.pair();
      if (state === "waiting") a.sees(b, false);
      if (state === "connecting" || state === "signing") a.sees(b, true);
      if (state === "signing") a.sign = () => new Promise(() => {});
      if (state === "replacing") a.mesh.pathChanged(new Set());
      const asked = state === "asking" ? a.mesh.roundTrip(b.key, 60_000) : undefined;
      if (state !== "asking") await world.clock.advance(5);
      a.mesh.dispose();
      b.mesh.dispose();
      expect(await asked).toBeUndefined();
      await world.clock.advance(world.signalingDelayMs + 50);
      expect(world.clock.pending).toBe(0);
      expect(world.network.open).toBe(0);
      expect(a.mesh.peers).toEqual([]);
    },
  );

  it("regression: a signal that came after it was disposed of started a link", async () => {
    const world = new World();
    const [a, b] = world.pair();
    b.sees(a, true);
    await world.clock.advance(5);
    a.mesh.dispose();
    a.sees(b, true);
    await world.clock.advance(100);
    expect(a.mesh.peers).toEqual([]);
    expect(a.host.made).toEqual([]);
  });

  it("waits less before it offers again when its key is the smaller one", async () => {
    for (const [who, wait] of [
      ["smaller", 0],
      ["larger", GIVE_WAY_MS],
    ] as const) {
      const world = new World();
      const [a, b] = await world.linked();
      const one = who === "smaller" ? a : b;
      const other = who === "smaller" ? b : a;
      other.isOnline = false;
      other.host.open[0]?.fail("the network broke it");
      const lostAt = world.clock.now() + world.network.latencyMs;
      await world.clock.advance(3_000);
      expect(world.offersBy(one).at(-1)?.at).toBe(lostAt + wait);
    }
  });

  it("knows nobody by a key that it was not told of", () => {
    const world = new World();
    const [a] = world.pair();
    a.mesh.peerLeft(room, keyPair(9).publicKey);
    a.mesh.peerAbsent(keyPair(9).publicKey);
    expect(a.gone).toEqual([]);
  });
});
