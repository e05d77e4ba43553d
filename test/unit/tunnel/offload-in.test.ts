import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KernelOffloads } from "../../../shared/packet/coalesce.ts";
import { checkSuperPacket } from "../../../shared/packet/gso.ts";
import { TransportLayout } from "../../../shared/packet/layout.ts";
import { isTransportPartial } from "../../../shared/packet/partial.ts";
import { TCP_FLAG } from "../../../shared/packet/tcp.ts";
import { isSpeedFrame } from "../../../shared/tunnel/speed-frame.ts";
import { hasValidChecksums, udpPacket } from "../../fakes/packets.ts";
import { packetBytes, virtioFields } from "../../fakes/reference-packets.ts";
import { FakeTun } from "../../fakes/tun.ts";
import { ALL_OFFLOADS, ann, ben, NO_OFFLOADS, self, tunnelOfThree } from "./fixture.ts";
import { packetFields, superPacket } from "./super-packets.ts";

const families = [
  { name: "IPv4", from: ann.ipv4, to: self.ipv4 },
  { name: "IPv6", from: ann.ipv6, to: self.ipv6 },
];
const CHECKSUM_ONLY: KernelOffloads = { checksum: true, tcp: false, udp: false };

/** A tunnel whose batches end when the test says so. */
function inTurns(offloads = ALL_OFFLOADS) {
  const tasks: (() => void)[] = [];
  const three = tunnelOfThree({ offloads, defer: (task) => tasks.push(task) });
  const endTurn = () => {
    for (const task of tasks.splice(0)) task();
  };
  return { ...three, tasks, endTurn };
}

describe.each(families)("packets of one flow that arrive in one turn, $name", ({ from, to }) => {
  const { packet, offload, segments } = superPacket(packetFields(from, to), 1200);
  // Whole segments all of them, without PSH: nothing in it ends a run.
  const data = superPacket(packetFields(from, to, { flags: TCP_FLAG.ack, payloadBytes: 4800 }), 1200);

  it("are one write when the turn ends, in the form that the device takes, and count as they came", () => {
    const { tunnel, tun, lanes, endTurn, tasks } = inTurns();
    for (const each of data.segments("full")) lanes.ann.deliver(each);
    expect([tun.written.length, tasks.length]).toEqual([0, 1]);
    endTurn();
    expect(tun.offloaded).toEqual([{ packet: data.packet, offload: data.offload }]);
    const bytesIn = data.segments("full").reduce((sum, { length }) => sum + length, 0);
    expect(tunnel.counters(ann.key)).toMatchObject({ packetsIn: 4, bytesIn });
    expect(tunnel.totals()).toMatchObject({ packetsIn: 4, bytesIn });
  });

  it("are merged though their checksums are partial, and written at once when their flow pauses", () => {
    const { tun, lanes, endTurn } = inTurns();
    const { headerBytes, checksumStart, checksumOffset } = offload;
    const partial = { flags: 1, gsoType: 0, gsoSize: 0, headerBytes, checksumStart, checksumOffset };
    for (const each of segments("partial")) lanes.ann.deliver(each, partial);
    // The last has PSH: the program is to have its data now.
    expect(tun.offloaded).toEqual([{ packet, offload }]);
    endTurn();
    expect(tun.written).toHaveLength(1);
  });

  it("ask for no turn when nothing of them is held: each is written as it comes", () => {
    const { tun, lanes, tasks } = inTurns();
    lanes.ann.deliver(udpPacket(from, to, Buffer.alloc(0), { source: 1, destination: 2 }));
    // With PSH, the end of what a program sent: nothing is to follow.
    for (const each of segments("full").slice(-1)) lanes.ann.deliver(each);
    expect([tun.written.length, tasks.length]).toEqual([2, 0]);
    lanes.ann.deliver(data.segments("full")[0]!);
    expect([tun.written.length, tasks.length]).toEqual([2, 1]);
  });

  it("are written one by one to a device that takes no more", () => {
    for (const offloads of [NO_OFFLOADS, CHECKSUM_ONLY]) {
      const { tun, lanes, endTurn } = inTurns(offloads);
      for (const each of segments("full")) lanes.ann.deliver(each);
      endTurn();
      expect([tun.written, tun.offloaded]).toEqual([segments("full"), []]);
    }
  });

  it("are checked each by itself before they are merged", () => {
    const { tunnel, tun, lanes, endTurn } = inTurns();
    const [first, second, third] = data.segments("full");
    lanes.ann.deliver(first!);
    lanes.ben.deliver(second!);
    lanes.ann.deliver(third!);
    endTurn();
    expect(tun.written).toEqual([first, third]);
    expect(tunnel.counters(ben.key)?.dropped.spoofed).toBe(1);
  });

  it("are lost, all of them, when the device is full, and counted as that", () => {
    const { tunnel, tun, lanes, endTurn } = inTurns();
    tun.isFull = true;
    for (const each of data.segments("full")) lanes.ann.deliver(each);
    endTurn();
    expect(tunnel.counters(ann.key)).toMatchObject({ packetsIn: 0, dropped: { device_full: 4 } });
  });

  it("reach the device that was there when it is replaced in the same turn", () => {
    const { tunnel, tun, lanes, endTurn } = inTurns();
    const [first, second] = data.segments("full");
    lanes.ann.deliver(first!);
    const next = new FakeTun(1280, "fake1", ALL_OFFLOADS);
    tunnel.attach(next);
    lanes.ann.deliver(second!);
    endTurn();
    expect([tun.written, next.written]).toEqual([[first], [second]]);
  });
});

