import fc from "fast-check";
import { expect } from "vitest";
import { Coalescer, type KernelOffloads } from "../../../shared/packet/coalesce.ts";
import type { ChecksumMode } from "../../../shared/packet/segment.ts";
import { pattern } from "../../fakes/arbitrary-packets.ts";
import {
  type IpFields,
  type Ipv4Fields,
  type PacketFields,
  packetBytes,
  referenceSegments,
  type TcpFields,
} from "../../fakes/reference-packets.ts";

/** What the tests of coalescing share: packets of a flow, and what the kernel is given for them. */

export const EVERYTHING: KernelOffloads = { checksum: true, tcp: true, udp: true };
export const modes = fc.constantFrom<ChecksumMode>("partial", "full");

/** A packet as it arrives. */
export interface Arrival {
  readonly packet: Buffer;
  readonly isPartial: boolean;
}

/** What the kernel is given, in order: virtio header and packet. */
export function coalesce(arrivals: readonly Arrival[], offloads = EVERYTHING): Buffer[] {
  const written: Buffer[] = [];
  const coalescer = new Coalescer(offloads, (buffer, bytes) => written.push(Buffer.from(buffer.subarray(0, bytes))));
  for (const { packet, isPartial } of arrivals) {
    const copy = Buffer.from(packet);
    coalescer.add(copy, isPartial);
    expect(copy.equals(packet)).toBe(true);
    copy.fill(0xee); // it is the caller's again
  }
  coalescer.flush();
  const count = written.length;
  coalescer.flush();
  expect(written.length).toBe(count);
  return written;
}

export const arriving = (fields: PacketFields, mode: ChecksumMode): Arrival => ({
  packet: packetBytes(fields, mode),
  isPartial: mode === "partial",
});
export const hex = (packets: readonly Buffer[]) => packets.map((packet) => packet.toString("hex"));
export const plain = (packet: Buffer) => Buffer.concat([Buffer.alloc(10), packet]);

/** How many packets each write carries, by its virtio header. */
export function counts(written: readonly Buffer[]): number[] {
  return written.map((each) => {
    const gsoSize = each.readUInt16LE(4);
    return gsoSize === 0 ? 1 : Math.ceil((each.length - 10 - each.readUInt16LE(2)) / gsoSize);
  });
}

export const ipv4: Ipv4Fields = {
  version: 4,
  source: Buffer.from([100, 64, 0, 1]),
  destination: Buffer.from([100, 64, 0, 2]),
  typeOfService: 0,
  timeToLive: 64,
  identification: 100,
  dontFragment: true,
};
export const ipv6: IpFields = {
  version: 6,
  source: Buffer.alloc(16, 1),
  destination: Buffer.alloc(16, 2),
  trafficClass: 0,
  flowLabel: 5,
  hopLimit: 64,
};
export const ACK = 0x10;
export const tcp: TcpFields = {
  protocol: "tcp",
  sourcePort: 40_000,
  destinationPort: 443,
  sequence: 1000,
  acknowledgment: 1,
  reserved: 0,
  flags: ACK,
  window: 500,
  urgent: 0,
  options: Uint8Array.of(1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2),
};
export const udp = { protocol: "udp", sourcePort: 1000, destinationPort: 2000 } as const;
export const SIZE = 100;

/** `count` consecutive packets of SIZE bytes, as fields. */
export function stream(count: number, transport: PacketFields["transport"] = tcp, ip: IpFields = ipv4): PacketFields[] {
  return referenceSegments({ ip, transport, payload: pattern(count * SIZE, 3) }, SIZE);
}

/** Gives a packet other IP or transport fields, or another payload. */
export function altered(
  fields: PacketFields,
  { ip = {}, transport = {}, payload }: { ip?: object; transport?: object; payload?: Uint8Array },
): PacketFields {
  return {
    ip: { ...fields.ip, ...ip },
    transport: { ...fields.transport, ...transport },
    payload: payload ?? fields.payload,
  };
}
