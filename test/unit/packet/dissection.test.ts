import { describe, expect, it } from "vitest";
import { Dissection } from "../../../shared/packet/dissection.ts";
import { MAX_EXTENSION_HEADERS } from "../../../shared/packet/ipv6.ts";
import { PROTOCOL } from "../../../shared/packet/protocol.ts";
import { isTcpControl, TCP_FLAG } from "../../../shared/packet/tcp.ts";
import { echoRequest, ipv4Packet, ipv6Packet, tcpPacket, udpPacket } from "../../fakes/packets.ts";

const [a4, b4] = ["100.64.0.1", "100.64.0.2"];
const [a6, b6] = ["fd67:6f76:706e::1", "fd67:6f76:706e::2"];
const extension = (protocol: number, units = 1) => {
  const bytes = Buffer.alloc(8 * units);
  bytes[1] = units - 1;
  return { protocol, bytes };
};
const fragmentHeader = (offset: number, more: boolean, id: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16BE(offset | Number(more), 2);
  bytes.writeUInt32BE(id, 4);
  return { protocol: PROTOCOL.fragment, bytes };
};

function dissect(packet: Uint8Array): Dissection {
  const dissection = new Dissection();
  dissection.read(packet);
  return dissection;
}

describe("a dissection", () => {
  it.each([
    ["TCP by IPv4", tcpPacket(a4, b4, { flags: 2 }), { isIpv4: true, protocol: 6, transport: 20, isTcp: true }],
    ["TCP by IPv6", tcpPacket(a6, b6, { flags: 2 }), { isIpv4: false, protocol: 6, transport: 40, isTcp: true }],
    ["UDP by IPv4", udpPacket(a4, b4), { protocol: 17, transport: 20, isUdp: true, isTcp: false }],
    ["UDP by IPv6", udpPacket(a6, b6), { protocol: 17, transport: 40, isUdp: true, isIcmp: false }],
    ["ping by IPv4", echoRequest(a4, b4), { protocol: 1, isIcmp: true, isUdp: false }],
    ["ping by IPv6", echoRequest(a6, b6), { protocol: 58, isIcmp: true }],
  ])("finds the transport of a whole packet: %s", (_, packet, expected) => {
    expect(dissect(packet)).toMatchObject({ kind: "whole", start: 0, end: packet.length, ...expected });
  });

  it("takes bytes behind the packet's own end for no part of it", () => {
    for (const packet of [udpPacket(a4, b4), udpPacket(a6, b6)]) {
      const dissection = dissect(Buffer.concat([packet, Buffer.alloc(100)]));
      expect(dissection).toMatchObject({ kind: "whole", end: packet.length });
    }
  });

  it("walks the options of IPv6, of whatever length, as far as they lie within the packet", () => {
    const addresses = { source: a6, destination: b6, protocol: 17, payload: Buffer.alloc(8) };
    const packet = ipv6Packet({ ...addresses, extensions: [extension(0, 2), extension(60, 3)] });
    expect(dissect(packet)).toMatchObject({ kind: "whole", protocol: 17, transport: 40 + 16 + 24, isUdp: true });
    const cut = Buffer.from(packet.subarray(0, 40 + 16 + 23));
    cut.writeUInt16BE(cut.length - 40, 4);
    expect(dissect(cut).kind).toBe("unclear");
  });

  it("reads which part of which datagram a fragment is", () => {
    const v4 = { source: a4, destination: b4, protocol: 17, identification: 0xabcd };
    const first = dissect(ipv4Packet({ ...v4, moreFragments: true, payload: Buffer.alloc(16) }));
    expect(first).toMatchObject({ kind: "first", identification: 0xabcd, fragmentStart: 0, fragmentEnd: 16 });
    const last = dissect(ipv4Packet({ ...v4, fragmentOffset: 1480, payload: Buffer.alloc(3) }));
    expect(last).toMatchObject({ kind: "later", protocol: 17, fragmentStart: 1480, fragmentEnd: 1483 });

    const v6 = { source: a6, destination: b6, protocol: 17 };
    const between = fragmentHeader(64, true, 0xdeadbeef);
    const middle = dissect(ipv6Packet({ ...v6, extensions: [extension(0), between], payload: Buffer.alloc(24) }));
    expect(middle).toMatchObject({ kind: "later", identification: 0xdeadbeef, fragmentStart: 64, fragmentEnd: 88 });
    const atomic = dissect(ipv6Packet({ ...v6, extensions: [fragmentHeader(0, false, 1)], payload: Buffer.alloc(8) }));
    expect(atomic).toMatchObject({ kind: "whole", protocol: 17, transport: 48, isUdp: true });
  });

  it("allows a datagram of the longest length, and none longer", () => {
    const ends = (bytes: number) =>
      dissect(ipv4Packet({ source: a4, destination: b4, fragmentOffset: 65_528, payload: Buffer.alloc(bytes) })).kind;
    expect([7, 8].map(ends)).toEqual(["later", "unclear"]);
  });

  it("takes the next header of a later fragment for no header", () => {
    const addresses = { source: a6, destination: b6, payload: Buffer.alloc(16) };
    for (const protocol of [PROTOCOL.hopByHop, PROTOCOL.routing, PROTOCOL.fragment, PROTOCOL.tcp]) {
      const later = ipv6Packet({ ...addresses, protocol, extensions: [fragmentHeader(64, true, 1)] });
      expect(dissect(later)).toMatchObject({ kind: "later", fragmentStart: 64, fragmentEnd: 80 });
    }
  });

  it("walks as many headers of IPv6 as any real packet has, and no more", () => {
    const behind = (count: number) => {
      const extensions = Array.from({ length: count }, () => extension(60));
      return dissect(ipv6Packet({ source: a6, destination: b6, protocol: 17, extensions, payload: Buffer.alloc(8) }));
    };
    expect(behind(MAX_EXTENSION_HEADERS)).toMatchObject({ kind: "whole", isUdp: true });
    expect(behind(MAX_EXTENSION_HEADERS + 1).kind).toBe("unclear");
  });

  it("knows a header only when all of it is there", () => {
    const whole = (protocol: number, bytes: number) =>
      dissect(ipv4Packet({ source: a4, destination: b4, protocol, payload: Buffer.alloc(bytes) }));
    expect([19, 20].map((bytes) => whole(6, bytes).isTcp)).toEqual([false, true]);
    expect([7, 8].map((bytes) => whole(17, bytes).isUdp)).toEqual([false, true]);
    expect([7, 8].map((bytes) => whole(1, bytes).isIcmp)).toEqual([false, true]);
    expect(whole(58, 8).isIcmp).toBe(false);
  });

  it("finds nothing clear in what is no packet", () => {
    const [v4, v6] = [udpPacket(a4, b4), udpPacket(a6, b6)];
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.alloc(60),
      v4.subarray(0, 19),
      v4.subarray(0, -1),
      v6.subarray(0, 39),
      v6.subarray(0, -1),
    ]) {
      expect(dissect(bytes).kind).toBe("unclear");
    }
    const short = Buffer.from(v4);
    short.writeUInt16BE(19, 2);
    expect(dissect(short).kind).toBe("unclear");
  });

  it("reads a packet that another quotes, and may have cut", () => {
    const dissection = new Dissection();
    for (const packet of [udpPacket(a4, b4, Buffer.alloc(100)), udpPacket(a6, b6, Buffer.alloc(100))]) {
      const headerBytes = packet[0]! >> 4 === 4 ? 20 : 40;
      const outer = Buffer.concat([Buffer.alloc(28, 0xff), packet.subarray(0, headerBytes + 8), Buffer.alloc(9)]);
      const end = 28 + headerBytes + 8;
      expect(dissection.readQuoted(outer, 28, end)).toBe("whole");
      expect(dissection).toMatchObject({ start: 28, transport: 28 + headerBytes, end, isUdp: true });
      expect(dissection.readQuoted(outer, 28, 28 + headerBytes - 1)).toBe("unclear");
    }
  });
});

describe("a TCP segment that begins or ends something", () => {
  it("is known by its flags, if they are all there", () => {
    const isControl = (flags: number, end = 40) =>
      isTcpControl(tcpPacket(a4, b4, { flags }), { protocol: PROTOCOL.tcp, offset: 20, end });
    for (const flag of ["syn", "fin", "rst"] as const) {
      expect(isControl(TCP_FLAG[flag])).toBe(true);
      expect(isControl(TCP_FLAG[flag] | TCP_FLAG.ack)).toBe(true);
      expect(isControl(TCP_FLAG[flag], 39)).toBe(false);
    }
    expect(isControl(0xff & ~(TCP_FLAG.syn | TCP_FLAG.fin | TCP_FLAG.rst))).toBe(false);
    expect(isTcpControl(tcpPacket(a4, b4, { flags: 2 }), { protocol: PROTOCOL.udp, offset: 20, end: 40 })).toBe(false);
  });
});