describe.each(families)("a super-packet from a peer, $name", ({ from, to }) => {
  const tcp = superPacket(packetFields(from, to), 1200);
  const udp = superPacket(packetFields(from, to, { protocol: "udp" }), 1000);

  it.each([tcp, udp])("is written whole to a device that takes it, at once, behind what came before", (each) => {
    const { tunnel, tun, lanes } = inTurns();
    const before = superPacket(packetFields(from, to, { flags: TCP_FLAG.ack, sourcePort: 9 }), 1200).segments("full");
    lanes.ann.deliver(before[0]!);
    lanes.ann.deliver(each.packet, each.offload);
    expect(tun.written).toEqual([before[0], each.packet]);
    expect(tun.offloaded).toEqual([{ packet: each.packet, offload: each.offload }]);
    expect(tunnel.counters(ann.key)?.packetsIn).toBe(6);
  });

  it.each([tcp, udp])("is cut for a device that does not take it", (each) => {
    const none = tunnelOfThree({ offloads: NO_OFFLOADS });
    none.lanes.ann.deliver(each.packet, each.offload);
    expect(none.tun.written).toEqual(each.segments("full"));
    expect(none.tun.written.every(hasValidChecksums)).toBe(true);
    const some = tunnelOfThree({ offloads: CHECKSUM_ONLY });
    some.lanes.ann.deliver(each.packet, each.offload);
    expect(some.tun.written).toEqual(each.segments("partial"));
  });

  it("is described to the kernel by what it is, not by what the peer says beyond that", () => {
    const { tun, lanes } = tunnelOfThree({ offloads: ALL_OFFLOADS });
    const said = { ...tcp.offload, flags: 0xff, gsoType: tcp.offload.gsoType | 0x80, headerBytes: 0xffff };
    lanes.ann.deliver(Buffer.concat([tcp.packet, Buffer.from("trailing")]), said);
    expect(tun.offloaded).toEqual([{ packet: tcp.packet, offload: tcp.offload }]);
  });

  it.each([
    ["another type", { gsoType: 5 }],
    ["the other version's type", { gsoType: from === ann.ipv4 ? 4 : 1 }],
    ["a type that is none", { gsoType: 3 }],
    ["segments of no bytes", { gsoSize: 0 }],
    ["segments so short that there would be hundreds", { gsoSize: 511 }],
    ["a complete checksum", { flags: 0 }],
    ["a checksum elsewhere", { checksumStart: 0 }],
    ["a checksum field elsewhere", { checksumOffset: 6 }],
    ["a checksum far outside", { checksumStart: 0xffff, checksumOffset: 0xffff }],
  ])("with %s is dropped as malformed", (_, wrong) => {
    const { tunnel, tun, lanes } = tunnelOfThree({ offloads: ALL_OFFLOADS });
    lanes.ann.deliver(tcp.packet, { ...tcp.offload, ...wrong });
    expect(tun.written).toEqual([]);
    expect(tunnel.counters(ann.key)?.dropped.malformed).toBe(1);
  });

  it.each([TCP_FLAG.syn, TCP_FLAG.syn | TCP_FLAG.ack, TCP_FLAG.rst])(
    "with TCP flags %i is dropped: no system merges those",
    (flags) => {
      const { tunnel, tun, lanes } = tunnelOfThree({ offloads: ALL_OFFLOADS });
      const each = superPacket(packetFields(from, to, { flags }), 1200);
      lanes.ann.deliver(each.packet, each.offload);
      expect([tun.written.length, tunnel.counters(ann.key)?.dropped.malformed]).toEqual([0, 1]);
    },
  );

  it("is dropped when its source is not the peer's own, or it is for someone else", () => {
    const { tunnel, tun, lanes } = tunnelOfThree({ offloads: ALL_OFFLOADS });
    lanes.ben.deliver(tcp.packet, tcp.offload);
    const other = from === ann.ipv4 ? ben.ipv4 : ben.ipv6;
    const foreign = superPacket(packetFields(from, other), 1200);
    lanes.ann.deliver(foreign.packet, foreign.offload);
    expect(tun.written).toEqual([]);
    expect(tunnel.counters(ben.key)?.dropped.spoofed).toBe(1);
    expect(tunnel.counters(ann.key)?.dropped.wrong_destination).toBe(1);
  });
});

