import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_FLOWS } from "../../../shared/packet/flow-table.ts";
import { type ChecksumMode, Segmenter } from "../../../shared/packet/segment.ts";
import { pattern } from "../../fakes/arbitrary-packets.ts";
import { hasValidChecksums, naiveChecksum } from "../../fakes/packets.ts";
import { type IpFields, type PacketFields, packetBytes, referenceSegments } from "../../fakes/reference-packets.ts";
import {
  ACK,
  type Arrival,
  altered,
  arriving,
  coalesce,
  counts,
  ipv4,
  ipv6,
  modes,
  stream,
  tcp,
  udp,
} from "./offload.ts";

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
