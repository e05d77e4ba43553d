import { describe, expect, it } from "vitest";
import { ICMP, ICMPV6 } from "../../../shared/packet/icmp.ts";
import { parseIpv4 } from "../../../shared/packet/ipv4.ts";
import { TCP_FLAG } from "../../../shared/packet/tcp.ts";
import { DEFAULT_TUNNEL_MTU, MEDIA_OVERHEAD_BYTES } from "../../../shared/tunnel/mtu.ts";
import { FakeLane } from "../../fakes/lane.ts";
import { hasValidChecksums, ipv4Packet, tcpPacket, udpPacket } from "../../fakes/packets.ts";
import { ann, self, tunnelOfThree } from "./fixture.ts";

const syn = (source: string, destination: string) =>
  tcpPacket(source, destination, { flags: TCP_FLAG.syn, options: Buffer.from([2, 4, 0x23, 0]) });
const cuttable = (bytes: number) =>
  ipv4Packet({ source: self.ipv4, destination: ann.ipv4, payload: Buffer.alloc(bytes, 7) });

describe("a packet over the lane's size", () => {
  it("is answered with the size that fits, by IPv4 'don't fragment' and by IPv6", () => {
    const { tunnel, tun, lanes } = tunnelOfThree({ mtu: 9000, maxPacketBytes: 1400 });
    tun.fromSystem(udpPacket(self.ipv4, ann.ipv4, Buffer.alloc(1400)));
    tun.fromSystem(udpPacket(self.ipv6, ann.ipv6, Buffer.alloc(1400)));
    const [v4, v6] = tun.take();
    expect([v4![20], v4![21], v4!.readUInt16BE(26)]).toEqual([3, ICMP.code.fragmentationNeeded, 1400]);
    expect([v6![40], v6!.readUInt32BE(44)]).toEqual([ICMPV6.packetTooBig, 1400]);
    expect(lanes.ann.sent).toEqual([]);
    expect(tunnel.counters(ann.key)?.dropped.too_big).toBe(2);
  });

  it("is cut into fragments where IPv4 allows it, so that nothing is lost", () => {
    const { tunnel, tun, lanes } = tunnelOfThree({ mtu: 9000, maxPacketBytes: 1400 });
    tun.fromSystem(cuttable(3000));
    const fragments = lanes.ann.take();
    expect(fragments.map(({ length }) => length)).toEqual([1396, 1396, 268]);
    expect(fragments.map((bytes) => parseIpv4(bytes)!.fragmentOffset)).toEqual([0, 1376, 2752]);
    expect(tun.take()).toEqual([]);
    expect(tunnel.counters(ann.key)).toMatchObject({ packetsOut: 3, dropped: { too_big: 0 } });
  });

  it("goes whole when it fits exactly", () => {
    const { tun, lanes } = tunnelOfThree({ mtu: 9000, maxPacketBytes: 1400 });
    tun.fromSystem(cuttable(1380));
    expect(lanes.ann.take()).toEqual([cuttable(1380)]);
  });

  it("is found out when it waited for a lane that turned out narrower", () => {
    const { tunnel, tun } = tunnelOfThree({ mtu: 9000 });
    tunnel.setLane(ann.key, undefined);
    tun.fromSystem(cuttable(2000));
    tun.fromSystem(udpPacket(self.ipv4, ann.ipv4, Buffer.alloc(2000)));
    tun.fromSystem(cuttable(10));
    const narrow = new FakeLane({ maxPacketBytes: 1280 });
    tunnel.setLane(ann.key, narrow);
    expect(narrow.take().map(({ length }) => length)).toEqual([1276, 764, 30]);
    expect(narrow.lost).toBe(0);
    const [reply] = tun.take();
    expect([reply![21], reply!.readUInt16BE(26)]).toEqual([ICMP.code.fragmentationNeeded, 1280]);
    expect(tunnel.counters(ann.key)?.dropped.too_big).toBe(1);
  });
});

describe("a packet for a peer", () => {
  it("is held to what the peer's own interface takes", () => {
    const { tunnel, tun, lanes } = tunnelOfThree({ mtu: 1420, maxPacketBytes: 1420 });
    tunnel.setPeer(ann.key, { ...ann, mtu: 1300 });
    tun.fromSystem(udpPacket(self.ipv4, ann.ipv4, Buffer.alloc(1300)));
    expect(lanes.ann.take()).toEqual([]);
    expect(tun.take()[0]!.readUInt16BE(26)).toBe(1300);
    tun.fromSystem(syn(self.ipv4, ann.ipv4));
    expect(lanes.ann.take()[0]!.readUInt16BE(42)).toBe(1300 - 40);
  });

  it.each([0, 1, 68])("is not cut to dust for one that says it takes %d bytes", (mtu) => {
    const { tunnel, tun, lanes } = tunnelOfThree({ mtu: 1420, maxPacketBytes: 1420 });
    tunnel.setPeer(ann.key, { ...ann, mtu });
    tun.fromSystem(cuttable(1400));
    const largest = mtu === 0 ? 1420 : 576;
    expect(Math.max(...lanes.ann.take().map(({ length }) => length))).toBeGreaterThan(largest - 8);
  });

  it("is taken by a lane that is too narrow for IPv6 up to 1280 bytes, for IPv6 may not be told of less", () => {
    const { tun, lanes } = tunnelOfThree({ mtu: 1420, maxPacketBytes: 1200 });
    tun.fromSystem(udpPacket(self.ipv6, ann.ipv6, Buffer.alloc(1280 - 48)));
    tun.fromSystem(udpPacket(self.ipv6, ann.ipv6, Buffer.alloc(1281 - 48)));
    tun.fromSystem(udpPacket(self.ipv4, ann.ipv4, Buffer.alloc(1201 - 28)));
    expect(lanes.ann.take().map(({ length }) => length)).toEqual([1280]);
    const [v6, v4] = tun.take();
    expect([v6!.readUInt32BE(44), v4!.readUInt16BE(26)]).toEqual([1280, 1200]);
  });

  it("has its MSS lowered to the lane's size all the same, so that TCP need not go round", () => {
    const { tun, lanes } = tunnelOfThree({ mtu: 1420, maxPacketBytes: 1200 });
    tun.fromSystem(syn(self.ipv6, ann.ipv6));
    expect(lanes.ann.take()[0]!.readUInt16BE(62)).toBe(1200 - 60);
  });
});

describe("the MSS of a TCP handshake", () => {
  it.each([
    ["the tunnel's MTU", { mtu: 1280, maxPacketBytes: 16_384 }, 1280],
    ["the lane's size", { mtu: 9000, maxPacketBytes: 1400 }, 1400],
  ])("is lowered both ways to %s, the smaller", (_, options, mtu) => {
    const { tun, lanes } = tunnelOfThree(options);
    for (const [from, to] of [[self.ipv4, ann.ipv4] as const, [self.ipv6, ann.ipv6] as const]) {
      tun.fromSystem(syn(from, to));
      lanes.ann.deliver(syn(to, from));
      const [headers, at] = from.includes(":") ? [60, 62] : [40, 42];
      for (const packet of [...lanes.ann.take(), ...tun.take()]) {
        expect(packet.readUInt16BE(at)).toBe(mtu - headers);
        expect(hasValidChecksums(packet)).toBe(true);
      }
    }
  });
});

describe("the interface's MTU", () => {
  it("travels as one datagram over Ethernet, by IPv6 too", () => {
    const turn = 4;
    expect(DEFAULT_TUNNEL_MTU + MEDIA_OVERHEAD_BYTES - turn).toBeLessThanOrEqual(1500);
  });
});
