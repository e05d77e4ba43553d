import { parseIpv4Address, parseIpv6Address } from "../../shared/packet/address.ts";
import { PROTOCOL } from "../../shared/packet/protocol.ts";

/** Packets for tests, with checksums by the plainest possible reading of RFC 1071, independent of shared/packet. */

export function naiveChecksum(...parts: readonly Uint8Array[]): number {
  const bytes = Buffer.concat(parts.map((part) => (part.length % 2 ? Buffer.concat([part, Buffer.alloc(1)]) : part)));
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) {
    sum += bytes.readUInt16BE(i);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return 0xffff - sum;
}

export interface Ipv4Options {
  readonly source: string;
  readonly destination: string;
  readonly protocol?: number;
  readonly payload?: Uint8Array;
  readonly dontFragment?: boolean;
  readonly moreFragments?: boolean;
  /** Bytes, a multiple of 8. */
  readonly fragmentOffset?: number;
  /** A multiple of 4 bytes. */
  readonly options?: Uint8Array;
  readonly identification?: number;
}

export function ipv4Packet(fields: Ipv4Options): Buffer {
  const { payload = new Uint8Array(), options = new Uint8Array() } = fields;
  const header = Buffer.alloc(20 + options.length);
  header[0] = 0x40 | (header.length / 4);
  header.writeUInt16BE(header.length + payload.length, 2);
  header.writeUInt16BE(fields.identification ?? 0x1234, 4);
  const flags = (fields.dontFragment ? 0x4000 : 0) | (fields.moreFragments ? 0x2000 : 0);
  header.writeUInt16BE(flags | ((fields.fragmentOffset ?? 0) / 8), 6);
  header[8] = 64;
  header[9] = fields.protocol ?? 253; // "use for experimentation" (RFC 3692)
  header.writeUInt32BE(parseIpv4Address(fields.source)!, 12);
  header.writeUInt32BE(parseIpv4Address(fields.destination)!, 16);
  header.set(options, 20);
  header.writeUInt16BE(naiveChecksum(header), 10);
  return Buffer.concat([header, payload]);
}

export interface Ipv6Options {
  readonly source: string;
  readonly destination: string;
  /** The transport's protocol. */
  readonly protocol?: number;
  /** Extension headers in order; "next header" fields are filled in. */
  readonly extensions?: readonly { readonly protocol: number; readonly bytes: Uint8Array }[];
  readonly payload?: Uint8Array;
}

export function ipv6Packet(fields: Ipv6Options): Buffer {
  const { extensions = [], payload = new Uint8Array(), protocol = 253 } = fields;
  const header = Buffer.alloc(40);
  header[0] = 0x60;
  header[6] = extensions[0]?.protocol ?? protocol;
  header[7] = 64;
  header.set(parseIpv6Address(fields.source)!, 8);
  header.set(parseIpv6Address(fields.destination)!, 24);
  const chain = extensions.map(({ bytes }, i) => {
    const copy = Buffer.from(bytes);
    copy[0] = extensions[i + 1]?.protocol ?? protocol;
    return copy;
  });
  const body = Buffer.concat([...chain, payload]);
  header.writeUInt16BE(body.length, 4);
  return Buffer.concat([header, body]);
}

/** Any family by the addresses' form; a transport with its checksum at `checksumAt` filled in. */
export function packetBetween(
  source: string,
  destination: string,
  protocol: number,
  transport: Uint8Array,
  checksumAt?: number,
): Buffer {
  const payload = Buffer.from(transport);
  if (checksumAt !== undefined) {
    payload.writeUInt16BE(0, checksumAt);
    payload.writeUInt16BE(
      naiveChecksum(pseudoHeader(source, destination, protocol, payload.length), payload),
      checksumAt,
    );
  }
  const fields = { source, destination, protocol, payload };
  return source.includes(":") ? ipv6Packet(fields) : ipv4Packet({ ...fields, dontFragment: true });
}

function pseudoHeader(source: string, destination: string, protocol: number, length: number): Uint8Array {
  if (!source.includes(":")) {
    const header = Buffer.alloc(12);
    header.writeUInt32BE(parseIpv4Address(source)!, 0);
    header.writeUInt32BE(parseIpv4Address(destination)!, 4);
    header[9] = protocol;
    header.writeUInt16BE(length, 10);
    return header;
  }
  const tail = Buffer.alloc(8);
  tail.writeUInt32BE(length, 0);
  tail[7] = protocol;
  return Buffer.concat([parseIpv6Address(source)!, parseIpv6Address(destination)!, tail]);
}

export function udpPacket(
  source: string,
  destination: string,
  data: Uint8Array = new Uint8Array(),
  ports = { source: 1000, destination: 2000 },
): Buffer {
  const udp = Buffer.alloc(8 + data.length);
  udp.writeUInt16BE(ports.source, 0);
  udp.writeUInt16BE(ports.destination, 2);
  udp.writeUInt16BE(udp.length, 4);
  udp.set(data, 8);
  return packetBetween(source, destination, PROTOCOL.udp, udp, 6);
}

export function tcpPacket(
  source: string,
  destination: string,
  tcp: { flags: number; options?: Uint8Array; data?: Uint8Array; ports?: { source: number; destination: number } },
): Buffer {
  const { flags, options = new Uint8Array(), data = new Uint8Array() } = tcp;
  const ports = tcp.ports ?? { source: 40000, destination: 443 };
  const segment = Buffer.alloc(20 + options.length + data.length);
  segment.writeUInt16BE(ports.source, 0);
  segment.writeUInt16BE(ports.destination, 2);
  segment.writeUInt32BE(0xdeadbeef, 4);
  segment[12] = ((20 + options.length) / 4) << 4;
  segment[13] = flags;
  segment.writeUInt16BE(65535, 14);
  segment.set(options, 20);
  segment.set(data, 20 + options.length);
  return packetBetween(source, destination, PROTOCOL.tcp, segment, 16);
}

export function echoRequest(source: string, destination: string, data: Uint8Array = new Uint8Array(16)): Buffer {
  const isIpv6 = source.includes(":");
  const icmp = Buffer.alloc(8 + data.length);
  icmp[0] = isIpv6 ? 128 : 8;
  icmp.set(data, 8);
  if (isIpv6) return packetBetween(source, destination, PROTOCOL.icmpv6, icmp, 2);
  icmp.writeUInt16BE(naiveChecksum(icmp), 2);
  return packetBetween(source, destination, PROTOCOL.icmp, icmp);
}

/** Whether the IPv4 header's and the transport's checksums are right, recomputed the naive way. */
export function hasValidChecksums(packet: Uint8Array): boolean {
  const bytes = Buffer.from(packet);
  const isIpv4 = bytes[0]! >> 4 === 4;
  const at = isIpv4 ? (bytes[0]! & 15) * 4 : 40;
  if (isIpv4 && naiveChecksum(bytes.subarray(0, at)) !== 0) return false;
  const protocol = isIpv4 ? bytes[9]! : bytes[6]!;
  const transport = bytes.subarray(at);
  if (protocol === PROTOCOL.icmp) return naiveChecksum(transport) === 0;
  const pseudo = Buffer.alloc(isIpv4 ? 12 : 40);
  bytes.copy(pseudo, 0, isIpv4 ? 12 : 8, isIpv4 ? 20 : 40);
  if (isIpv4) {
    pseudo[9] = protocol;
    pseudo.writeUInt16BE(transport.length, 10);
  } else {
    pseudo.writeUInt32BE(transport.length, 32);
    pseudo[39] = protocol;
  }
  return naiveChecksum(pseudo, transport) === 0;
}
