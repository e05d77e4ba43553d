import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ChecksumMode, Segmenter } from "../../../shared/packet/segment.ts";
import { VIRTIO_GSO, type VirtioHeader } from "../../../shared/packet/virtio.ts";
import { pattern, type SuperPacketFields, superPackets } from "../../fakes/arbitrary-packets.ts";
import { hasValidChecksums } from "../../fakes/packets.ts";
import {
  type IpFields,
  type PacketFields,
  packetBytes,
  referenceSegments,
  type TcpFields,
  virtioFields,
} from "../../fakes/reference-packets.ts";

const modes = fc.constantFrom<ChecksumMode>("partial", "full");
const UNLIMITED = 70_000;

/** All segments, each taken where the caller wants it, with nothing beside it touched. */
function segmentsOf(packet: Uint8Array, header: VirtioHeader, maxBytes: number, mode: ChecksumMode): Buffer[] {
  const segmenter = new Segmenter();
  expect(segmenter.begin(packet, header, maxBytes, mode)).toBeUndefined();
  return drain(segmenter);
}

function drain(segmenter: Segmenter): Buffer[] {
  const room = 13;
  const slot = Buffer.alloc(room + UNLIMITED);
  const segments: Buffer[] = [];
  for (;;) {
    slot.fill(0xaa);
    const bytes = segmenter.next(slot, room);
    if (bytes === 0) return segments;
    expect(slot.subarray(0, room).every((byte) => byte === 0xaa)).toBe(true);
    expect(slot[room + bytes]).toBe(0xaa);
    segments.push(Buffer.from(slot.subarray(room, room + bytes)));
  }
}

/** As text: two hundred buffers compare faster that way, and a difference can be read. */
const hex = (packets: readonly Buffer[]) => packets.map((packet) => packet.toString("hex"));

function superPacket({ fields, size }: SuperPacketFields): { packet: Buffer; header: VirtioHeader } {
  return { packet: packetBytes(fields, "partial"), header: { ...virtioFields(fields, size) } };
}

