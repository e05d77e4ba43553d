import { PROTOCOL } from "../../shared/packet/protocol.ts";
import { naiveChecksum } from "./packets.ts";

/**
 * Segmentation the slow and obvious way: a packet is its fields, bytes are made from fields by the plainest reading of
 * the RFCs, and a segment is the same fields with those of its own changed. Shares no code with shared/packet.
 */

export interface Ipv4Fields {
  readonly version: 4;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly typeOfService: number;
  readonly timeToLive: number;
  readonly identification: number;
  readonly dontFragment: boolean;
  /** A multiple of 4 bytes. */
  readonly options?: Uint8Array;
}

export interface Ipv6Fields {
  readonly version: 6;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly trafficClass: number;
  readonly flowLabel: number;
  readonly hopLimit: number;
  /** Extension headers, with their "next header" bytes to be filled in. */
  readonly extensions?: readonly { readonly protocol: number; readonly bytes: Uint8Array }[];
}

export type IpFields = Ipv4Fields | Ipv6Fields;

export interface TcpFields {
  readonly protocol: "tcp";
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  /** The four bits after the data offset: three reserved, and AE. */
  readonly reserved: number;
  readonly flags: number;
  readonly window: number;
  readonly urgent: number;
  readonly options: Uint8Array;
}

export interface UdpFields {
  readonly protocol: "udp";
  readonly sourcePort: number;
  readonly destinationPort: number;
}

export interface PacketFields {
  readonly ip: IpFields;
  readonly transport: TcpFields | UdpFields;
  readonly payload: Uint8Array;
}

export type Completeness = "partial" | "full";

/** What `struct virtio_net_hdr` says, by name. */
export interface VirtioFields {
  readonly flags: number;
  readonly gsoType: number;
  readonly headerBytes: number;
  readonly gsoSize: number;
  readonly checksumStart: number;
  readonly checksumOffset: number;
}

export function packetBytes(fields: PacketFields, completeness: Completeness): Buffer {
  const protocol = fields.transport.protocol === "tcp" ? PROTOCOL.tcp : PROTOCOL.udp;
  const transport = transportBytes(fields.transport, fields.payload);
  const pseudo = pseudoHeader(fields.ip, protocol, transport.length);
  const checksumAt = fields.transport.protocol === "tcp" ? 16 : 6;
  const partial = 0xffff - naiveChecksum(pseudo);
  const full = naiveChecksum(pseudo, transport);
  const isUdpZero = protocol === PROTOCOL.udp && full === 0;
  transport.writeUInt16BE(completeness === "partial" ? partial : isUdpZero ? 0xffff : full, checksumAt);
  return ipBytes(fields.ip, protocol, transport);
}

/** The packets that `fields` is cut into: `size` payload bytes each, the last with what is left. */
export function referenceSegments(fields: PacketFields, size: number): PacketFields[] {
  const segments: PacketFields[] = [];
  for (let at = 0; at < fields.payload.length; at += size) {
    const payload = fields.payload.subarray(at, at + size);
    const isFirst = at === 0;
    const isLast = at + payload.length === fields.payload.length;
    segments.push({
      ip: numbered(fields.ip, segments.length),
      transport: fields.transport.protocol === "udp" ? fields.transport : tcpAt(fields.transport, at, isFirst, isLast),
      payload,
    });
  }
  return segments;
}

/** The virtio header of a super-packet of these fields; of one packet with `gsoSize` 0. */
export function virtioFields(fields: PacketFields, gsoSize: number): VirtioFields {
  const isTcp = fields.transport.protocol === "tcp";
  const checksumStart = ipBytes(fields.ip, 0, Buffer.alloc(0)).length;
  const headerBytes = checksumStart + transportBytes(fields.transport, new Uint8Array()).length;
  const hasCwr = fields.transport.protocol === "tcp" && (fields.transport.flags & 0x80) !== 0;
  const tcpType = (fields.ip.version === 4 ? 1 : 4) + (hasCwr ? 0x80 : 0);
  return {
    flags: 1,
    gsoType: gsoSize === 0 ? 0 : isTcp ? tcpType : 5,
    headerBytes,
    gsoSize,
    checksumStart,
    checksumOffset: isTcp ? 16 : 6,
  };
}

