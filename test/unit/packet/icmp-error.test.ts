import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ICMP, ICMPV6 } from "../../../shared/packet/icmp.ts";
import { icmpError, type Rejection } from "../../../shared/packet/icmp-error.ts";
import { ipv4Transport, parseIpv4 } from "../../../shared/packet/ipv4.ts";
import { parseIpv6 } from "../../../shared/packet/ipv6.ts";
import { PROTOCOL } from "../../../shared/packet/protocol.ts";
import {
  echoRequest,
  hasValidChecksums,
  ipv4Packet,
  ipv6Packet,
  packetBetween,
  udpPacket,
} from "../../fakes/packets.ts";

const [a4, b4] = ["100.64.0.1", "100.64.0.2"];
const [a6, b6] = ["fd67:6f76:706e::1", "fd67:6f76:706e::2"];
const unreachable: Rejection = { kind: "host_unreachable" };
const rejection = fc.oneof(
  fc.constant<Rejection>(unreachable),
  fc.constant<Rejection>({ kind: "prohibited" }),
  fc.integer({ min: 68, max: 100_000 }).map((mtu): Rejection => ({ kind: "too_big", mtu })),
);
const icmpPacket = (source: string, destination: string, type: number) => {
  const icmp = Buffer.alloc(36);
  icmp[0] = type;
  const isIpv6 = source.includes(":");
  return packetBetween(source, destination, isIpv6 ? PROTOCOL.icmpv6 : PROTOCOL.icmp, icmp, 2);
};

describe("an ICMP error", () => {
  it("is a valid packet to the sender that quotes as much as its family allows, for any packet", () => {
    fc.assert(
      fc.property(fc.boolean(), fc.uint8Array({ maxLength: 3000 }), rejection, (isIpv6, data, why) => {
        const packet = isIpv6 ? udpPacket(a6, b6, data) : udpPacket(a4, b4, data);
        const reply = Buffer.from(icmpError(packet, why)!);
        expect(hasValidChecksums(reply)).toBe(true);
        expect(reply.length).toBe(Math.min(packet.length + (isIpv6 ? 48 : 28), isIpv6 ? 1280 : 576));
        expect((isIpv6 ? parseIpv6(reply) : parseIpv4(reply))?.totalBytes).toBe(reply.length);
        expect(reply.subarray(isIpv6 ? 48 : 28)).toEqual(packet.subarray(0, reply.length - (isIpv6 ? 48 : 28)));
        // From the packet's destination to its source.
        const [from, to, length] = isIpv6 ? [8, 24, 16] : [12, 16, 4];
        expect(reply.subarray(from, from + length)).toEqual(packet.subarray(to, to + length));
        expect(reply.subarray(to, to + length)).toEqual(packet.subarray(from, from + length));
      }),
    );
  });

  it.each([
    [unreachable, [ICMP.unreachable, ICMP.code.hostUnreachable, 0, 0], [ICMPV6.unreachable, 3, 0, 0, 0, 0]],
    [{ kind: "prohibited" }, [ICMP.unreachable, ICMP.code.prohibited, 0, 0], [ICMPV6.unreachable, 5, 0, 0, 0, 0]],
    [
      { kind: "too_big", mtu: 1300 },
      [ICMP.unreachable, ICMP.code.fragmentationNeeded, 0x05, 0x14],
      [ICMPV6.packetTooBig, 0, 0, 0, 0x05, 0x14],
    ],
  ] as const)("about %j has its type, code and MTU in both families", (why, v4, v6) => {
    const reply4 = icmpError(udpPacket(a4, b4), why)!;
    const reply6 = icmpError(udpPacket(a6, b6), why)!;
    expect([reply4[20], reply4[21], reply4[26], reply4[27]]).toEqual(v4);
    expect([reply6[40], reply6[41], ...reply6.subarray(44, 48)]).toEqual(v6);
  });

  it("never tells an IPv6 sender to go under 1280 bytes", () => {
    const reply = Buffer.from(icmpError(udpPacket(a6, b6), { kind: "too_big", mtu: 600 })!);
    expect(reply.readUInt32BE(44)).toBe(1280);
  });

  it("is sent about a ping, and about a first fragment", () => {
    expect(icmpError(echoRequest(a4, b4), unreachable)).toBeDefined();
    expect(icmpError(echoRequest(a6, b6), unreachable)).toBeDefined();
    const first = ipv4Packet({ source: a4, destination: b4, payload: Buffer.alloc(64), moreFragments: true });
    expect(ipv4Transport(parseIpv4(icmpError(first, unreachable)!)!)?.protocol).toBe(PROTOCOL.icmp);
  });

  const laterFragment = { protocol: PROTOCOL.fragment, bytes: Buffer.from([0, 0, 0x01, 0, 0, 0, 0, 1]) };
  it.each([
    ["an ICMP error", [3, 4, 5, 11, 12].map((type) => icmpPacket(a4, b4, type))],
    ["an ICMPv6 error or redirect", [1, 2, 3, 4, 100, 137].map((type) => icmpPacket(a6, b6, type))],
    [
      "ICMP cut short",
      [ipv4Packet({ source: a4, destination: b4, protocol: PROTOCOL.icmp, payload: Buffer.alloc(4) })],
    ],
    ["a later fragment", [ipv4Packet({ source: a4, destination: b4, payload: Buffer.alloc(8), fragmentOffset: 8 })]],
    ["a later IPv6 fragment", [ipv6Packet({ source: a6, destination: b6, extensions: [laterFragment] })]],
    ["a packet to many", [udpPacket(a4, "224.0.0.1"), udpPacket(a4, "255.255.255.255"), udpPacket(a6, "ff02::1")]],
    ["a packet from nobody", [udpPacket("0.0.0.0", b4), udpPacket("::", b6)]],
    ["a packet from many", [udpPacket("224.0.0.1", b4), udpPacket("ff02::1", b6)]],
    ["a packet from loopback", [udpPacket("127.0.0.1", b4), udpPacket("::1", b6)]],
    ["no packet", [Buffer.alloc(0), Buffer.alloc(64), udpPacket(a4, b4).subarray(0, 27), Buffer.alloc(64, 0x60)]],
  ])("is never sent about %s", (_, packets) => {
    for (const packet of packets) expect(icmpError(packet, unreachable)).toBeUndefined();
  });
});
