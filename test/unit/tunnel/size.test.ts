import { describe, expect, it } from "vitest";
import { ICMP, ICMPV6 } from "../../../shared/packet/icmp.ts";
import { parseIpv4 } from "../../../shared/packet/ipv4.ts";
import { TCP_FLAG } from "../../../shared/packet/tcp.ts";
import { DEFAULT_TUNNEL_MTU } from "../../../shared/tunnel/mtu.ts";
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
  it("carries IPv6 and travels as one datagram over a mobile network, relayed", () => {
    const overhead = 16 + 12 + 37 + 8 + 40 + 4;
    expect(DEFAULT_TUNNEL_MTU).toBeGreaterThanOrEqual(1280);
    expect(DEFAULT_TUNNEL_MTU + overhead).toBeLessThanOrEqual(1420);
  });
});
