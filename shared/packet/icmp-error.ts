import { unroutableIpv4, unroutableIpv6 } from "./address.ts";
import { checksum, pseudoHeaderSum } from "./checksum.ts";
import { ICMP, ICMP_HEADER_BYTES, ICMPV6, parseIcmp } from "./icmp.ts";
import { IPV4, IPV4_MIN_HEADER_BYTES, ipv4Transport, parseIpv4 } from "./ipv4.ts";
import { IPV6, IPV6_HEADER_BYTES, IPV6_MIN_MTU, ipv6Transport, parseIpv6 } from "./ipv6.ts";
import { PROTOCOL } from "./protocol.ts";
import { setU16, setU32, u8 } from "./words.ts";

/**
 * Why a packet is sent back. `host_unreachable`: nobody has that address, or its way is gone. `prohibited`: the sender
 * may not use this source address here. `too_big`: over `mtu` bytes, which the next hop takes at most.
 */
export type Rejection =
  | { readonly kind: "host_unreachable" }
  | { readonly kind: "prohibited" }
  | { readonly kind: "too_big"; readonly mtu: number };

/** RFC 1812, section 4.3.2.3: quote as much as fits, the whole error within 576 bytes. */
const MAX_ICMP_ERROR_BYTES = 576;
const DEFAULT_HOP_LIMIT = 64;

/**
 * The ICMP or ICMPv6 error to hand back to a packet's sender; the whole of it a new IP packet.
 *
 * Its source is the packet's own destination: this machine's own address as a source would be a martian to its kernel.
 * Undefined where an error must not be sent (RFC 1122, section 3.2.2; RFC 4443, section 2.4e): about an ICMP error, to
 * or from an address that is not one machine's, about a fragment other than the first, about anything malformed.
 */
export function icmpError(packet: Uint8Array, rejection: Rejection): Uint8Array | undefined {
  switch (u8(packet, 0) >> 4) {
    case 4:
      return icmpv4Error(packet, rejection);
    case 6:
      return icmpv6Error(packet, rejection);
    default:
      return undefined;
  }
}

function icmpv4Error(packet: Uint8Array, rejection: Rejection): Uint8Array | undefined {
  const header = parseIpv4(packet);
  if (!header || unroutableIpv4(header.source) || unroutableIpv4(header.destination)) return undefined;
  const transport = ipv4Transport(header);
  if (!transport) return undefined;
  // An ICMP header cut short might be an error's: say nothing.
  if (transport.protocol === PROTOCOL.icmp && (parseIcmp(packet, transport)?.isError ?? true)) return undefined;

  const headers = IPV4_MIN_HEADER_BYTES + ICMP_HEADER_BYTES;
  const quoted = Math.min(header.totalBytes, MAX_ICMP_ERROR_BYTES - headers);
  const reply = new Uint8Array(headers + quoted);
  reply[0] = 0x45;
  setU16(reply, IPV4.totalLength, reply.length);
  reply[IPV4.timeToLive] = DEFAULT_HOP_LIMIT;
  reply[IPV4.protocol] = PROTOCOL.icmp;
  setU32(reply, IPV4.source, header.destination);
  setU32(reply, IPV4.destination, header.source);
  setU16(reply, IPV4.checksum, checksum(reply, 0, IPV4_MIN_HEADER_BYTES));

  const at = IPV4_MIN_HEADER_BYTES;
  reply[at] = ICMP.unreachable;
  reply[at + 1] = icmpv4Code(rejection);
  // RFC 1191, section 4: the next hop's MTU, zero in the other errors.
  if (rejection.kind === "too_big") setU16(reply, at + 6, Math.min(rejection.mtu, 0xffff));
  reply.set(packet.subarray(0, quoted), headers);
  setU16(reply, at + 2, checksum(reply, at, reply.length));
  return reply;
}

function icmpv4Code(rejection: Rejection): number {
  switch (rejection.kind) {
    case "host_unreachable":
      return ICMP.code.hostUnreachable;
    case "prohibited":
      return ICMP.code.prohibited;
    case "too_big":
      return ICMP.code.fragmentationNeeded;
  }
}

function icmpv6Error(packet: Uint8Array, rejection: Rejection): Uint8Array | undefined {
  const header = parseIpv6(packet);
  if (!header || unroutableIpv6(packet, IPV6.source) || unroutableIpv6(packet, IPV6.destination)) return undefined;
  const transport = ipv6Transport(packet, header);
  if (!transport) return undefined;
  if (transport.protocol === PROTOCOL.icmpv6 && (parseIcmp(packet, transport)?.isError ?? true)) return undefined;

  const headers = IPV6_HEADER_BYTES + ICMP_HEADER_BYTES;
  const quoted = Math.min(header.totalBytes, IPV6_MIN_MTU - headers);
  const reply = new Uint8Array(headers + quoted);
  reply[0] = 0x60;
  setU16(reply, IPV6.payloadLength, ICMP_HEADER_BYTES + quoted);
  reply[IPV6.nextHeader] = PROTOCOL.icmpv6;
  reply[IPV6.hopLimit] = DEFAULT_HOP_LIMIT;
  reply.set(packet.subarray(IPV6.destination, IPV6.destination + 16), IPV6.source);
  reply.set(packet.subarray(IPV6.source, IPV6.source + 16), IPV6.destination);

  const at = IPV6_HEADER_BYTES;
  const [type, code] = icmpv6TypeAndCode(rejection);
  reply[at] = type;
  reply[at + 1] = code;
  // A link under the IPv6 minimum is the link's own business: no sender may be told to go below it (RFC 8200, section 5).
  if (rejection.kind === "too_big") setU32(reply, at + 4, Math.max(rejection.mtu, IPV6_MIN_MTU));
  reply.set(packet.subarray(0, quoted), headers);
  const length = reply.length - at;
  setU16(reply, at + 2, checksum(reply, at, reply.length, pseudoHeaderSum(reply, PROTOCOL.icmpv6, length)));
  return reply;
}

function icmpv6TypeAndCode(rejection: Rejection): readonly [type: number, code: number] {
  switch (rejection.kind) {
    case "host_unreachable":
      return [ICMPV6.unreachable, ICMPV6.code.addressUnreachable];
    case "prohibited":
      return [ICMPV6.unreachable, ICMPV6.code.sourceRefused];
    case "too_big":
      return [ICMPV6.packetTooBig, 0];
  }
}
