import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ICMP, ICMPV6 } from "../../../shared/packet/icmp.ts";
import { TCP_FLAG } from "../../../shared/packet/tcp.ts";
import type { LaneTakes } from "../../../shared/tunnel/ports.ts";
import { FakeLane } from "../../fakes/lane.ts";
import { hasValidChecksums, tcpPacket, udpPacket } from "../../fakes/packets.ts";
import { packetBytes, virtioFields } from "../../fakes/reference-packets.ts";
import { ALL_OFFLOADS, ann, self, tunnelOfThree } from "./fixture.ts";
import { packetFields, superPacket } from "./super-packets.ts";

const capabilities = ["gso"];
const families = [
  { name: "IPv4", from: self.ipv4, to: ann.ipv4 },
  { name: "IPv6", from: self.ipv6, to: ann.ipv6 },
];
const out = (takes: LaneTakes, more: object = {}) =>
  tunnelOfThree({ takes, capabilities, offloads: ALL_OFFLOADS, maxPacketBytes: 65_535, ...more });

describe.each(families)("a super-packet from this machine, $name", ({ from, to }) => {
  const tcp = superPacket(packetFields(from, to), 1200);
  const udp = superPacket(packetFields(from, to, { protocol: "udp" }), 1000);

  it.each([tcp, udp])(
    "goes whole by a lane that takes it, to a peer that said so, and counts as its packets",
    (each) => {
      const { tunnel, tun, lanes } = out("super");
      tun.fromSystem(each.packet, each.offload);
      expect(lanes.ann.sent).toEqual([each.packet]);
      expect(lanes.ann.offloads).toEqual([each.offload]);
      const wire = each.segments("full");
      const bytesOut = wire.reduce((sum, { length }) => sum + length, 0);
      expect(tunnel.counters(ann.key)).toMatchObject({ packetsOut: wire.length, bytesOut });
    },
  );

  it.each([
    ["a peer that did not say so", { capabilities: [] }],
    ["a peer with other words", { capabilities: ["media"] }],
  ])("is cut into complete packets for %s", (_, more) => {
    for (const each of [tcp, udp]) {
      const { tun, lanes } = out("super", more);
      tun.fromSystem(each.packet, each.offload);
      expect(lanes.ann.sent).toEqual(each.segments("full"));
      expect(lanes.ann.sent.every(hasValidChecksums)).toBe(true);
      expect(lanes.ann.offloads.every((offload) => offload === undefined)).toBe(true);
    }
  });

  it.each([tcp, udp])("is cut, its checksums left partial, for a lane that takes that", (each) => {
    const { tunnel, tun, lanes } = out("partial", { maxPacketBytes: 1280 });
    tun.fromSystem(each.packet, each.offload);
    expect(lanes.ann.sent).toEqual(each.segments("partial"));
    const { headerBytes, checksumStart, checksumOffset } = each.offload;
    const partial = { flags: 1, gsoType: 0, gsoSize: 0, headerBytes, checksumStart, checksumOffset };
    expect(lanes.ann.offloads).toEqual(each.segments("partial").map(() => partial));
    expect(tunnel.counters(ann.key)?.packetsOut).toBe(each.segments("full").length);
  });

  it("is cut when it is longer than the lane takes, or its segments shorter than travel whole", () => {
    const narrow = out("super", { maxPacketBytes: 4000 });
    narrow.tun.fromSystem(tcp.packet, tcp.offload);
    expect(narrow.lanes.ann.sent).toEqual(tcp.segments("partial"));
    const short = superPacket(packetFields(from, to), 500);
    const { tun, lanes } = out("super");
    tun.fromSystem(short.packet, short.offload);
    expect(lanes.ann.sent).toEqual(short.segments("partial"));
  });

  it("is cut finer, if TCP, where the lane is narrower than its sender knows, who is told; nothing is lost", () => {
    const wide = superPacket(packetFields(from, to), 1400);
    const { tunnel, tun, lanes } = out("partial", { mtu: 1500, maxPacketBytes: 1300 });
    tun.fromSystem(wide.packet, wide.offload);
    const finer = superPacket(packetFields(from, to), 1300 - wide.offload.headerBytes);
    expect(lanes.ann.sent).toEqual(finer.segments("partial"));
    expect(lanes.ann.lost).toBe(0);
    const [reply] = tun.take();
    if (from === self.ipv4)
      expect([reply![21], reply!.readUInt16BE(26)]).toEqual([ICMP.code.fragmentationNeeded, 1300]);
    else expect([reply![40], reply!.readUInt32BE(44)]).toEqual([ICMPV6.packetTooBig, 1300]);
    expect(tunnel.counters(ann.key)?.dropped.too_big).toBe(0);
  });

  it("is cut finer without a word, if TCP, where IPv6 may not be told of so little", () => {
    const wide = superPacket(packetFields(from, to), 1200);
    const { tun, lanes } = out("partial", { mtu: 1420, maxPacketBytes: 1000 });
    tun.fromSystem(wide.packet, wide.offload);
    const finer = superPacket(packetFields(from, to), 1000 - wide.offload.headerBytes);
    expect(lanes.ann.sent).toEqual(finer.segments("partial"));
    expect(tun.take()).toHaveLength(from === self.ipv4 ? 1 : 0);
  });

  it("is refused, if UDP, where its datagrams do not fit, each as if it had come alone", () => {
    const wide = superPacket(packetFields(from, to, { protocol: "udp" }), 1300);
    const { tunnel, tun, lanes } = out("partial", { mtu: 1500, maxPacketBytes: 1280 });
    tun.fromSystem(wide.packet, wide.offload);
    // The last is a short one, and fits.
    expect(lanes.ann.sent).toEqual(wide.segments("full").slice(-1));
    expect(tunnel.counters(ann.key)?.dropped.too_big).toBe(3);
    expect(tun.take()).toHaveLength(3);
  });

  it("is dropped and counted when it contradicts itself", () => {
    const { tunnel, tun, lanes } = out("super");
    for (const wrong of [
      { ...tcp.offload, gsoType: 5 },
      { ...tcp.offload, gsoType: 3 },
      { ...tcp.offload, gsoSize: 0 },
      { ...tcp.offload, flags: 0 },
      { ...tcp.offload, checksumStart: 0 },
      { ...tcp.offload, checksumOffset: 6 },
    ]) {
      tun.fromSystem(tcp.packet, wrong);
    }
    expect(lanes.ann.sent).toEqual([]);
    expect(tunnel.counters(ann.key)?.dropped.malformed).toBe(6);
  });
});

