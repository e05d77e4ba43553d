import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TransportLayout } from "../../../shared/packet/layout.ts";
import {
  completeChecksum,
  completeTransportChecksum,
  describeChecksum,
  isTransportPartial,
} from "../../../shared/packet/partial.ts";
import { plainVirtioHeader, readVirtioHeader, writeVirtioHeader } from "../../../shared/packet/virtio.ts";
import { ipFields, superPackets, tcpFields, udpFields } from "../../fakes/arbitrary-packets.ts";
import { hasValidChecksums, ipv4Packet, ipv6Packet, udpPacket } from "../../fakes/packets.ts";
import { packetBytes, virtioBytes, virtioFields } from "../../fakes/reference-packets.ts";

const word = fc.nat({ max: 0xffff });
const anyHeader = fc.record({
  flags: fc.nat({ max: 0xff }),
  gsoType: fc.nat({ max: 0xff }),
  headerBytes: word,
  gsoSize: word,
  checksumStart: word,
  checksumOffset: word,
});
const anyPacket = fc.record({
  ip: ipFields,
  transport: fc.oneof(tcpFields, udpFields),
  payload: fc.uint8Array({ maxLength: 200 }),
});

function layoutOf(packet: Uint8Array): TransportLayout {
  const layout = new TransportLayout();
  layout.read(packet);
  return layout;
}

describe("a virtio header", () => {
  it("is ten bytes in the kernel's layout", () => {
    const bytes = Uint8Array.of(9, 1, 0x81, 0x42, 0x00, 0x78, 0x05, 0x14, 0x00, 0x10, 0x00, 9);
    const header = plainVirtioHeader();
    expect(readVirtioHeader(bytes, 1, header)).toBe(true);
    expect(header).toEqual({
      flags: 1,
      gsoType: 0x81,
      headerBytes: 66,
      gsoSize: 1400,
      checksumStart: 20,
      checksumOffset: 16,
    });
  });

  it("is read as it was written, and as the reference writes it, with nothing beside it touched", () => {
    fc.assert(
      fc.property(anyHeader, fc.nat({ max: 5 }), (fields, at) => {
        const bytes = Buffer.alloc(20, 0xaa);
        writeVirtioHeader(bytes, at, fields);
        const expected = Buffer.alloc(20, 0xaa);
        expected.set(virtioBytes(fields), at);
        expect(bytes).toEqual(expected);
        const header = plainVirtioHeader();
        expect(readVirtioHeader(bytes, at, header)).toBe(true);
        expect(header).toEqual(fields);
      }),
    );
  });

  it("is not read where there are fewer than ten bytes", () => {
    const header = plainVirtioHeader();
    expect(readVirtioHeader(new Uint8Array(20).fill(1), 11, header)).toBe(false);
    expect(readVirtioHeader(new Uint8Array(20).fill(1), -1, header)).toBe(false);
    expect(header).toEqual(plainVirtioHeader());
  });
});

describe("a partial checksum", () => {
  it("is completed to the right one, by the virtio header's places or by the packet's own", () => {
    fc.assert(
      fc.property(anyPacket, (fields) => {
        const { checksumStart, checksumOffset } = virtioFields(fields, 0);
        const packet = packetBytes(fields, "partial");
        expect(completeChecksum(packet, checksumStart, checksumOffset)).toBe(true);
        expect(hasValidChecksums(packet)).toBe(true);

        const received = packetBytes(fields, "partial");
        expect(completeTransportChecksum(received, layoutOf(received))).toBe(true);
        expect(received).toEqual(packet);
      }),
    );
  });

  it("that comes to zero is written as 0xffff, since zero means none in UDP", () => {
    const packet = packetBytes(
      {
        ip: {
          version: 4,
          source: Buffer.from([100, 64, 0, 1]),
          destination: Buffer.from([100, 64, 0, 2]),
          typeOfService: 0,
          timeToLive: 64,
          identification: 0,
          dontFragment: true,
        },
        transport: { protocol: "udp", sourcePort: 0, destinationPort: 0 },
        payload: Buffer.alloc(2),
      },
      "partial",
    );
    // Two bytes that bring the sum of everything else to all ones.
    const { transport } = layoutOf(packet);
    const sum = packet.readUInt16BE(transport + 6) + packet.readUInt16BE(transport + 4);
    packet.writeUInt16BE(0xffff - (sum > 0xffff ? sum - 0xffff : sum), transport + 8);
    completeChecksum(packet, transport, 6);
    expect(packet.readUInt16BE(transport + 6)).toBe(0xffff);
    expect(hasValidChecksums(packet)).toBe(true);
  });

  it("is left alone where its field is not within the packet", () => {
    const packet = udpPacket("100.64.0.1", "100.64.0.2");
    const before = Buffer.from(packet);
    expect(completeChecksum(packet, 20, 7)).toBe(false);
    expect(completeChecksum(packet, 60_000, 6)).toBe(false);
    expect(completeChecksum(packet, -6, 6)).toBe(false);
    expect(completeTransportChecksum(packet.subarray(0, 27), layoutOf(packet.subarray(0, 27)))).toBe(false);
    expect(packet).toEqual(before);
  });

  it("can be told in one bit only when it is that of the packet's own transport", () => {
    fc.assert(
      fc.property(anyPacket, (fields) => {
        const layout = layoutOf(packetBytes(fields, "partial"));
        const header = { ...virtioFields(fields, 0) };
        expect(isTransportPartial(header, layout)).toBe(true);
        expect(isTransportPartial({ ...header, flags: 0 }, layout)).toBe(false);
        expect(isTransportPartial({ ...header, checksumStart: header.checksumStart + 50 }, layout)).toBe(false);
        expect(isTransportPartial({ ...header, checksumOffset: 2 }, layout)).toBe(false);

        const described = plainVirtioHeader();
        describeChecksum(described, layout, true);
        expect(described).toEqual(header);
        describeChecksum(described, layout, false);
        expect(described).toEqual(plainVirtioHeader());
      }),
    );
  });
});

