import fc from "fast-check";
import { superPackets } from "../../fakes/arbitrary-packets.ts";
import { echoRequest, ipv4Packet, ipv6Packet, packetBetween, tcpPacket, udpPacket } from "../../fakes/packets.ts";
import { packetBytes, referenceSegments, virtioBytes, virtioFields } from "../../fakes/reference-packets.ts";

/** Sound packets of every sort, for mutation to spoil. */

export const ANN = { ipv4: "100.64.0.1", ipv6: "fd67:6f76:706e::1" };
export const BEN = { ipv4: "100.64.0.2", ipv6: "fd67:6f76:706e::2" };

const mss = Buffer.from([1, 2, 4, 0x23, 0, 3, 3, 7, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const data = Buffer.from("some data that is carried");

function between(source: string, destination: string): readonly Uint8Array[] {
  return [
    udpPacket(source, destination, data),
    tcpPacket(source, destination, { flags: 0x02, options: mss }),
    tcpPacket(source, destination, {
      flags: 0x12,
      options: Buffer.concat([Buffer.alloc(4, 1), mss.subarray(1, 5), Buffer.alloc(4)]),
    }),
    tcpPacket(source, destination, { flags: 0x18, data }),
    echoRequest(source, destination),
    packetBetween(source, destination, 253, data),
  ];
}

/** An extension header of 8 times (`more` + 1) bytes. */
const extension = (protocol: number, more = 0) => ({ protocol, bytes: Buffer.alloc(8 * (more + 1)).fill(more, 1, 2) });
const udp = udpPacket(ANN.ipv6, BEN.ipv6, data).subarray(40);
const v6 = { source: ANN.ipv6, destination: BEN.ipv6, protocol: 17, payload: udp };
const v4 = { source: ANN.ipv4, destination: BEN.ipv4, protocol: 17, payload: udp };

export const packets: readonly Uint8Array[] = [
  ...between(ANN.ipv4, BEN.ipv4),
  ...between(ANN.ipv6, BEN.ipv6),
  ...between(BEN.ipv4, ANN.ipv4),
  ...between(BEN.ipv6, ANN.ipv6),
  ipv4Packet({ ...v4, options: Buffer.from([7, 7, 4, 0, 0, 0, 0, 0]) }),
  ipv4Packet({ ...v4, moreFragments: true }),
  ipv4Packet({ ...v4, fragmentOffset: 1480 }),
  ipv6Packet({ ...v6, extensions: [extension(0), extension(60, 1)] }),
  ipv6Packet({ ...v6, extensions: [extension(0), extension(43), extension(44)] }),
  ipv6Packet({ ...v6, extensions: [extension(51, 2), extension(135)] }),
  ipv6Packet({ ...v6, extensions: Array.from({ length: 9 }, () => extension(60)) }),
  // ICMP errors, about which no error may be sent.
  packetBetween(
    BEN.ipv4,
    ANN.ipv4,
    1,
    Buffer.concat([Buffer.from([3, 4, 0, 0, 0, 0, 5, 0]), udpPacket(ANN.ipv4, BEN.ipv4)]),
  ),
  packetBetween(
    BEN.ipv6,
    ANN.ipv6,
    58,
    Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 5, 0]), udpPacket(ANN.ipv6, BEN.ipv6)]),
  ),
];

/** Of the super-packets: short enough that millions of them are soon cut. */
const MOST_SEGMENTS = 4;

const supers = fc.sample(superPackets(), { numRuns: 40, seed: 1 }).map(({ fields, size }) => {
  const segment = Math.min(size, 300);
  const kept = { ...fields, payload: fields.payload.subarray(0, (MOST_SEGMENTS - 1) * segment + 1) };
  return { kept, segment };
});

/** A virtio header of ten bytes with the super-packet that it belongs to behind it. */
export const virtioSuperPackets: readonly Uint8Array[] = supers.map(({ kept, segment }) =>
  Buffer.concat([virtioBytes(virtioFields(kept, segment)), packetBytes(kept, "partial")]),
);

/** Packets of a flow, in order, that can be merged: each with two bytes of length before it. */
export const batches: readonly Uint8Array[] = supers.map(({ kept, segment }, i) =>
  Buffer.concat(
    referenceSegments(kept, segment)
      .map((each) => packetBytes(each, i % 2 === 0 ? "partial" : "full"))
      .map((bytes) => Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes])),
  ),
);
