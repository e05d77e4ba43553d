import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Coalescer, type KernelOffloads } from "../../../shared/packet/coalesce.ts";
import { MAX_FLOWS } from "../../../shared/packet/flow-table.ts";
import { type ChecksumMode, Segmenter } from "../../../shared/packet/segment.ts";
import { ipv4Fields, ipv6Fields, pattern, superPackets, tcpFields, udpFields } from "../../fakes/arbitrary-packets.ts";
import {
  echoRequest,
  hasValidChecksums,
  ipv4Packet,
  ipv6Packet,
  naiveChecksum,
  udpPacket,
} from "../../fakes/packets.ts";
import {
  type IpFields,
  type Ipv4Fields,
  type PacketFields,
  packetBytes,
  referenceSegments,
  type TcpFields,
  virtioBytes,
  virtioFields,
} from "../../fakes/reference-packets.ts";

const EVERYTHING: KernelOffloads = { checksum: true, tcp: true, udp: true };
const modes = fc.constantFrom<ChecksumMode>("partial", "full");

/** A packet as it arrives. */
interface Arrival {
  readonly packet: Buffer;
  readonly isPartial: boolean;
}

/** What the kernel is given, in order: virtio header and packet. */
function coalesce(arrivals: readonly Arrival[], offloads = EVERYTHING): Buffer[] {
  const written: Buffer[] = [];
  const coalescer = new Coalescer(offloads, (buffer, bytes) => written.push(Buffer.from(buffer.subarray(0, bytes))));
  for (const { packet, isPartial } of arrivals) {
    const copy = Buffer.from(packet);
    coalescer.add(copy, isPartial);
    expect(copy.equals(packet)).toBe(true);
    copy.fill(0xee); // it is the caller's again
  }
  coalescer.flush();
  const count = written.length;
  coalescer.flush();
  expect(written.length).toBe(count);
  return written;
}

const arriving = (fields: PacketFields, mode: ChecksumMode): Arrival => ({
  packet: packetBytes(fields, mode),
  isPartial: mode === "partial",
});
const hex = (packets: readonly Buffer[]) => packets.map((packet) => packet.toString("hex"));
const plain = (packet: Buffer) => Buffer.concat([Buffer.alloc(10), packet]);

/** How many packets each write carries, by its virtio header. */
function counts(written: readonly Buffer[]): number[] {
  return written.map((each) => {
    const gsoSize = each.readUInt16LE(4);
    return gsoSize === 0 ? 1 : Math.ceil((each.length - 10 - each.readUInt16LE(2)) / gsoSize);
  });
}

const ipv4: Ipv4Fields = {
  version: 4,
  source: Buffer.from([100, 64, 0, 1]),
  destination: Buffer.from([100, 64, 0, 2]),
  typeOfService: 0,
  timeToLive: 64,
  identification: 100,
  dontFragment: true,
};
const ipv6: IpFields = {
  version: 6,
  source: Buffer.alloc(16, 1),
  destination: Buffer.alloc(16, 2),
  trafficClass: 0,
  flowLabel: 5,
  hopLimit: 64,
};
const ACK = 0x10;
const tcp: TcpFields = {
  protocol: "tcp",
  sourcePort: 40_000,
  destinationPort: 443,
  sequence: 1000,
  acknowledgment: 1,
  reserved: 0,
  flags: ACK,
  window: 500,
  urgent: 0,
  options: Uint8Array.of(1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2),
};
const udp = { protocol: "udp", sourcePort: 1000, destinationPort: 2000 } as const;
const SIZE = 100;

/** `count` consecutive packets of SIZE bytes, as fields. */
function stream(count: number, transport: PacketFields["transport"] = tcp, ip: IpFields = ipv4): PacketFields[] {
  return referenceSegments({ ip, transport, payload: pattern(count * SIZE, 3) }, SIZE);
}

/** Gives a packet other IP or transport fields, or another payload. */
function altered(
  fields: PacketFields,
  { ip = {}, transport = {}, payload }: { ip?: object; transport?: object; payload?: Uint8Array },
): PacketFields {
  return {
    ip: { ...fields.ip, ...ip },
    transport: { ...fields.transport, ...transport },
    payload: payload ?? fields.payload,
  };
}

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