describe.each(families)("a packet with a partial checksum, $name", ({ from, to }) => {
  const fields = packetFields(from, to, { payloadBytes: 101 });
  const partial = packetBytes(fields, "partial");
  const full = packetBytes(fields, "full");
  const offload = { ...virtioFields(fields, 0), gsoType: 0, gsoSize: 0 };

  it("stays so where lane and peer take that, and is completed where either does not", () => {
    for (const takes of ["partial", "super"] as const) {
      const { tun, lanes } = out(takes);
      tun.fromSystem(partial, offload);
      expect([lanes.ann.sent, lanes.ann.offloads]).toEqual([[partial], [offload]]);
    }
    for (const options of [{ takes: "complete" as const }, { takes: "super" as const, capabilities: [] }]) {
      const { tun, lanes } = out(options.takes, options);
      tun.fromSystem(partial, offload);
      expect([lanes.ann.sent, lanes.ann.offloads]).toEqual([[full], [undefined]]);
    }
  });

  it("is completed when it is not the packet's own checksum, and dropped when there is no such place", () => {
    const { tunnel, tun, lanes } = out("super");
    const inner = { ...offload, checksumStart: offload.headerBytes, checksumOffset: 0 };
    tun.fromSystem(full, inner);
    expect(lanes.ann.offloads).toEqual([undefined]);
    expect(lanes.ann.take()[0]).toHaveLength(full.length);
    tun.fromSystem(full, { ...offload, checksumStart: full.length });
    expect(lanes.ann.sent).toEqual([]);
    expect(tunnel.counters(ann.key)?.dropped.malformed).toBe(1);
  });

  it("has the MSS of its handshake lowered, and its checksum right when it is completed", () => {
    const mss = { flags: TCP_FLAG.syn, options: Buffer.from([2, 4, 0x23, 0]) };
    const syn = tcpPacket(from, to, mss);
    const at = from === self.ipv4 ? 20 : 40;
    const { tun, lanes } = out("complete");
    // What the kernel leaves in the field is the sum of the pseudo-header: that of the packet with an empty segment.
    const zeroed = Buffer.from(syn);
    zeroed.fill(0, at);
    zeroed.writeUInt16BE(pseudoSum(syn, at), at + 16);
    syn.writeUInt16BE(zeroed.readUInt16BE(at + 16), at + 16);
    tun.fromSystem(syn, { ...offload, headerBytes: at + 24, checksumStart: at, checksumOffset: 16 });
    const [sent] = lanes.ann.take();
    expect(sent!.readUInt16BE(at + 22)).toBe(1280 - at - 20);
    expect(hasValidChecksums(sent!)).toBe(true);
  });
});

