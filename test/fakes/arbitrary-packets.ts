import fc from "fast-check";
import type { IpFields, PacketFields, TcpFields, UdpFields } from "./reference-packets.ts";

/** Packets of every sort for property tests (fast-check). */

const byte = fc.nat({ max: 0xff });
const port = fc.nat({ max: 0xffff });
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const nearWrap = (bits: number) =>
  fc.oneof(fc.integer({ min: 0, max: 2 ** bits - 1 }), fc.integer({ min: 2 ** bits - 300, max: 2 ** bits - 1 }));

export const ipv4Fields: fc.Arbitrary<IpFields> = fc.record({
  version: fc.constant(4 as const),
  source: bytes(4),
  destination: bytes(4),
  typeOfService: byte,
  timeToLive: byte,
  identification: nearWrap(16),
  dontFragment: fc.boolean(),
});

export const ipv6Fields: fc.Arbitrary<IpFields> = fc.record({
  version: fc.constant(6 as const),
  source: bytes(16),
  destination: bytes(16),
  trafficClass: byte,
  flowLabel: fc.nat({ max: 0xfffff }),
  hopLimit: byte,
});

export const ipFields = fc.oneof(ipv4Fields, ipv6Fields);

/** No options, timestamps (RFC 7323), SACK blocks (RFC 2018), and anything else that fits. */
const tcpOptions = fc.oneof(
  fc.constant(new Uint8Array()),
  bytes(8).map((stamps) => Uint8Array.of(1, 1, 8, 10, ...stamps)),
  bytes(24).map((blocks) => Uint8Array.of(1, 1, 5, 26, ...blocks)),
  bytes(40),
);

/** Those flags alone that data may have in a super-packet: ACK, and each of FIN, PSH, ECE, CWR. */
const dataFlags = fc.constantFrom(0, 0x01, 0x08, 0x09, 0x40, 0x80, 0xc0, 0xc9).map((flags) => flags | 0x10);

export const tcpFields: fc.Arbitrary<TcpFields> = fc.record({
  protocol: fc.constant("tcp" as const),
  sourcePort: port,
  destinationPort: port,
  sequence: nearWrap(32),
  acknowledgment: nearWrap(32),
  reserved: fc.constantFrom(0, 0, 0, 1, 15),
  flags: dataFlags,
  window: port,
  urgent: fc.constantFrom(0, 0, 0, 7),
  options: tcpOptions,
});

export const udpFields: fc.Arbitrary<UdpFields> = fc.record({
  protocol: fc.constant("udp" as const),
  sourcePort: port,
  destinationPort: port,
});

/** A super-packet: its fields, and the payload bytes of its segments. At least two segments. */
export interface SuperPacketFields {
  readonly fields: PacketFields;
  readonly size: number;
}

/** Payloads of any content, zeros and ones among them; segments of 8 to 1500 bytes. */
export function superPackets(ip = ipFields): fc.Arbitrary<SuperPacketFields> {
  const payload = (size: number, count: number, rest: number) =>
    fc
      .tuple(fc.constantFrom(0x00, 0xff, undefined), fc.nat())
      .map(([fill, seed]) => pattern(Math.min(size * count + Math.min(rest, size), 65_000), seed, fill));
  return fc
    .tuple(ip, fc.oneof(tcpFields, udpFields), fc.integer({ min: 8, max: 1500 }), fc.integer({ min: 1, max: 45 }))
    .chain(([each, transport, size, count]) =>
      fc
        .integer({ min: 1, max: size })
        .chain((rest) => payload(size, count, rest))
        .map((data) => ({ fields: { ip: each, transport, payload: data }, size })),
    );
}

/** Bytes that differ from place to place, so that a piece out of place is noticed. */
export function pattern(length: number, seed: number, fill?: number): Uint8Array {
  if (fill !== undefined) return new Uint8Array(length).fill(fill);
  let state = seed | 1;
  return Uint8Array.from({ length }, () => {
    state = Math.imul(state, 1_103_515_245) + 12_345;
    return state >>> 16;
  });
}
