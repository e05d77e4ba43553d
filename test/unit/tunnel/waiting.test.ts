import { describe, expect, it } from "vitest";
import { MAX_QUEUED_BYTES, MAX_QUEUED_PACKETS } from "../../../shared/tunnel/flow-queue.ts";
import { FakeLane } from "../../fakes/lane.ts";
import { udpPacket } from "../../fakes/packets.ts";
import { ann, ben, self, tunnelOfThree } from "./fixture.ts";

/** A packet to Ann that says which it is. */
const numbered = (n: number, padding = 0) => {
  const data = Buffer.alloc(4 + padding);
  data.writeUInt32BE(n);
  return udpPacket(self.ipv4, ann.ipv4, data);
};
const numbersIn = (packets: readonly Buffer[]) => packets.map((packet) => packet.readUInt32BE(28));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe("packets for a lane that has had enough", () => {
  it("wait in order and go when it is writable, unharmed by the device reusing its buffer", async () => {
    const { tun, lanes, clock } = tunnelOfThree({ room: 2 });
    for (const n of range(0, 5)) tun.fromSystem(numbered(n));
    expect(numbersIn(lanes.ann.sent)).toEqual([0, 1]);
    lanes.ann.drain(2);
    expect(numbersIn(lanes.ann.sent)).toEqual([0, 1, 2, 3]);
    lanes.ann.drain();
    expect(lanes.ann.sent).toEqual(range(0, 5).map((n) => numbered(n)));
    tun.fromSystem(numbered(5));
    expect(numbersIn(lanes.ann.sent)).toEqual(range(0, 6));
    expect(clock.pending).toBe(0);
  });

  it("go all the same when its 'writable' was lost, one try at a time, and no timer runs afterwards", async () => {
    const { tun, lanes, clock } = tunnelOfThree({ room: 1 });
    for (const n of range(0, 4)) tun.fromSystem(numbered(n));
    expect(clock.pending).toBe(1);
    lanes.ann.drain(1, { quietly: true });
    await clock.advance(20);
    expect(numbersIn(lanes.ann.sent)).toEqual([0, 1]);
    lanes.ann.drain(100, { quietly: true });
    await clock.advance(20);
    expect(numbersIn(lanes.ann.sent)).toEqual([0, 1, 2, 3]);
    expect(clock.pending).toBe(0);
  });

  it("lose the oldest over the bound in packets, counted, and another peer does not feel it", () => {
    const { tunnel, tun, lanes } = tunnelOfThree({ room: 1 });
    for (const n of range(0, MAX_QUEUED_PACKETS + 11)) tun.fromSystem(numbered(n));
    expect(tunnel.counters(ann.key)?.dropped.queue_full).toBe(10);
    tun.fromSystem(udpPacket(self.ipv4, ben.ipv4));
    expect(lanes.ben.sent).toHaveLength(1);
    lanes.ann.drain();
    expect(numbersIn(lanes.ann.sent)).toEqual([0, ...range(11, MAX_QUEUED_PACKETS + 11)]);
    expect(tunnel.counters(ann.key)?.packetsOut).toBe(MAX_QUEUED_PACKETS + 1);
  });

  it("lose the oldest over the bound in bytes", () => {
    const { tunnel, tun, lanes } = tunnelOfThree({ mtu: 65_535, room: 1 });
    const padding = 60_000;
    const fitting = Math.floor(MAX_QUEUED_BYTES / numbered(0, padding).length);
    for (const n of range(0, fitting + 3)) tun.fromSystem(numbered(n, padding));
    expect(tunnel.counters(ann.key)?.dropped.queue_full).toBe(2);
    lanes.ann.drain();
    expect(numbersIn(lanes.ann.sent)).toEqual([0, ...range(3, fitting + 3)]);
  });

  it("are sent once each though the lane calls back from within send", () => {
    const { tun, lanes } = tunnelOfThree({ room: 1 });
    for (const n of range(0, 6)) tun.fromSystem(numbered(n));
    const send = lanes.ann.send.bind(lanes.ann);
    lanes.ann.send = (packet) => {
      const wantsMore = send(packet);
      lanes.ann.drain(1);
      return wantsMore;
    };
    lanes.ann.drain(1);
    expect(numbersIn(lanes.ann.sent)).toEqual(range(0, 6));
  });
});

describe("packets for a peer without a lane", () => {
  it("wait for the next lane, behind what waited already, and none is lost in the swap", () => {
    const { tunnel, tun, lanes, clock } = tunnelOfThree({ room: 1 });
    for (const n of range(0, 3)) tun.fromSystem(numbered(n));
    tunnel.setLane(ann.key, undefined);
    for (const n of range(3, 5)) tun.fromSystem(numbered(n));
    const next = new FakeLane();
    tunnel.setLane(ann.key, next);
    expect([...numbersIn(lanes.ann.sent), ...numbersIn(next.sent)]).toEqual(range(0, 5));
    expect(clock.pending).toBe(0);
  });

  it("go over directly when one lane is put in another's place", () => {
    const { tunnel, tun, lanes } = tunnelOfThree({ room: 1 });
    for (const n of range(0, 3)) tun.fromSystem(numbered(n));
    const next = new FakeLane({ room: 1 });
    tunnel.setLane(ann.key, next);
    lanes.ann.drain();
    expect(numbersIn(lanes.ann.sent)).toEqual([0]);
    next.drain();
    expect(numbersIn(next.sent)).toEqual([1, 2]);
  });

  it("are given up after two seconds, counted, and their sender is told; later ones are refused at once", async () => {
    const { tunnel, tun, clock } = tunnelOfThree();
    tunnel.setLane(ann.key, undefined);
    await clock.advance(500);
    for (const n of range(0, 3)) tun.fromSystem(numbered(n));
    await clock.advance(1499);
    expect([tun.take().length, clock.pending]).toEqual([0, 1]);
    await clock.advance(1);
    expect(tun.take().map((reply) => [reply[20], reply[21]])).toEqual(range(0, 3).map(() => [3, 1]));
    expect([tunnel.counters(ann.key)?.dropped.no_lane, clock.pending]).toEqual([3, 0]);
    tun.fromSystem(numbered(3));
    expect(tun.take()).toHaveLength(1);
    expect([tunnel.counters(ann.key)?.dropped.no_lane, clock.pending]).toEqual([4, 0]);
  });

  it("are forgotten and counted with the peer", () => {
    const { tunnel, tun, clock } = tunnelOfThree();
    tunnel.setLane(ann.key, undefined);
    for (const n of range(0, 3)) tun.fromSystem(numbered(n));
    tunnel.dispose();
    expect([tunnel.totals().dropped.no_lane, clock.pending]).toEqual([3, 0]);
  });

  it("no longer come in by the old lane", () => {
    const { tunnel, tun, lanes } = tunnelOfThree();
    tunnel.setLane(ann.key, new FakeLane());
    lanes.ann.deliver(udpPacket(ann.ipv4, self.ipv4));
    expect(tun.take()).toEqual([]);
  });
});