describe("a packet's layout", () => {
  it("is where the reference put the parts", () => {
    fc.assert(
      fc.property(superPackets(), ({ fields, size }) => {
        const packet = packetBytes(fields, "partial");
        const layout = layoutOf(packet);
        const { headerBytes, checksumStart, checksumOffset } = virtioFields(fields, size);
        expect(layout.kind).toBe(fields.transport.protocol);
        expect(layout.isIpv4).toBe(fields.ip.version === 4);
        expect([layout.transport, layout.payload, layout.end]).toEqual([checksumStart, headerBytes, packet.length]);
        expect(layout.checksumOffset).toBe(checksumOffset);
        expect(layout.hasPlainIpHeader).toBe(true);
      }),
    );
  });

  const udp = Buffer.from([0, 1, 0, 2, 0, 8, 0, 0]);
  const [a4, b4] = ["100.64.0.1", "100.64.0.2"];
  const [a6, b6] = ["fd67:6f76:706e::1", "fd67:6f76:706e::2"];
  const v4 = { source: a4, destination: b4, protocol: 17, payload: udp };
  const v6 = { source: a6, destination: b6, protocol: 17, payload: udp };
  const header = (protocol: number, bytes = 8) => ({ protocol, bytes: Buffer.alloc(bytes) });

  it("is found behind IPv4 options, hop-by-hop and destination options", () => {
    const withOptions = layoutOf(ipv4Packet({ ...v4, options: Buffer.from([1, 1, 1, 0]) }));
    expect([withOptions.kind, withOptions.transport, withOptions.hasPlainIpHeader]).toEqual(["udp", 24, false]);
    const behind = layoutOf(ipv6Packet({ ...v6, extensions: [header(0), header(60)] }));
    expect([behind.kind, behind.transport, behind.hasPlainIpHeader]).toEqual(["udp", 56, false]);
  });

  it.each([
    ["a first fragment", ipv4Packet({ ...v4, moreFragments: true })],
    ["a later fragment", ipv4Packet({ ...v4, fragmentOffset: 8 })],
    ["an IPv6 fragment", ipv6Packet({ ...v6, extensions: [header(44)] })],
    ["a routing header", ipv6Packet({ ...v6, extensions: [header(43)] })],
    ["an authentication header", ipv6Packet({ ...v6, extensions: [header(51, 24)] })],
    ["an extension header that is cut short", ipv6Packet({ ...v6, protocol: 60, payload: Buffer.alloc(4) })],
    ["an extension header longer than the packet", ipv6Packet({ ...v6, extensions: [header(60)] }).fill(9, 41, 42)],
    ["a chain without end", ipv6Packet({ ...v6, extensions: Array(12).fill(header(60)) })],
    ["a TCP header that is cut short", ipv4Packet({ ...v4, protocol: 6, payload: Buffer.alloc(19) })],
    ["a TCP header of under 20 bytes", ipv4Packet({ ...v4, protocol: 6, payload: Buffer.alloc(20) })],
    ["a UDP header that is cut short", ipv4Packet({ ...v4, payload: udp.subarray(0, 7) })],
    ["a datagram shorter than its packet", ipv4Packet({ ...v4, payload: Buffer.concat([udp, udp]) })],
  ])("is unclear with %s", (_, packet) => {
    expect(layoutOf(packet).kind).toBe("unclear");
  });

  it.each([
    ["another protocol", ipv4Packet({ ...v4, protocol: 1 })],
    ["a fragment of another protocol", ipv4Packet({ ...v4, protocol: 1, moreFragments: true })],
    ["another version", Buffer.alloc(60, 0x55)],
    ["an IPv4 packet cut short", ipv4Packet(v4).subarray(0, 27)],
    ["an IPv6 packet cut short", ipv6Packet(v6).subarray(0, 47)],
    ["no IPv6 header's worth of bytes", ipv6Packet(v6).subarray(0, 39)],
    ["nothing", Buffer.alloc(0)],
  ])("is none of ours with %s", (_, packet) => {
    expect(layoutOf(packet).kind).toBe("other");
  });
});