/** The folded sum of the pseudo-header of a TCP packet whose TCP header is at `at`. */
function pseudoSum(packet: Buffer, at: number): number {
  const addresses = at === 20 ? packet.subarray(12, 20) : packet.subarray(8, 40);
  let sum = 6 + packet.length - at;
  for (let i = 0; i < addresses.length; i += 2) sum += addresses.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}

describe("packets with offloads that wait", () => {
  const tcp = superPacket(packetFields(self.ipv4, ann.ipv4), 1200);

  it("go as they are by the lane they waited for", () => {
    const { tun, lanes } = out("super", { room: 1 });
    tun.fromSystem(udpPacket(self.ipv4, ann.ipv4));
    tun.fromSystem(tcp.packet, tcp.offload);
    lanes.ann.drain();
    expect([lanes.ann.sent[1], lanes.ann.offloads[1]]).toEqual([tcp.packet, tcp.offload]);
  });

  it("are cut when the next lane, or what the peer says anew, takes less", () => {
    const { tunnel, tun } = out("super", { room: 1 });
    tun.fromSystem(udpPacket(self.ipv4, ann.ipv4));
    tun.fromSystem(tcp.packet, tcp.offload);
    const narrow = new FakeLane({ maxPacketBytes: 1280, takes: "partial", room: 1 });
    tunnel.setLane(ann.key, narrow);
    expect(narrow.sent).toEqual(tcp.segments("partial").slice(0, 1));
    tunnel.setPeer(ann.key, ann);
    narrow.drain();
    expect(narrow.sent.slice(1)).toEqual(tcp.segments("full").slice(1));
    expect(narrow.offloads.slice(1).every((offload) => offload === undefined)).toBe(true);
  });

  it("count as all their packets when they are given up", async () => {
    const { tunnel, tun, clock } = out("super", { room: 1 });
    tun.fromSystem(udpPacket(self.ipv4, ann.ipv4));
    tun.fromSystem(tcp.packet, tcp.offload);
    tunnel.setLane(ann.key, undefined);
    await clock.advance(2000);
    expect(tunnel.counters(ann.key)?.dropped.no_lane).toBe(5);
    expect(clock.pending).toBe(0);
  });
});

describe("whatever virtio header the system hands over", () => {
  it("no packet goes out that its lane does not take, and each is carried, answered or counted", () => {
    const header = fc.record({
      flags: fc.constantFrom(0, 1, 3),
      gsoType: fc.constantFrom(0, 1, 4, 5, 0x81, 3, 77),
      headerBytes: fc.nat({ max: 0xffff }),
      gsoSize: fc.oneof(fc.nat({ max: 3000 }), fc.nat({ max: 0xffff })),
      checksumStart: fc.constantFrom(0, 20, 40, 60, 0xffff),
      checksumOffset: fc.constantFrom(6, 16, 0, 0xffff),
    });
    const takes = fc.constantFrom<LaneTakes>("complete", "partial", "super");
    const protocol = fc.constantFrom("tcp" as const, "udp" as const);
    fc.assert(
      fc.property(header, takes, protocol, fc.constantFrom(...families), (offload, kind, transport, { from, to }) => {
        const { tunnel, tun, lanes } = out(kind, { maxPacketBytes: kind === "super" ? 65_535 : 1280 });
        tun.fromSystem(packetBytes(packetFields(from, to, { protocol: transport }), "partial"), offload);
        const dropped = Object.values(tunnel.totals().dropped).reduce((sum, count) => sum + count, 0);
        expect(lanes.ann.sent.length + tun.take().length + dropped).toBeGreaterThan(0);
        expect(lanes.ann.lost).toBe(0);
        for (const [i, packet] of lanes.ann.sent.entries()) {
          const sent = lanes.ann.offloads[i];
          if (kind === "complete") expect(sent).toBeUndefined();
          if (!sent || sent.gsoType === 0) expect(packet.length).toBeLessThanOrEqual(kind === "super" ? 65_535 : 1280);
          if (kind !== "super") expect(sent?.gsoType ?? 0).toBe(0);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
