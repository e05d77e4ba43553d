import { describe, expect, it } from "vitest";
import { TURN_BYTES } from "../../../shared/tunnel/peer.ts";
import { udpPacket } from "../../fakes/packets.ts";
import { ALL_OFFLOADS, ann, ben, self, tunnelOfThree } from "./fixture.ts";
import { packetFields, superPacket } from "./super-packets.ts";

/** Of one flow, told apart by their sequence numbers; each is about a third of what a turn sends. */
const bulk = (n: number) => {
  const payloadBytes = 40_000;
  const fields = packetFields(self.ipv4, ann.ipv4, { payloadBytes, sequence: n * payloadBytes });
  return superPacket(fields, 1200);
};
const ping = udpPacket(self.ipv4, ann.ipv4, Buffer.from("ping"));

/** A tunnel whose turns of the event loop end when the test says so. */
function inTurns() {
  const tasks: (() => void)[] = [];
  const options = { takes: "partial", capabilities: ["gso"], offloads: ALL_OFFLOADS } as const;
  const three = tunnelOfThree({ ...options, defer: (task) => tasks.push(task) });
  const endTurn = () => {
    for (const task of tasks.splice(0)) task();
  };
  const send = (each: ReturnType<typeof bulk>) => three.tun.fromSystem(each.packet, each.offload);
  return { ...three, tasks, endTurn, send };
}

const bytesOf = (packets: readonly Buffer[]) => packets.reduce((sum, { length }) => sum + length, 0);

describe("a burst for one peer", () => {
  it("goes on with what one turn may send, and with the rest turn by turn, in order, whole", () => {
    const { send, endTurn, tasks, lanes, tunnel } = inTurns();
    const all = Array.from({ length: 12 }, (_, n) => bulk(n));
    for (const each of all) send(each);
    const longest = 41_000;
    const turns = [bytesOf(lanes.ann.sent)];
    while (tasks.length > 0) {
      const before = bytesOf(lanes.ann.sent);
      endTurn();
      turns.push(bytesOf(lanes.ann.sent) - before);
    }
    for (const bytes of turns) expect(bytes).toBeLessThan(TURN_BYTES + longest);
    expect(turns.length).toBeGreaterThan(2);
    expect(lanes.ann.sent).toEqual(all.flatMap((each) => each.segments("partial")));
    expect(tunnel.counters(ann.key)?.dropped).toMatchObject({ codel: 0, queue_full: 0 });
  });

  it("keeps another flow's packet waiting for one of its own at most", () => {
    const { send, endTurn, tun, lanes } = inTurns();
    for (let n = 0; n < 12; n++) send(bulk(n));
    tun.fromSystem(ping);
    lanes.ann.take();
    endTurn();
    const before = lanes.ann.sent.findIndex((packet) => packet.equals(ping));
    expect(before).toBe(bulk(0).segments("partial").length);
  });

  it("does not keep another peer's packet waiting at all", () => {
    const { send, tun, lanes } = inTurns();
    for (let n = 0; n < 12; n++) send(bulk(n));
    tun.fromSystem(udpPacket(self.ipv4, ben.ipv4));
    expect(lanes.ben.sent).toHaveLength(1);
  });

  it("is over when it is over: a lone packet goes at once, and asks for no turn", () => {
    const { send, endTurn, tasks, tun, lanes } = inTurns();
    for (let n = 0; n < 12; n++) send(bulk(n));
    while (tasks.length > 0) endTurn();
    lanes.ann.take();
    tun.fromSystem(ping);
    expect(lanes.ann.sent).toEqual([ping]);
    expect(tasks).toEqual([]);
  });

  it("is told to slow down when it stands: packets that waited too long for too long are dropped, and counted", async () => {
    const { send, endTurn, tunnel, clock } = inTurns();
    for (let n = 0; n < 300; n++) {
      for (let i = 0; i < 6; i++) send(bulk(n * 6 + i));
      endTurn();
      await clock.advance(1);
    }
    expect(tunnel.counters(ann.key)?.dropped.codel).toBeGreaterThan(0);
  });

  it("waits for a lane that was lost in its middle, and goes by the next one", () => {
    const { send, endTurn, tasks, tunnel, lanes } = inTurns();
    const all = Array.from({ length: 8 }, (_, n) => bulk(n));
    for (const each of all) send(each);
    const sent = lanes.ann.take();
    tunnel.setLane(ann.key, undefined);
    while (tasks.length > 0) endTurn();
    expect(lanes.ann.sent).toEqual([]);
    tunnel.setLane(ann.key, lanes.ann);
    while (tasks.length > 0) endTurn();
    expect(bytesOf([...sent, ...lanes.ann.sent])).toBe(bytesOf(all.flatMap((each) => each.segments("partial"))));
  });

  it("counts as undelivered what is held when its peer goes", () => {
    const { send, tunnel, lanes } = inTurns();
    const all = Array.from({ length: 8 }, (_, n) => bulk(n));
    for (const each of all) send(each);
    const sent = lanes.ann.sent.length;
    const wire = all.flatMap((each) => each.segments("partial")).length;
    tunnel.removePeer(ann.key);
    expect(tunnel.totals().dropped.no_lane).toBe(wire - sent);
  });
});
