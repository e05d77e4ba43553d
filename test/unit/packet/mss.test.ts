import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ipv4Transport, parseIpv4 } from "../../../shared/packet/ipv4.ts";
import { ipv6Transport, parseIpv6 } from "../../../shared/packet/ipv6.ts";
import { clampMss } from "../../../shared/packet/mss.ts";
import { PROTOCOL } from "../../../shared/packet/protocol.ts";
import { TCP_FLAG } from "../../../shared/packet/tcp.ts";
import { hasValidChecksums, ipv6Packet, tcpPacket, udpPacket } from "../../fakes/packets.ts";

const families = [
  { name: "IPv4", source: "100.64.0.1", destination: "100.64.0.2", headers: 40, options: 40 },
  { name: "IPv6", source: "fd67:6f76:706e::1", destination: "fd67:6f76:706e::2", headers: 60, options: 60 },
];
const mss = (value: number) => [2, 4, value >> 8, value & 0xff];
/** Padded with "end of options" to whole words, as TCP wants. */
const options = (...bytes: number[]) => Buffer.from([...bytes, ...Array((4 - (bytes.length % 4)) % 4).fill(0)]);
const transportOf = (packet: Uint8Array) => {
  const ipv4 = parseIpv4(packet);
  return ipv4 ? ipv4Transport(ipv4) : ipv6Transport(packet, parseIpv6(packet)!);
};
const clamp = (packet: Uint8Array, mtu: number) => clampMss(packet, transportOf(packet)!, mtu);

describe.each(families)("the MSS of an $name SYN", ({ source, destination, headers, options: at }) => {
  const syn = (flags: number, ...bytes: number[]) =>
    tcpPacket(source, destination, { flags, options: options(...bytes) });

  it.each([
    ["SYN", TCP_FLAG.syn],
    ["SYN-ACK", TCP_FLAG.syn | TCP_FLAG.ack],
  ])("is lowered to what fits the MTU in a %s, and the checksum stays right", (_, flags) => {
    const packet = syn(flags, ...mss(1460));
    expect(clamp(packet, 1280)).toBe(true);
    expect(packet.readUInt16BE(at + 2)).toBe(1280 - headers);
    expect(hasValidChecksums(packet)).toBe(true);
  });

  it("is lowered under a partial checksum too, which knows of no options and stays as it was", () => {
    const packet = syn(TCP_FLAG.syn, ...mss(1460));
    const transport = transportOf(packet)!;
    packet.writeUInt16BE(0xabcd, transport.offset + 16);
    expect(clampMss(packet, transport, 1280, true)).toBe(true);
    expect(packet.readUInt16BE(at + 2)).toBe(1280 - headers);
    expect(packet.readUInt16BE(transport.offset + 16)).toBe(0xabcd);
  });

  it("is left alone when it fits, is absent, or the segment is no SYN", () => {
    for (const packet of [
      syn(TCP_FLAG.syn, ...mss(1280 - headers)),
      syn(TCP_FLAG.syn),
      syn(TCP_FLAG.syn, 3, 3, 7),
      syn(TCP_FLAG.ack, ...mss(1460)),
      udpPacket(source, destination, Buffer.from(mss(1460))),
    ]) {
      const before = Buffer.from(packet);
      expect(clamp(packet, 1280)).toBe(false);
      expect(packet).toEqual(before);
    }
  });

  it("is left alone when the options are malformed", () => {
    const malformed = [
      [2, 3, 0xff],
      [2, 2, 0xff, 0xff],
      [8, 0, ...mss(1460)],
      [8, 1, ...mss(1460)],
      [8, 60, ...mss(1460)],
      [0, ...mss(1460)],
      [1, 1, 1, 2],
      [1, 1, 2, 4],
    ];
    for (const bytes of malformed) {
      const packet = syn(TCP_FLAG.syn, ...bytes);
      const before = Buffer.from(packet);
      expect(clamp(packet, 1280)).toBe(false);
      expect(packet).toEqual(before);
    }
  });

  it("is found behind any options, at even and odd places, for any ports, data and MTU", () => {
    const padding = fc.array(fc.constantFrom([1], [3, 3, 7], [4, 2], [8, 10, 1, 2, 3, 4, 5, 6, 7, 8]), {
      maxLength: 3,
    });
    const value = fc.integer({ min: 0, max: 0xffff });
    fc.assert(
      fc.property(padding, value, fc.integer({ min: 1280, max: 9000 }), fc.uint8Array(), (before, was, mtu, data) => {
        const bytes = options(...before.flat(), ...mss(was));
        const packet = tcpPacket(source, destination, { flags: TCP_FLAG.syn, options: bytes, data });
        expect(clamp(packet, mtu)).toBe(was > mtu - headers);
        expect(packet.readUInt16BE(at + before.flat().length + 2)).toBe(Math.min(was, mtu - headers));
        expect(hasValidChecksums(packet)).toBe(true);
      }),
    );
  });
});

describe("the MSS of a SYN behind IPv6 extension headers", () => {
  it("is lowered too", () => {
    const [source, destination] = ["fd67:6f76:706e::1", "fd67:6f76:706e::2"];
    const plain = tcpPacket(source, destination, { flags: TCP_FLAG.syn, options: options(...mss(1460)) });
    const extension = { protocol: PROTOCOL.destinationOptions, bytes: Buffer.alloc(8) };
    const packet = ipv6Packet({
      source,
      destination,
      protocol: PROTOCOL.tcp,
      extensions: [extension],
      payload: plain.subarray(40),
    });
    expect(clamp(packet, 1280)).toBe(true);
    expect(packet.readUInt16BE(48 + 22)).toBe(1220);
  });
});