const ipv4: IpFields = {
  version: 4,
  source: Buffer.from([100, 64, 0, 1]),
  destination: Buffer.from([100, 64, 0, 2]),
  typeOfService: 0,
  timeToLive: 64,
  identification: 0xfffe,
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
const tcp: TcpFields = {
  protocol: "tcp",
  sourcePort: 40_000,
  destinationPort: 443,
  sequence: 0xffffff00,
  acknowledgment: 1,
  reserved: 0,
  flags: 0xd9, // CWR ECE ACK PSH FIN
  window: 500,
  urgent: 0,
  options: new Uint8Array(),
};
const udp = { protocol: "udp", sourcePort: 1000, destinationPort: 2000 } as const;
const fieldsOf = (ip: IpFields, transport: PacketFields["transport"], bytes: number): PacketFields => ({
  ip,
  transport,
  payload: pattern(bytes, 7),
});

describe("the segments of a super-packet", () => {
  it("are the reference's, byte for byte, with partial and with full checksums", () => {
    fc.assert(
      fc.property(superPackets(), modes, (each, mode) => {
        const { packet, header } = superPacket(each);
        const expected = referenceSegments(each.fields, each.size).map((fields) => packetBytes(fields, mode));
        expect(hex(segmentsOf(packet, header, UNLIMITED, mode))).toEqual(hex(expected));
      }),
      { numRuns: 300 },
    );
  });

  it("with full checksums have nothing but right ones", () => {
    fc.assert(
      fc.property(superPackets(), (each) => {
        const { packet, header } = superPacket(each);
        for (const segment of segmentsOf(packet, header, UNLIMITED, "full")) {
          expect(hasValidChecksums(segment)).toBe(true);
        }
      }),
    );
  });

  it("of TCP are cut finer for a narrower lane, and fill it", () => {
    fc.assert(
      fc.property(superPackets(), modes, fc.integer({ min: 1, max: 1500 }), (each, mode, room) => {
        fc.pre(each.fields.transport.protocol === "tcp" && each.fields.payload.length < room * 100);
        const { packet, header } = superPacket(each);
        const size = Math.min(room, each.size);
        const expected = referenceSegments(each.fields, size).map((fields) => packetBytes(fields, mode));
        const segments = segmentsOf(packet, header, header.headerBytes + room, mode);
        expect(hex(segments)).toEqual(hex(expected));
      }),
    );
  });

  it("count the IPv4 identification and the sequence number past their ends", () => {
    const fields = fieldsOf(ipv4, tcp, 3 * 200);
    const { packet, header } = superPacket({ fields, size: 200 });
    const segments = segmentsOf(packet, header, UNLIMITED, "full");
    expect(segments.map((segment) => segment.readUInt16BE(4))).toEqual([0xfffe, 0xffff, 0]);
    expect(segments.map((segment) => segment.readUInt32BE(24))).toEqual([0xffffff00, 0xffffffc8, 0x90]);
  });

  it("have CWR on the first only, FIN and PSH on the last only, and every other flag throughout", () => {
    const { packet, header } = superPacket({ fields: fieldsOf(ipv6, tcp, 500), size: 200 });
    expect(segmentsOf(packet, header, UNLIMITED, "full").map((segment) => segment[53])).toEqual([0xd0, 0x50, 0x59]);
  });

  it("of UDP have 0xffff for a checksum that comes to zero, since zero means none", () => {
    const fields = fieldsOf(ipv4, udp, 300);
    const payload = Buffer.from(fields.payload);
    payload.writeUInt16BE(0, 98);
    const [first] = referenceSegments({ ...fields, payload }, 100);
    // The word that brings the sum of the first datagram to all ones is the checksum that it had without it.
    payload.writeUInt16BE(packetBytes(first!, "full").readUInt16BE(26), 98);
    const { packet, header } = superPacket({ fields: { ...fields, payload }, size: 100 });
    const segments = segmentsOf(packet, header, UNLIMITED, "full");
    expect(segments[0]?.readUInt16BE(26)).toBe(0xffff);
    expect(segments.every(hasValidChecksums)).toBe(true);
  });

  it("are one when the payload is no longer than a segment", () => {
    const fields = fieldsOf(ipv4, tcp, 100);
    const { packet, header } = superPacket({ fields, size: 1448 });
    expect(segmentsOf(packet, header, UNLIMITED, "full")).toEqual([packetBytes(fields, "full")]);
    const datagram = fieldsOf(ipv6, udp, 100);
    const one = superPacket({ fields: datagram, size: 60_000 });
    expect(segmentsOf(one.packet, one.header, 1280, "full")).toEqual([packetBytes(datagram, "full")]);
  });

  it("keep IPv4 options, hop-by-hop and destination options", () => {
    const options = Buffer.from([148, 4, 0, 0]);
    const extensions = [0, 60].map((protocol) => ({ protocol, bytes: Buffer.alloc(8) }));
    for (const ip of [
      { ...ipv4, options },
      { ...ipv6, extensions },
    ] as IpFields[]) {
      const fields = fieldsOf(ip, tcp, 1000);
      const { packet, header } = superPacket({ fields, size: 300 });
      const expected = referenceSegments(fields, 300).map((each) => packetBytes(each, "full"));
      expect(segmentsOf(packet, header, UNLIMITED, "full")).toEqual(expected);
    }
  });

  it("leave out what follows the packet's own end", () => {
    const { packet, header } = superPacket({ fields: fieldsOf(ipv4, tcp, 500), size: 200 });
    const padded = Buffer.concat([packet, Buffer.alloc(50, 0xee)]);
    expect(segmentsOf(padded, header, UNLIMITED, "full")).toEqual(segmentsOf(packet, header, UNLIMITED, "full"));
  });

  it("may be written beside the super-packet in the same buffer", () => {
    fc.assert(
      fc.property(superPackets(), modes, fc.nat({ max: 9 }), (each, mode, shift) => {
        const { packet, header } = superPacket(each);
        const arena = new Uint8Array(shift + packet.length + 1700);
        arena.set(packet, shift);
        const segmenter = new Segmenter();
        segmenter.begin(arena.subarray(shift, shift + packet.length), header, 1700, mode);
        const expected = referenceSegments(each.fields, each.size).map((fields) => packetBytes(fields, mode));
        for (const segment of expected) {
          const bytes = segmenter.next(arena, shift + packet.length);
          expect(segment.equals(arena.subarray(shift + packet.length, shift + packet.length + bytes))).toBe(true);
        }
        expect(segmenter.next(arena, shift + packet.length)).toBe(0);
        // Views over one buffer that do not see each other's bytes work as well.
        segmenter.begin(arena.subarray(shift, shift + packet.length), header, 1700, mode);
        const slot = arena.subarray(shift + packet.length);
        expect(expected[0]?.equals(slot.subarray(0, segmenter.next(slot, 0)))).toBe(true);
      }),
    );
  });

  it("are those of the packet begun last, whatever the one before was", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(superPackets(), modes), { minLength: 2, maxLength: 4 }), (all) => {
        const segmenter = new Segmenter();
        for (const [each, mode] of all) {
          const { packet, header } = superPacket(each);
          expect(segmenter.begin(packet, header, UNLIMITED, mode)).toBeUndefined();
          const expected = referenceSegments(each.fields, each.size).map((fields) => packetBytes(fields, mode));
          expect(hex(drain(segmenter))).toEqual(hex(expected));
          segmenter.begin(packet, header, UNLIMITED, mode); // left half done
          segmenter.next(Buffer.alloc(UNLIMITED), 0);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe("a packet that cannot be cut", () => {
  const good = superPacket({ fields: fieldsOf(ipv4, tcp, 3000), size: 1000 });
  const datagrams = superPacket({ fields: fieldsOf(ipv6, udp, 3000), size: 1000 });

  function refusalOf(packet: Uint8Array, header: VirtioHeader, maxBytes = UNLIMITED) {
    const segmenter = new Segmenter();
    segmenter.begin(good.packet, good.header, UNLIMITED, "full");
    const refusal = segmenter.begin(packet, header, maxBytes, "full");
    if (refusal) expect(segmenter.next(Buffer.alloc(UNLIMITED), 0)).toBe(0);
    return refusal;
  }

  it("is one that needs no cutting", () => {
    expect(refusalOf(good.packet, { ...good.header, gsoType: VIRTIO_GSO.none })).toBe("not_gso");
    expect(refusalOf(good.packet, { ...good.header, gsoType: VIRTIO_GSO.ecn })).toBe("not_gso");
  });

  it.each<[string, Partial<VirtioHeader>]>([
    ["the other IP version", { gsoType: VIRTIO_GSO.tcpIpv6 }],
    ["another protocol", { gsoType: VIRTIO_GSO.udp }],
    ["no size", { gsoSize: 0 }],
    ["a size that would make thousands of packets", { gsoSize: 7 }],
    ["no partial checksum", { flags: 0 }],
    ["a checksum elsewhere", { checksumStart: 24 }],
    ["a checksum field elsewhere", { checksumOffset: 6 }],
  ])("has a virtio header that says %s", (_, wrong) => {
    expect(refusalOf(good.packet, good.header)).toBeUndefined();
    expect(refusalOf(good.packet, { ...good.header, ...wrong })).toBe("malformed");
  });

  it("is cut short, has no payload, or is no packet", () => {
    const empty = superPacket({ fields: fieldsOf(ipv4, tcp, 0), size: 1000 });
    expect(refusalOf(empty.packet, empty.header)).toBe("malformed");
    expect(refusalOf(good.packet.subarray(0, 2000), good.header)).toBe("malformed");
    expect(refusalOf(new Uint8Array(), good.header)).toBe("malformed");
  });

  it("is a fragment, is behind a header that covers all the rest, or asks for IP fragments", () => {
    const fragment = Buffer.from(good.packet);
    fragment.writeUInt16BE(0x2000, 6);
    expect(refusalOf(fragment, good.header)).toBe("unsupported");
    const extensions = [{ protocol: 51, bytes: Buffer.from([0, 4, ...Array(22).fill(0)]) }];
    const behind = superPacket({ fields: fieldsOf({ ...ipv6, extensions }, tcp, 3000), size: 1000 });
    expect(refusalOf(behind.packet, behind.header)).toBe("unsupported");
    expect(refusalOf(datagrams.packet, { ...datagrams.header, gsoType: 3 })).toBe("unsupported");
  });

  it("has more headers than any real packet", () => {
    const extensions = [{ protocol: 60, bytes: Buffer.from([0, 31, ...Array(254).fill(0)]) }];
    const far = superPacket({ fields: fieldsOf({ ...ipv6, extensions }, tcp, 3000), size: 1000 });
    expect(refusalOf(far.packet, far.header)).toBe("unsupported");
  });

  it("is of datagrams over the limit, for a datagram ends where its sender ended it", () => {
    expect(refusalOf(datagrams.packet, datagrams.header, 1048)).toBeUndefined();
    expect(refusalOf(datagrams.packet, datagrams.header, 1047)).toBe("too_big");
  });

  it("is of more datagrams than a kernel makes", () => {
    const many = (count: number) => superPacket({ fields: fieldsOf(ipv4, udp, 10 * count), size: 10 });
    expect(refusalOf(many(128).packet, many(128).header)).toBeUndefined();
    expect(refusalOf(many(129).packet, many(129).header)).toBe("malformed");
  });

  it("leaves no room for a payload", () => {
    expect(refusalOf(good.packet, good.header, 41)).toBeUndefined();
    expect(refusalOf(good.packet, good.header, 40)).toBe("too_big");
  });
});