/** How one packet of a flow is treated on its way. */
const mishap = fc.constantFrom(
  "arrives",
  "arrives",
  "arrives",
  "arrives",
  "lost",
  "twice",
  "late",
  "spoiled",
  "marked",
);

interface Traffic {
  readonly arrivals: readonly Arrival[];
  /** Of each flow, by source port, in order: what arrived, with complete checksums unless they were spoiled. */
  readonly expected: ReadonlyMap<number, readonly string[]>;
}

interface FlowPlan {
  readonly ip: IpFields;
  readonly transport: PacketFields["transport"];
  readonly size: number;
  readonly isFixed: boolean;
  readonly mode: ChecksumMode;
  readonly mishaps: readonly string[];
}

const flowPlan: fc.Arbitrary<FlowPlan> = fc.record({
  // Few addresses and ports, so that flows are alike.
  ip: fc.constantFrom(ipv4, { ...ipv4, dontFragment: false }, { ...ipv4, typeOfService: 2 }, ipv6),
  transport: fc.constantFrom(tcp, { ...tcp, sequence: 0xffffff00 }, udp),
  size: fc.integer({ min: 1, max: 150 }),
  isFixed: fc.boolean(),
  mode: modes,
  mishaps: fc.array(mishap, { minLength: 1, maxLength: 30 }),
});

function packetsOf(plan: FlowPlan, sourcePort: number): { arrival: Arrival; expected: string }[] {
  const { ip, size, mode, mishaps } = plan;
  const transport = { ...plan.transport, sourcePort };
  const payload = pattern(size * mishaps.length - (size > 1 ? 1 : 0), sourcePort);
  const packets = referenceSegments({ ip, transport, payload }, size).map((fields, i) => {
    const what = mishaps[i];
    let sent = plan.isFixed && ip.version === 4 ? altered(fields, { ip: { identification: 9 } }) : fields;
    if (what === "marked" && sent.transport.protocol === "tcp") {
      sent = altered(sent, { transport: { flags: ACK | [0x08, 0x01, 0x40, 0x80, 0x04][i % 5]! } });
    }
    const arrival = arriving(sent, what === "spoiled" ? "full" : mode);
    if (what === "spoiled") arrival.packet[arrival.packet.length - 1]! ^= 0x40;
    const expected = what === "spoiled" ? arrival.packet : packetBytes(sent, "full");
    return { arrival, expected: expected.toString("hex"), what };
  });
  const travelled = packets.flatMap((each) =>
    each.what === "lost" ? [] : each.what === "twice" ? [each, each] : [each],
  );
  for (let i = 0; i + 1 < travelled.length; i++) {
    if (travelled[i]?.what === "late") travelled.splice(i, 2, travelled[i + 1]!, travelled[i]!);
  }
  return travelled;
}

const traffic: fc.Arbitrary<Traffic> = fc
  .tuple(fc.array(flowPlan, { minLength: 1, maxLength: 6 }), fc.infiniteStream(fc.nat({ max: 5 })))
  .map(([plans, turns]) => {
    const flows = plans.map((plan, i) => packetsOf(plan, 1000 + i));
    const expected = new Map(flows.map((flow, i) => [1000 + i, flow.map((each) => each.expected)]));
    const queues = flows.map((flow) => flow.map(({ arrival }) => arrival));
    const arrivals: Arrival[] = [];
    while (queues.some((queue) => queue.length > 0)) {
      const ready = queues.filter((queue) => queue.length > 0);
      arrivals.push(ready[turns.next().value % ready.length]!.shift()!);
    }
    return { arrivals, expected };
  });

