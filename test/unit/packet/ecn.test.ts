import { describe, expect, it } from "vitest";
import { markCongestion } from "../../../shared/packet/ecn.ts";
import { hasValidChecksums, udpPacket } from "../../fakes/packets.ts";

const ecnOf = (packet: Buffer) => (packet[0]! >> 4 === 4 ? packet[1]! & 3 : (packet[1]! >> 4) & 3);

/** With the given ECN bits, beside traffic class bits that must survive. */
function packet(family: string, ecn: number): Buffer {
  const isIpv4 = family === "IPv4";
  const bytes = isIpv4 ? udpPacket("100.64.0.1", "100.64.0.2") : udpPacket("fd67:6f76:706e::1", "fd67:6f76:706e::2");
  if (isIpv4) {
    bytes[1] = 0xb8 | ecn;
    // RFC 1624 by hand: the type of service was 0.
    let sum = (~bytes.readUInt16BE(10) & 0xffff) + (0xb8 | ecn);
    sum = (sum & 0xffff) + (sum >>> 16);
    bytes.writeUInt16BE(~sum & 0xffff, 10);
  } else {
    bytes[0] = 0x6b;
    bytes[1] = 0x8a | (ecn << 4);
  }
  expect(hasValidChecksums(bytes)).toBe(true);
  return bytes;
}

describe.each(["IPv4", "IPv6"])("an %s packet that met congestion", (family) => {
  it.each([1, 2, 3])("is marked where its sender understands, by ECN bits %i", (ecn) => {
    const bytes = packet(family, ecn);
    const before = Buffer.from(bytes);
    expect(markCongestion(bytes)).toBe(true);
    expect(ecnOf(bytes)).toBe(3);
    expect(hasValidChecksums(bytes)).toBe(true);
    expect(bytes).toEqual(packet(family, 3));
    expect(bytes.equals(before)).toBe(ecn === 3);
  });

  it("is left alone where its sender does not", () => {
    const bytes = packet(family, 0);
    expect(markCongestion(bytes)).toBe(false);
    expect(bytes).toEqual(packet(family, 0));
  });
});
