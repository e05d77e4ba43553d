import { describe, expect, it } from "vitest";
import { ICMP, ICMPV6, parseIcmp } from "../../../shared/packet/icmp.ts";
import { ipv4Transport, parseIpv4 } from "../../../shared/packet/ipv4.ts";
import { ipv6Transport, MAX_EXTENSION_HEADERS, parseIpv6 } from "../../../shared/packet/ipv6.ts";
import { PROTOCOL } from "../../../shared/packet/protocol.ts";
import { summarizePacket } from "../../../shared/packet/summary.ts";
import { parseTcp, TCP_FLAG } from "../../../shared/packet/tcp.ts";
import { parseUdp } from "../../../shared/packet/udp.ts";
import { echoRequest, ipv4Packet, ipv6Packet, tcpPacket, udpPacket } from "../../fakes/packets.ts";

const [a4, b4] = ["100.64.0.1", "100.64.0.2"];
const [a6, b6] = ["fd67:6f76:706e::1", "fd67:6f76:706e::2"];

describe("an IPv4 header", () => {
  it("gives lengths, addresses and fragment fields", () => {
    const packet = ipv4Packet({
      source: "223.255.255.254",
      destination: b4,
      protocol: PROTOCOL.udp,
      payload: Buffer.alloc(24),
      options: Buffer.from([1, 1, 1, 0]),
      moreFragments: true,
      fragmentOffset: 1480,
    });
    expect(parseIpv4(packet)).toEqual({
      headerBytes: 24,
      totalBytes: 48,
      protocol: PROTOCOL.udp,
      source: 0xdffffffe,
      destination: 0x64400002,
      dontFragment: false,
      moreFragments: true,
      fragmentOffset: 1480,
    });
  });

  it("has a transport header unless the packet is a later fragment", () => {
    const whole = parseIpv4(udpPacket(a4, b4))!;
    expect(ipv4Transport(whole)).toEqual({ protocol: PROTOCOL.udp, offset: 20, end: 28 });
    expect(ipv4Transport({ ...whole, fragmentOffset: 8 })).toBeUndefined();
  });

  it.each([
    ["is shorter than the least header", (packet: Buffer) => packet.subarray(0, 19)],
    ["says a header of under 20 bytes", (packet: Buffer) => packet.fill(0x44, 0, 1)],
    ["says a header longer than the packet", (packet: Buffer) => packet.fill(0x4f, 0, 1)],
    ["says more bytes than there are", (packet: Buffer) => packet.subarray(0, packet.length - 1)],
    ["says fewer bytes than its header has", (packet: Buffer) => packet.fill(0, 2, 4)],
    ["is of another version", (packet: Buffer) => packet.fill(0x65, 0, 1)],
  ])("is refused when it %s", (_, spoil) => {
    expect(parseIpv4(spoil(udpPacket(a4, b4)))).toBeUndefined();
  });
});

describe("an IPv6 header", () => {
  const hopByHop = { protocol: PROTOCOL.hopByHop, bytes: Buffer.alloc(8) };
  const options = { protocol: PROTOCOL.destinationOptions, bytes: Buffer.from([0, 1, ...Array(14).fill(0)]) };
  const authentication = { protocol: PROTOCOL.authentication, bytes: Buffer.from([0, 4, ...Array(22).fill(0)]) };
  const fragment = (offset: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt16BE((offset & ~7) | 1, 2);
    return { protocol: PROTOCOL.fragment, bytes };
  };
  const transportOf = (packet: Buffer) => ipv6Transport(packet, parseIpv6(packet)!);
  const udp = { source: a6, destination: b6, protocol: PROTOCOL.udp, payload: Buffer.alloc(8) };

  it("leads to the transport header behind extension headers of every layout", () => {
    const packet = ipv6Packet({ ...udp, extensions: [hopByHop, options, authentication, fragment(0)] });
    expect(transportOf(packet)).toEqual({ protocol: PROTOCOL.udp, offset: 40 + 8 + 16 + 24 + 8, end: packet.length });
    expect(transportOf(ipv6Packet(udp))).toEqual({ protocol: PROTOCOL.udp, offset: 40, end: 48 });
  });

  it("leads nowhere in a later fragment, in a chain too long, or in one cut short", () => {
    expect(transportOf(ipv6Packet({ ...udp, extensions: [fragment(64)] }))).toBeUndefined();
    const chain = (length: number) => ipv6Packet({ ...udp, extensions: Array(length).fill(hopByHop) });
    expect(transportOf(chain(MAX_EXTENSION_HEADERS))).toBeDefined();
    expect(transportOf(chain(MAX_EXTENSION_HEADERS + 1))).toBeUndefined();
    const cut = ipv6Packet({ ...udp, payload: Buffer.alloc(0), extensions: [options] });
    cut[41] = 2; // claims 24 bytes, has 16
    expect(transportOf(cut)).toBeUndefined();
    expect(transportOf(ipv6Packet({ ...udp, protocol: PROTOCOL.hopByHop, payload: Buffer.alloc(7) }))).toBeUndefined();
  });

  it("is refused when it is cut short, of another version, or says more than there is", () => {
    const packet = ipv6Packet(udp);
    expect(parseIpv6(packet)).toEqual({ totalBytes: 48, nextHeader: PROTOCOL.udp });
    expect(parseIpv6(packet.subarray(0, 39))).toBeUndefined();
    expect(parseIpv6(packet.subarray(0, 47))).toBeUndefined();
    expect(parseIpv6(udpPacket(a4, b4, Buffer.alloc(40)))).toBeUndefined();
  });
});