describe.each(families)("a packet with a partial checksum from a peer, $name", ({ from, to }) => {
  const fields = packetFields(from, to, { payloadBytes: 100 });
  const offload = { ...virtioFields(fields, 0), gsoType: 0, gsoSize: 0 };
  const partial = packetBytes(fields, "partial");

  it("is left to a device that completes it, and completed for one that does not", () => {
    const all = tunnelOfThree({ offloads: ALL_OFFLOADS });
    all.lanes.ann.deliver(partial, { ...offload, headerBytes: 3 });
    expect(all.tun.offloaded).toEqual([{ packet: partial, offload }]);
    const none = tunnelOfThree({ offloads: NO_OFFLOADS });
    none.lanes.ann.deliver(partial, offload);
    expect([none.tun.written, none.tun.offloaded]).toEqual([[packetBytes(fields, "full")], []]);
  });

  it("is dropped as malformed when the checksum is not its own transport's", () => {
    const { tunnel, tun, lanes } = tunnelOfThree({ offloads: ALL_OFFLOADS });
    lanes.ann.deliver(partial, { ...offload, checksumStart: offload.checksumStart + 2 });
    lanes.ann.deliver(partial, { ...offload, checksumOffset: 0 });
    expect(tun.written).toEqual([]);
    expect(tunnel.counters(ann.key)?.dropped.malformed).toBe(2);
  });
});

describe("answers of the tunnel itself", () => {
  it("go out at once, in front of a batch, and count for nobody", () => {
    const { tunnel, tun, lanes, endTurn } = inTurns();
    lanes.ann.deliver(udpPacket(ann.ipv4, self.ipv4));
    tun.fromSystem(udpPacket(self.ipv4, "100.64.9.9"));
    expect(tunnel.totals().packetsIn).toBeLessThanOrEqual(1);
    expect(tun.written.at(-1)![9]).toBe(1);
    endTurn();
    expect(tunnel.totals().packetsIn).toBe(1);
  });
});

describe("whatever a peer sends with whatever offload", () => {
  /** What is wrong with it: often nothing, else one or a few of its fields. */
  const lies = fc.oneof(
    fc.constant({}),
    fc.record(
      {
        flags: fc.nat({ max: 255 }),
        gsoType: fc.oneof(fc.constantFrom(0, 1, 4, 5, 0x81, 0x84), fc.nat({ max: 255 })),
        headerBytes: fc.nat({ max: 0xffff }),
        gsoSize: fc.oneof(fc.integer({ min: 400, max: 1500 }), fc.nat({ max: 0xffff })),
        checksumStart: fc.oneof(fc.constantFrom(20, 40), fc.nat({ max: 0xffff })),
        checksumOffset: fc.oneof(fc.constantFrom(6, 16), fc.nat({ max: 0xffff })),
      },
      { requiredKeys: [] },
    ),
  );
  const shape = fc.record({
    family: fc.constantFrom(...families),
    protocol: fc.constantFrom("tcp" as const, "udp" as const),
    payloadBytes: fc.nat({ max: 6000 }),
    changes: fc.array(fc.tuple(fc.nat({ max: 70 }), fc.nat({ max: 255 })), { maxLength: 2 }),
    lies,
  });
  const message = shape.map(({ family: { from, to }, protocol, payloadBytes, changes, lies: wrong }) => {
    const fields = packetFields(from, to, { protocol, payloadBytes });
    const packet = packetBytes(fields, "partial");
    for (const [at, value] of changes) packet[at % packet.length] = value;
    return { packet, offload: { ...virtioFields(fields, 1000), ...wrong } };
  });
  const offloads = fc.constantFrom(ALL_OFFLOADS, CHECKSUM_ONLY, NO_OFFLOADS, { checksum: true, tcp: true, udp: false });

  it("the kernel is told nothing but what the packet bears out, and every packet is written or counted", () => {
    const layout = new TransportLayout();
    let offloaded = 0;
    fc.assert(
      fc.property(message, offloads, ({ packet, offload }, takes) => {
        // What is no packet is not the device's.
        fc.pre(!isSpeedFrame(packet));
        const { tunnel, tun, lanes } = tunnelOfThree({ offloads: takes });
        lanes.ann.deliver(packet, offload);
        const dropped = Object.values(tunnel.totals().dropped).reduce((sum, count) => sum + count, 0);
        expect(tun.written.length > 0 ? dropped === 0 : dropped > 0).toBe(true);
        for (const each of tun.offloaded) {
          offloaded += 1;
          layout.read(each.packet);
          expect(layout.end).toBe(each.packet.length);
          expect(each.offload.headerBytes).toBe(layout.payload);
          expect(isTransportPartial(each.offload, layout)).toBe(true);
          if (each.offload.gsoType !== 0) expect(checkSuperPacket(each.offload, layout)).toBeUndefined();
        }
        expect(tun.written.length).toBeLessThanOrEqual(128);
      }),
      { numRuns: 3000 },
    );
    expect(offloaded).toBeGreaterThan(50);
  });
});