/** The packets that a write stands for, with complete checksums. */
function packetsIn(written: Buffer): Buffer[] {
  const packet = written.subarray(10);
  const header = {
    flags: written[0]!,
    gsoType: written[1]!,
    headerBytes: written.readUInt16LE(2),
    gsoSize: written.readUInt16LE(4),
    checksumStart: written.readUInt16LE(6),
    checksumOffset: written.readUInt16LE(8),
  };
  if (header.gsoType === 0) return [header.flags === 0 ? packet : completed(packet, header)];
  const segmenter = new Segmenter();
  expect(segmenter.begin(packet, header, 70_000, "full")).toBeUndefined();
  const packets: Buffer[] = [];
  const slot = Buffer.alloc(70_000);
  for (let bytes = segmenter.next(slot, 0); bytes > 0; bytes = segmenter.next(slot, 0)) {
    packets.push(Buffer.from(slot.subarray(0, bytes)));
  }
  return packets;
}

/** What a kernel does with a partial checksum: adds up everything behind csum_start, what is in the field included. */
function completed(packet: Buffer, header: { checksumStart: number; checksumOffset: number }): Buffer {
  const sum = naiveChecksum(packet.subarray(header.checksumStart));
  packet.writeUInt16BE(
    sum === 0 && header.checksumOffset === 6 ? 0xffff : sum,
    header.checksumStart + header.checksumOffset,
  );
  return packet;
}

/** RFC 6864 lets the identification of a packet that may not be fragmented be anything: as the sender's, where it stays. */
function withIdentificationOf(packet: Buffer, arrived: string): string {
  const expected = Buffer.from(arrived, "hex");
  const mayDiffer = packet[0] === 0x45 && expected[0] === 0x45 && (packet[6]! & 0x40) !== 0;
  if (!mayDiffer) return packet.toString("hex");
  expect(packet.length).toBeLessThanOrEqual(65_535);
  expected.copy(packet, 4, 4, 6);
  expected.copy(packet, 10, 10, 12);
  return packet.toString("hex");
}

describe("any traffic, of flows that mix, with losses, repetitions, reordering, damage and marks", () => {
  it("reaches the kernel whole: of each flow every packet, in its order, as it was", () => {
    fc.assert(
      fc.property(traffic, ({ arrivals, expected }) => {
        const seen = new Map<number, string[]>([...expected.keys()].map((port) => [port, []]));
        for (const written of coalesce(arrivals)) {
          for (const packet of packetsIn(written)) {
            const flow = seen.get(packet.readUInt16BE(packet[0]! >> 4 === 4 ? 20 : 40))!;
            const port = packet.readUInt16BE(packet[0]! >> 4 === 4 ? 20 : 40);
            flow.push(withIdentificationOf(packet, expected.get(port)?.[flow.length] ?? ""));
          }
        }
        expect(seen).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it("is merged as far as that allows: flows that mix are merged as well as flows apart", () => {
    const flows = [1, 2, 3, 4].map((sourcePort) => stream(20, { ...(sourcePort % 2 ? tcp : udp), sourcePort }));
    const mixed = Array.from({ length: 80 }, (_, i) => arriving(flows[i % 4]![Math.floor(i / 4)]!, "full"));
    expect(counts(coalesce(mixed))).toEqual([20, 20, 20, 20]);
  });

  it("of more flows than are held at once still comes whole, each flow in order", () => {
    const flows = Array.from({ length: 3 * MAX_FLOWS }, (_, i) =>
      stream(4, { ...tcp, sourcePort: i }, i % 2 ? ipv4 : ipv6),
    );
    const round = (i: number) => flows.map((flow) => arriving(flow[i]!, "full"));
    const written = coalesce([0, 1, 2, 3].flatMap(round));
    const order = written.flatMap(packetsIn).map((packet) => packet.toString("hex"));
    for (const flow of flows) {
      const places = flow.map((each) => order.indexOf(packetBytes(each, "full").toString("hex")));
      expect(places).not.toContain(-1);
      expect(places).toEqual([...places].sort((a, b) => a - b));
    }
    expect(written.every((each) => each.length <= 65_545)).toBe(true);
    expect(order.every((packet) => hasValidChecksums(Buffer.from(packet, "hex")))).toBe(true);
  });
});

function sequenceOf(fields: PacketFields): number {
  if (fields.transport.protocol !== "tcp") throw new Error("UDP has no sequence numbers");
  return fields.transport.sequence;
}
