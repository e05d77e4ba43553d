import { PROTOCOL, type Transport } from "./protocol.ts";
import { u8 } from "./words.ts";

/** Type, code, checksum and four bytes that depend on the type: the same for ICMP (RFC 792) and ICMPv6 (RFC 4443). */
export const ICMP_HEADER_BYTES = 8;

/** ICMP types and codes (RFC 792, 1122, 1191, 1812). */
export const ICMP = {
  echoReply: 0,
  unreachable: 3,
  redirect: 5,
  echoRequest: 8,
  timeExceeded: 11,
  parameterProblem: 12,
  code: { hostUnreachable: 1, fragmentationNeeded: 4, prohibited: 13 },
} as const;

/** ICMPv6 types and codes (RFC 4443, 4861). */
export const ICMPV6 = {
  unreachable: 1,
  packetTooBig: 2,
  timeExceeded: 3,
  parameterProblem: 4,
  echoRequest: 128,
  echoReply: 129,
  redirect: 137,
  code: { addressUnreachable: 3, sourceRefused: 5 },
} as const;

export interface IcmpHeader {
  readonly type: number;
  readonly code: number;
  /** Whether it reports an error about another packet, so that no error may be sent about it (RFC 1122, RFC 4443). */
  readonly isError: boolean;
}

/** Source quench, which is 4, beside those named above. */
const icmpErrors: ReadonlySet<number> = new Set([
  ICMP.unreachable,
  4,
  ICMP.redirect,
  ICMP.timeExceeded,
  ICMP.parameterProblem,
]);

/** Reads ICMP or ICMPv6, by `transport.protocol`. Undefined for another protocol or a header cut short. */
export function parseIcmp(packet: Uint8Array, transport: Transport): IcmpHeader | undefined {
  const { protocol, offset, end } = transport;
  if (protocol !== PROTOCOL.icmp && protocol !== PROTOCOL.icmpv6) return undefined;
  if (offset + ICMP_HEADER_BYTES > end || end > packet.length) return undefined;
  const type = u8(packet, offset);
  const isError = protocol === PROTOCOL.icmp ? icmpErrors.has(type) : type < 128 || type === ICMPV6.redirect;
  return { type, code: u8(packet, offset + 1), isError };
}