describe("a transport header", () => {
  it("is read in place, with a TCP header's options", () => {
    const packet = tcpPacket(a4, b4, { flags: TCP_FLAG.syn, options: Buffer.from([2, 4, 5, 0xb4]) });
    const transport = ipv4Transport(parseIpv4(packet)!)!;
    expect(parseTcp(packet, transport)).toEqual({
      sourcePort: 40000,
      destinationPort: 443,
      sequence: 0xdeadbeef,
      flags: TCP_FLAG.syn,
      headerBytes: 24,
    });
  });

  it("is refused when it does not lie within the packet", () => {
    const tcp = tcpPacket(a4, b4, { flags: 0 });
    const transport = ipv4Transport(parseIpv4(tcp)!)!;
    expect(parseTcp(tcp, { ...transport, end: transport.end - 1 })).toBeUndefined();
    expect(parseTcp(tcp, { ...transport, end: transport.end + 1 })).toBeUndefined();
    tcp[20 + 12] = 0x60;
    expect(parseTcp(tcp, transport)).toBeUndefined();
    tcp[20 + 12] = 0x40;
    expect(parseTcp(tcp, transport)).toBeUndefined();
    const udp = udpPacket(a4, b4);
    const udpTransport = ipv4Transport(parseIpv4(udp)!)!;
    expect(parseUdp(udp, udpTransport)).toEqual({ sourcePort: 1000, destinationPort: 2000, length: 8 });
    expect(parseUdp(udp, { ...udpTransport, end: 27 })).toBeUndefined();
    udp.writeUInt16BE(7, 24);
    expect(parseUdp(udp, udpTransport)).toBeUndefined();
  });

  it("of ICMP says whether it is an error about another packet", () => {
    const at = { offset: 0, end: 8 };
    const isError = (protocol: number, type: number) => {
      const packet = Buffer.alloc(8);
      packet[0] = type;
      return parseIcmp(packet, { ...at, protocol })?.isError;
    };
    const v4 = (type: number) => isError(PROTOCOL.icmp, type);
    const v6 = (type: number) => isError(PROTOCOL.icmpv6, type);
    expect([ICMP.unreachable, 4, ICMP.redirect, 11, 12].map(v4)).toEqual([true, true, true, true, true]);
    expect([ICMP.echoRequest, ICMP.echoReply, 13].map(v4)).toEqual([false, false, false]);
    expect([ICMPV6.unreachable, ICMPV6.packetTooBig, 3, 4, 127, ICMPV6.redirect].every(v6)).toBe(true);
    expect([ICMPV6.echoRequest, ICMPV6.echoReply, 135].some(v6)).toBe(false);
    expect(isError(PROTOCOL.udp, 3)).toBeUndefined();
    expect(parseIcmp(Buffer.alloc(7), { protocol: PROTOCOL.icmp, offset: 0, end: 7 })).toBeUndefined();
  });
});

describe("a packet's summary", () => {
  const later = { source: a4, destination: b4, fragmentOffset: 8 };
  it.each([
    [tcpPacket(a4, b4, { flags: 0 }), "100.64.0.1 > 100.64.0.2 tcp 40000 > 443 40 bytes"],
    [udpPacket(a6, b6), "fd67:6f76:706e::1 > fd67:6f76:706e::2 udp 1000 > 2000 48 bytes"],
    [echoRequest(a4, b4), "100.64.0.1 > 100.64.0.2 icmp 8/0 44 bytes"],
    [echoRequest(a6, b6), "fd67:6f76:706e::1 > fd67:6f76:706e::2 icmp 128/0 64 bytes"],
    [ipv4Packet(later), "100.64.0.1 > 100.64.0.2 fragment 20 bytes"],
    [ipv4Packet({ source: a4, destination: b4 }), "100.64.0.1 > 100.64.0.2 protocol 253 20 bytes"],
    [ipv4Packet({ source: a4, destination: b4, protocol: 6 }), "100.64.0.1 > 100.64.0.2 tcp, cut short 20 bytes"],
    [ipv4Packet({ source: a4, destination: b4, protocol: 1 }), "100.64.0.1 > 100.64.0.2 icmp, cut short 20 bytes"],
    [Buffer.of(0x10, 2), "malformed, version 1, 2 bytes"],
  ])("is one line, never its data", (packet, line) => {
    expect(summarizePacket(packet)).toBe(line);
  });
});
