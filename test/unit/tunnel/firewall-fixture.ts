import { PROTOCOL } from "../../../shared/packet/protocol.ts";
import { TCP_FLAG } from "../../../shared/packet/tcp.ts";
import type { VirtioHeader } from "../../../shared/packet/virtio.ts";
import type { InboundRule } from "../../../shared/tunnel/inbound-rule.ts";
import { ipv4Packet, ipv6Packet, naiveChecksum, packetBetween, tcpPacket, udpPacket } from "../../fakes/packets.ts";
import { ann, self, type TunnelOfThreeOptions, tunnelOfThree } from "./fixture.ts";

export const ALL: InboundRule = { mode: "all" };
export const NONE: InboundRule = { mode: "none" };
export const WEB: InboundRule = { mode: "ports", ports: [{ protocol: "tcp", from: 80, to: 90 }] };
export const GAME: InboundRule = { mode: "ports", ports: [{ protocol: "udp", from: 27_015, to: 27_015 }] };

const { syn, ack, fin, rst, psh } = TCP_FLAG;
export const SYN = syn;
export const SYN_ACK = syn | ack;
export const ACK = ack;
export const DATA = ack | psh;
export const FIN = fin | ack;
export const RST = rst;

/** Packets between this machine and Ann of one family: by name, from whom, and by its own port and the other's. */
export interface Family {
  readonly name: string;
  readonly self: string;
  readonly ann: string;
}
export const families: readonly Family[] = [
  { name: "IPv4", self: self.ipv4, ann: ann.ipv4 },
  { name: "IPv6", self: self.ipv6, ann: ann.ipv6 },
];

/** The same conversation seen from both ends: `ours` and `theirs` are ports. */
export function conversation(family: Family, ours: number, theirs: number) {
  const out = { source: ours, destination: theirs };
  const back = { source: theirs, destination: ours };
  const data = Buffer.from("data");
  return {
    ourTcp: (flags: number) => tcpPacket(family.self, family.ann, { flags, ports: out }),
    theirTcp: (flags: number) => tcpPacket(family.ann, family.self, { flags, ports: back }),
    ourUdp: () => udpPacket(family.self, family.ann, data, out),
    theirUdp: () => udpPacket(family.ann, family.self, data, back),
  };
}

const isIpv6 = (address: string) => address.includes(":");

export function icmp(source: string, destination: string, type: number, code: number, rest: Uint8Array): Buffer {
  const bytes = Buffer.concat([Buffer.from([type, code, 0, 0]), rest]);
  if (isIpv6(source)) return packetBetween(source, destination, PROTOCOL.icmpv6, bytes, 2);
  bytes.writeUInt16BE(naiveChecksum(bytes), 2);
  return packetBetween(source, destination, PROTOCOL.icmp, bytes);
}

const number = (id: number) => Buffer.from([id >> 8, id & 0xff, 0, 1, 0xaa, 0xbb, 0xcc, 0xdd]);
export const echo = (from: string, to: string, id: number) => icmp(from, to, isIpv6(from) ? 128 : 8, 0, number(id));
export const echoReply = (from: string, to: string, id: number) =>
  icmp(from, to, isIpv6(from) ? 129 : 0, 0, number(id));

/** "Port unreachable" about a packet, of which it quotes so much. */
export function unreachable(from: string, to: string, about: Uint8Array, quotedBytes = about.length): Buffer {
  const [type, code] = isIpv6(from) ? [1, 4] : [3, 3];
  return icmp(from, to, type, code, Buffer.concat([Buffer.alloc(4), about.subarray(0, quotedBytes)]));
}

export interface Fragment {
  /** Of the datagram's payload, a multiple of 8. */
  readonly offset: number;
  readonly hasMore: boolean;
  readonly bytes: Uint8Array;
}

/** A fragment of the datagram `id`. */
export function fragment(from: string, to: string, protocol: number, id: number, part: Fragment): Buffer {
  const { offset, hasMore, bytes } = part;
  if (!isIpv6(from)) {
    const fields = { source: from, destination: to, protocol, payload: bytes, identification: id };
    return ipv4Packet({ ...fields, fragmentOffset: offset, moreFragments: hasMore });
  }
  const header = Buffer.alloc(8);
  header.writeUInt16BE(offset | (hasMore ? 1 : 0), 2);
  header.writeUInt32BE(id, 4);
  const extensions = [{ protocol: PROTOCOL.fragment, bytes: header }];
  return ipv6Packet({ source: from, destination: to, protocol, extensions, payload: bytes });
}

/** The transport of a packet made by these builders: what is behind its plain IP header. */
export const transportOf = (packet: Buffer) => packet.subarray(packet[0]! >> 4 === 4 ? 20 : 40);

/** A whole datagram in fragments of at most `bytes` of payload. */
export function fragments(packet: Buffer, from: string, to: string, id: number, bytes = 64): Buffer[] {
  const payload = transportOf(packet);
  const protocol = packet[packet[0]! >> 4 === 4 ? 9 : 6]!;
  const parts: Buffer[] = [];
  for (let offset = 0; offset < payload.length; offset += bytes) {
    const part = payload.subarray(offset, offset + bytes);
    parts.push(fragment(from, to, protocol, id, { offset, hasMore: offset + bytes < payload.length, bytes: part }));
  }
  return parts;
}

/** A tunnel of which Ann may begin no more than `rule` with this machine. */
export function guarded(rule: InboundRule, options: TunnelOfThreeOptions = {}) {
  const three = tunnelOfThree({ mtu: 1420, ...options });
  const { tunnel, tun, lanes } = three;
  tunnel.setInbound(ann.key, rule);
  return {
    ...three,
    setRule: (next: InboundRule) => tunnel.setInbound(ann.key, next),
    /** This machine sends it. */
    weSend(packet: Uint8Array, offload?: VirtioHeader): void {
      tun.fromSystem(packet, offload);
      lanes.ann.take();
    },
    /** Whether Ann's packet reaches this machine's system. */
    comesIn(packet: Uint8Array, offload?: VirtioHeader): boolean {
      lanes.ann.deliver(packet, offload);
      return tun.take().length > 0;
    },
    get refused(): number {
      return tunnel.counters(ann.key)!.dropped.refused;
    },
  };
}
