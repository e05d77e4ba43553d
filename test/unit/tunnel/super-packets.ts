import { parseIpv4Address, parseIpv6Address } from "../../../shared/packet/address.ts";
import { TCP_FLAG } from "../../../shared/packet/tcp.ts";
import { pattern } from "../../fakes/arbitrary-packets.ts";
import {
  type Completeness,
  type IpFields,
  type PacketFields,
  packetBytes,
  referenceSegments,
  virtioFields,
} from "../../fakes/reference-packets.ts";

/** What a super-packet may look like here; the rest of its fields are of no matter. */
export interface SuperOptions {
  readonly protocol?: "tcp" | "udp";
  readonly payloadBytes?: number;
  readonly flags?: number;
  readonly sourcePort?: number;
  readonly sequence?: number;
  readonly identification?: number;
}

export function packetFields(source: string, destination: string, options: SuperOptions = {}): PacketFields {
  const ports = { sourcePort: options.sourcePort ?? 40_000, destinationPort: 443 };
  const tcp = {
    protocol: "tcp",
    ...ports,
    sequence: options.sequence ?? 0xffff_f000,
    acknowledgment: 7,
    reserved: 0,
    flags: options.flags ?? TCP_FLAG.ack | TCP_FLAG.psh,
    window: 500,
    urgent: 0,
    options: new Uint8Array(),
  } as const;
  return {
    ip: ipFields(source, destination, options.identification ?? 1),
    transport: options.protocol === "udp" ? { protocol: "udp", ...ports } : tcp,
    payload: pattern(options.payloadBytes ?? 5000, 3),
  };
}

function ipFields(source: string, destination: string, identification: number): IpFields {
  if (source.includes(":")) {
    const addresses = { source: parseIpv6Address(source)!, destination: parseIpv6Address(destination)! };
    return { version: 6, ...addresses, trafficClass: 0, flowLabel: 5, hopLimit: 64 };
  }
  const bytes = (address: string) => {
    const four = Buffer.alloc(4);
    four.writeUInt32BE(parseIpv4Address(address)!);
    return four;
  };
  const addresses = { source: bytes(source), destination: bytes(destination) };
  return { version: 4, ...addresses, typeOfService: 0, timeToLive: 64, identification, dontFragment: true };
}

/** The super-packet, its virtio header, and what a network card would make of it. */
export function superPacket(fields: PacketFields, size: number) {
  const segments = (completeness: Completeness) =>
    referenceSegments(fields, size).map((each) => packetBytes(each, completeness));
  return { packet: packetBytes(fields, "partial"), offload: virtioFields(fields, size), segments };
}
