import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Segmenter } from "../../../shared/packet/segment.ts";
import { ipv4Fields, ipv6Fields, pattern, superPackets, tcpFields, udpFields } from "../../fakes/arbitrary-packets.ts";
import { echoRequest, ipv4Packet, ipv6Packet, naiveChecksum, udpPacket } from "../../fakes/packets.ts";
import {
  type IpFields,
  type PacketFields,
  packetBytes,
  referenceSegments,
  type TcpFields,
  virtioBytes,
  virtioFields,
} from "../../fakes/reference-packets.ts";
import {
  ACK,
  type Arrival,
  altered,
  arriving,
  coalesce,
  counts,
  EVERYTHING,
  hex,
  ipv4,
  ipv6,
  modes,
  plain,
  SIZE,
  stream,
  tcp,
  udp,
} from "./offload.ts";

describe("the segments of a super-packet, coalesced", () => {
  it("are the super-packet again, bytes and virtio header", () => {
    fc.assert(
      fc.property(superPackets(), modes, ({ fields, size }, mode) => {
        const isTcp = fields.transport.protocol === "tcp";
        fc.pre(fields.payload.length > size && (isTcp || fields.payload.length <= 64 * size));
        const packet = packetBytes(fields, "partial");
        const header = virtioFields(fields, size);
        const arrivals: Arrival[] = [];
        const segmenter = new Segmenter();
        expect(segmenter.begin(packet, { ...header }, 70_000, mode)).toBeUndefined();
        const slot = Buffer.alloc(2000);
        for (let bytes = segmenter.next(slot, 0); bytes > 0; bytes = segmenter.next(slot, 0)) {
          arrivals.push({ packet: Buffer.from(slot.subarray(0, bytes)), isPartial: mode === "partial" });
        }
        expect(hex(coalesce(arrivals))).toEqual(hex([Buffer.concat([virtioBytes(header), packet])]));
      }),
      { numRuns: 300 },
    );
  });

  it("fill a super-packet to the last of its 65535 bytes", () => {
    const payload = pattern(65_535 - 40, 1);
    const fields = { ip: ipv4, transport: { ...tcp, options: new Uint8Array() }, payload };
    const arrivals = referenceSegments(fields, 1400).map((each) => arriving(each, "partial"));
    const [only, ...more] = coalesce(arrivals);
    expect(more).toEqual([]);
    expect(only?.subarray(10).equals(packetBytes(fields, "partial"))).toBe(true);
  });
});