export function virtioBytes(header: VirtioFields): Buffer {
  const bytes = Buffer.alloc(10);
  bytes.writeUInt8(header.flags, 0);
  bytes.writeUInt8(header.gsoType, 1);
  bytes.writeUInt16LE(header.headerBytes, 2);
  bytes.writeUInt16LE(header.gsoSize, 4);
  bytes.writeUInt16LE(header.checksumStart, 6);
  bytes.writeUInt16LE(header.checksumOffset, 8);
  return bytes;
}

function numbered(ip: IpFields, count: number): IpFields {
  return ip.version === 6 ? ip : { ...ip, identification: (ip.identification + count) % 0x10000 };
}

function tcpAt(tcp: TcpFields, at: number, isFirst: boolean, isLast: boolean): TcpFields {
  let flags = tcp.flags;
  if (!isFirst) flags &= ~0x80; // CWR
  if (!isLast) flags &= ~0x09; // FIN, PSH
  return { ...tcp, sequence: (tcp.sequence + at) % 2 ** 32, flags };
}

function transportBytes(transport: TcpFields | UdpFields, payload: Uint8Array): Buffer {
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(transport.sourcePort, 0);
  ports.writeUInt16BE(transport.destinationPort, 2);
  if (transport.protocol === "udp") {
    const rest = Buffer.alloc(4);
    rest.writeUInt16BE(8 + payload.length, 0);
    return Buffer.concat([ports, rest, payload]);
  }
  const rest = Buffer.alloc(16);
  rest.writeUInt32BE(transport.sequence, 0);
  rest.writeUInt32BE(transport.acknowledgment, 4);
  rest.writeUInt8(((20 + transport.options.length) / 4) * 16 + transport.reserved, 8);
  rest.writeUInt8(transport.flags, 9);
  rest.writeUInt16BE(transport.window, 10);
  rest.writeUInt16BE(transport.urgent, 14);
  return Buffer.concat([ports, rest, transport.options, payload]);
}

function pseudoHeader(ip: IpFields, protocol: number, length: number): Buffer {
  const tail = Buffer.alloc(ip.version === 4 ? 4 : 8);
  if (ip.version === 4) {
    tail.writeUInt8(protocol, 1);
    tail.writeUInt16BE(length, 2);
  } else {
    tail.writeUInt32BE(length, 0);
    tail.writeUInt8(protocol, 7);
  }
  return Buffer.concat([ip.source, ip.destination, tail]);
}

function ipBytes(ip: IpFields, protocol: number, body: Uint8Array): Buffer {
  if (ip.version === 4) {
    const options = ip.options ?? new Uint8Array();
    const fixed = Buffer.alloc(20);
    fixed.writeUInt8(0x40 + (20 + options.length) / 4, 0);
    fixed.writeUInt8(ip.typeOfService, 1);
    fixed.writeUInt16BE(20 + options.length + body.length, 2);
    fixed.writeUInt16BE(ip.identification, 4);
    fixed.writeUInt16BE(ip.dontFragment ? 0x4000 : 0, 6);
    fixed.writeUInt8(ip.timeToLive, 8);
    fixed.writeUInt8(protocol, 9);
    fixed.set(ip.source, 12);
    fixed.set(ip.destination, 16);
    const header = Buffer.concat([fixed, options]);
    header.writeUInt16BE(naiveChecksum(header), 10);
    return Buffer.concat([header, body]);
  }
  const chain = ip.extensions ?? [];
  const extensions = chain.map(({ bytes }, i) => {
    const copy = Buffer.from(bytes);
    copy.writeUInt8(chain[i + 1]?.protocol ?? protocol, 0);
    return copy;
  });
  const all = Buffer.concat([...extensions, body]);
  const header = Buffer.alloc(40);
  header.writeUInt32BE(0x60000000 + ip.trafficClass * 2 ** 20 + ip.flowLabel, 0);
  header.writeUInt16BE(all.length, 4);
  header.writeUInt8(chain[0]?.protocol ?? protocol, 6);
  header.writeUInt8(ip.hopLimit, 7);
  header.set(ip.source, 8);
  header.set(ip.destination, 24);
  return Buffer.concat([header, all]);
}