describe("consecutive packets of one flow", () => {
  it("are never merged past 65535 bytes", () => {
    for (const ip of [ipv4, ipv6]) {
      const fields = { ip, transport: tcp, payload: pattern(131_072, 1) };
      const written = coalesce(referenceSegments(fields, 1300).map((each) => arriving(each, "partial")));
      expect(counts(written).reduce((a, b) => a + b)).toBe(101);
      expect(written.length).toBe(3);
      for (const each of written) expect(each.length).toBeLessThanOrEqual(10 + 65_535);
    }
  });

  it("are merged to 64 datagrams at most, for older kernels take no more", () => {
    expect(counts(coalesce(stream(130, udp).map((each) => arriving(each, "full"))))).toEqual([64, 64, 2]);
  });

  it("are merged if the IPv4 identification stays, but only where the packet may not be fragmented", () => {
    const fixed = (dontFragment: boolean) =>
      stream(5).map((each) => arriving(altered(each, { ip: { identification: 0, dontFragment } }), "full"));
    expect(counts(coalesce(fixed(true)))).toEqual([5]);
    expect(counts(coalesce(fixed(false)))).toEqual([1, 1, 1, 1, 1]);
  });

  it("end with a shorter one, and the next starts anew", () => {
    const [a, b, c, d, e] = stream(5) as [PacketFields, PacketFields, PacketFields, PacketFields, PacketFields];
    const short = altered(b, { payload: b.payload.subarray(0, 40) });
    const back = (each: PacketFields) => altered(each, { transport: { sequence: sequenceOf(each) - 60 } });
    expect(counts(coalesce([a, short, back(c), back(d), back(e)].map((each) => arriving(each, "full"))))).toEqual([
      2, 3,
    ]);
  });

  it("are merged however small they are, but for TCP of under 8 bytes, which the kernel cuts nothing into", () => {
    const small = (size: number, transport: TcpFields | typeof udp) =>
      referenceSegments({ ip: ipv4, transport, payload: pattern(3 * size, 1) }, size).map((each) =>
        arriving(each, "full"),
      );
    expect(counts(coalesce(small(8, tcp)))).toEqual([3]);
    expect(counts(coalesce(small(7, tcp)))).toEqual([1, 1, 1]);
    expect(counts(coalesce(small(1, udp)))).toEqual([3]);
  });

  it.each([
    ["PSH", 0x08],
    ["FIN", 0x01],
  ])("end with %s, which the super-packet then has", (_, flag) => {
    const fields = stream(4).map((each, i) => (i === 1 ? altered(each, { transport: { flags: ACK | flag } }) : each));
    const written = coalesce(fields.map((each) => arriving(each, "full")));
    expect(counts(written)).toEqual([2, 2]);
    expect(written.map((each) => each[10 + 33])).toEqual([ACK | flag, ACK]);
  });

  it("are merged behind a first with CWR, never before one", () => {
    const withCwr = (at: number) =>
      stream(4).map((each, i) => (i === at ? altered(each, { transport: { flags: ACK | 0x80 } }) : each));
    const first = coalesce(withCwr(0).map((each) => arriving(each, "full")));
    expect(counts(first)).toEqual([4]);
    expect(first[0]?.[1]).toBe(0x81);
    expect(counts(coalesce(withCwr(2).map((each) => arriving(each, "full"))))).toEqual([2, 2]);
  });

  it.each<[string, Parameters<typeof altered>[1]]>([
    ["a gap", { transport: { sequence: 1000 + 2 * SIZE + 1 } }],
    ["a repetition", { transport: { sequence: 1000 + SIZE } }],
    ["another acknowledgment", { transport: { acknowledgment: 2 } }],
    ["another window", { transport: { window: 501 } }],
    ["another urgent pointer", { transport: { urgent: 1 } }],
    ["another reserved bit", { transport: { reserved: 1 } }],
    ["ECE", { transport: { flags: ACK | 0x40 } }],
    ["other timestamps", { transport: { options: Uint8Array.of(1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 2) } }],
    ["more options", { transport: { options: new Uint8Array(16) } }],
    ["no options", { transport: { options: new Uint8Array() } }],
    ["another type of service", { ip: { typeOfService: 3 } }],
    ["another time to live", { ip: { timeToLive: 63 } }],
    ["don't fragment cleared", { ip: { dontFragment: false } }],
    ["an identification that jumps", { ip: { identification: 7 } }],
    ["a longer payload", { payload: pattern(SIZE + 1, 1) }],
    ["another port", { transport: { destinationPort: 444 } }],
    ["another address", { ip: { source: Buffer.from([100, 64, 0, 3]) } }],
    ["RST", { transport: { flags: ACK | 0x04 } }],
    ["SYN", { transport: { flags: ACK | 0x02 } }],
    ["URG", { transport: { flags: ACK | 0x20 } }],
    ["no ACK", { transport: { flags: 0 } }],
    ["no payload", { payload: new Uint8Array() }],
    ["IPv4 options", { ip: { options: Uint8Array.of(1, 1, 1, 0) } }],
  ])("are not merged over %s", (_, change) => {
    const [a, b, c] = stream(3) as [PacketFields, PacketFields, PacketFields];
    const arrivals = [a, b, altered(c, change)].map((each) => arriving(each, "full"));
    const written = coalesce(arrivals);
    expect(counts(written)).toEqual([2, 1]);
    expect(written.at(-1)).toEqual(plain(arrivals[2]!.packet));
  });

  it.each([
    ["another traffic class", { trafficClass: 1 }],
    ["another flow label", { flowLabel: 6 }],
    ["another hop limit", { hopLimit: 63 }],
    ["an extension header", { extensions: [{ protocol: 60, bytes: new Uint8Array(8) }] }],
  ])("are not merged over %s", (_, ip) => {
    const [a, b, c] = stream(3, tcp, ipv6) as [PacketFields, PacketFields, PacketFields];
    const arrivals = [a, b, altered(c, { ip })].map((each) => arriving(each, "full"));
    expect(counts(coalesce(arrivals))).toEqual([2, 1]);
  });

  it.each([
    ["the first", 0, [1, 3]],
    ["the second", 1, [1, 1, 2]],
    ["a later one", 2, [2, 1, 1]],
  ])("are not merged where %s has a wrong checksum, which reaches the kernel as it came", (_, spoiled, expected) => {
    for (const transport of [tcp, udp]) {
      const arrivals = stream(4, transport).map((each) => arriving(each, "full"));
      const { packet } = arrivals[spoiled]!;
      packet[packet.length - 1]! ^= 1;
      const written = coalesce(arrivals);
      expect(counts(written)).toEqual(expected);
      expect(hex(written)).toContain(plain(packet).toString("hex"));
    }
  });

  it("need no right checksum while it is partial", () => {
    for (const transport of [tcp, udp]) {
      expect(counts(coalesce(stream(4, transport).map((each) => arriving(each, "partial"))))).toEqual([4]);
    }
  });

  it("are not merged with a wrong IPv4 header checksum, which merging would mend", () => {
    const arrivals = stream(3).map((each) => arriving(each, "partial"));
    arrivals[1]!.packet[10]! ^= 1;
    expect(counts(coalesce(arrivals))).toEqual([1, 1, 1]);
  });

  it("are not merged with the reserved bit of IPv4, which is no one's to lose", () => {
    const arrivals = stream(3).map((each) => arriving(each, "full"));
    for (const { packet } of arrivals) {
      packet[6]! |= 0x80;
      packet.writeUInt16BE(0, 10);
      packet.writeUInt16BE(naiveChecksum(packet.subarray(0, 20)), 10);
    }
    expect(counts(coalesce(arrivals))).toEqual([1, 1, 1]);
  });

  it("are not merged behind options or extension headers, though all have the same", () => {
    const extensions = [{ protocol: 60, bytes: new Uint8Array(8) }];
    for (const ip of [{ ...ipv4, options: Uint8Array.of(1, 1, 1, 0) }, { ...ipv6, extensions } as IpFields]) {
      const arrivals = stream(3, tcp, ip).map((each) => arriving(each, "full"));
      expect(hex(coalesce(arrivals))).toEqual(hex(arrivals.map(({ packet }) => plain(packet))));
    }
  });

  it("are not merged when they are datagrams without a checksum", () => {
    const arrivals = stream(3, udp).map((each) => arriving(each, "full"));
    for (const { packet } of arrivals) packet.writeUInt16BE(0, 26);
    const written = coalesce(arrivals);
    expect(hex(written)).toEqual(hex(arrivals.map(({ packet }) => plain(packet))));
  });

  it("are merged for the protocols alone that the kernel takes", () => {
    const arrivals = (transport: TcpFields | typeof udp) =>
      stream(3, transport).map((each) => arriving(each, "partial"));
    expect(counts(coalesce(arrivals(udp), { ...EVERYTHING, udp: false }))).toEqual([1, 1, 1]);
    expect(counts(coalesce(arrivals(tcp), { ...EVERYTHING, udp: false }))).toEqual([3]);
    expect(counts(coalesce(arrivals(tcp), { ...EVERYTHING, tcp: false }))).toEqual([1, 1, 1]);
  });
});

describe("a packet that is not merged", () => {
  const [a4, b4] = ["100.64.0.1", "100.64.0.2"];

  it("reaches the kernel as it came, behind a header that asks for nothing", () => {
    const packets = [
      echoRequest(a4, b4),
      udpPacket(a4, b4),
      udpPacket("fd67::1", "fd67::2", pattern(5, 1)),
      packetBytes({ ip: ipv4, transport: { ...tcp, flags: 0x02 }, payload: new Uint8Array() }, "full"),
      Buffer.alloc(0),
      Buffer.alloc(7, 0x45),
      Buffer.alloc(60, 0xff),
    ];
    for (const packet of packets) {
      expect(hex(coalesce([{ packet, isPartial: false }]))).toEqual(hex([plain(packet)]));
    }
  });

  it("has its partial checksum described to the kernel", () => {
    fc.assert(
      fc.property(fc.oneof(ipv4Fields, ipv6Fields), fc.oneof(tcpFields, udpFields), (ip, transport) => {
        const fields = { ip, transport, payload: pattern(30, 1) };
        const { packet } = arriving(fields, "partial");
        const expected = Buffer.concat([virtioBytes(virtioFields(fields, 0)), packet]);
        expect(hex(coalesce([{ packet, isPartial: true }]))).toEqual(hex([expected]));
      }),
    );
  });

  it("has its partial checksum completed for a kernel that does not", () => {
    fc.assert(
      fc.property(superPackets(), ({ fields, size }) => {
        const segments = referenceSegments(fields, size);
        const written = coalesce(
          segments.map((each) => arriving(each, "partial")),
          { ...EVERYTHING, checksum: false },
        );
        expect(hex(written)).toEqual(hex(segments.map((each) => plain(packetBytes(each, "full")))));
      }),
    );
  });

  it("is not said to have a partial checksum when it has no transport that could", () => {
    const packet = echoRequest(a4, b4);
    expect(coalesce([{ packet, isPartial: true }])).toEqual([plain(packet)]);
    expect(coalesce([{ packet, isPartial: true }], { ...EVERYTHING, checksum: false })).toEqual([plain(packet)]);
  });

  it("loses what follows its own end", () => {
    const [whole] = stream(1) as [PacketFields];
    const { packet } = arriving(whole, "full");
    const padded = Buffer.concat([packet, Buffer.alloc(9, 1)]);
    expect(hex(coalesce([{ packet: padded, isPartial: false }]))).toEqual(hex([plain(packet)]));
  });

  it("may be the longest there is, and is cut when it is longer than any", () => {
    const longest = packetBytes({ ip: ipv6, transport: tcp, payload: pattern(65_535 - 32, 1) }, "partial");
    expect(longest.length).toBe(65_575);
    expect(coalesce([{ packet: longest, isPartial: true }])[0]?.length).toBe(65_585);
    expect(coalesce([{ packet: Buffer.alloc(70_000, 0x11), isPartial: true }])[0]?.length).toBe(65_585);
  });

  it("comes behind the packets of its flow that came before it", () => {
    const [a, b, c] = stream(3) as [PacketFields, PacketFields, PacketFields];
    const pureAck = altered(c, { payload: new Uint8Array() });
    const arrivals = [a, b, pureAck, c].map((each) => arriving(each, "full"));
    expect(counts(coalesce(arrivals))).toEqual([2, 1, 1]);
  });

  it("comes at once when it is of another flow, or of none", () => {
    const [a, b, c] = stream(3) as [PacketFields, PacketFields, PacketFields];
    const ping = echoRequest(a4, b4);
    const otherAck = altered(a, { transport: { sourcePort: 7 }, payload: new Uint8Array() });
    const arrivals = [arriving(a, "full"), arriving(b, "full"), arriving(otherAck, "full")];
    const written = coalesce([...arrivals, { packet: ping, isPartial: false }, arriving(c, "full")]);
    expect(counts(written)).toEqual([1, 1, 3]);
    expect(written[1]).toEqual(plain(ping));
  });

  it("comes behind all flows when it is a fragment, which may be of any", () => {
    const [a, b, c] = stream(3) as [PacketFields, PacketFields, PacketFields];
    const ports = { source: a4, destination: b4, protocol: 6, payload: Buffer.alloc(24) };
    const fragments = [
      ipv4Packet({ ...ports, moreFragments: true }),
      ipv4Packet({ ...ports, fragmentOffset: 24 }),
      ipv6Packet({
        source: "fd67::1",
        destination: "fd67::2",
        protocol: 6,
        extensions: [{ protocol: 44, bytes: Buffer.alloc(8) }],
      }),
    ];
    for (const packet of fragments) {
      const written = coalesce([
        arriving(a, "full"),
        arriving(b, "full"),
        { packet, isPartial: false },
        arriving(c, "full"),
      ]);
      expect(counts(written)).toEqual([2, 1, 1]);
      expect(written[1]).toEqual(plain(packet));
    }
  });
});

function sequenceOf(fields: PacketFields): number {
  if (fields.transport.protocol !== "tcp") throw new Error("UDP has no sequence numbers");
  return fields.transport.sequence;
}
