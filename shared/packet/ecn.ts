import { updateChecksum } from "./checksum.ts";
import { IPV4 } from "./ipv4.ts";
import { setU16, u8, u16 } from "./words.ts";

/** The two ECN bits of an IP header (RFC 3168, section 5): not capable, capable (two ways to say it), congestion met. */
const ECN_MASK = 0x03;
const NOT_CAPABLE = 0x00;
const CONGESTION_EXPERIENCED = 0x03;

/**
 * Tells the receiver of a packet, in place, that a queue on the way was too long: what a router does instead of dropping.
 * @returns false, with nothing changed, when the sender has not said that it understands; then the packet is dropped.
 */
export function markCongestion(packet: Uint8Array): boolean {
  return u8(packet, 0) >> 4 === 4 ? markIpv4(packet) : markIpv6(packet);
}

function markIpv4(packet: Uint8Array): boolean {
  const before = u16(packet, 0);
  const ecn = before & ECN_MASK;
  if (ecn === NOT_CAPABLE) return false;
  if (ecn === CONGESTION_EXPERIENCED) return true;
  const after = before | CONGESTION_EXPERIENCED;
  packet[IPV4.typeOfService] = after;
  setU16(packet, IPV4.checksum, updateChecksum(u16(packet, IPV4.checksum), before, after));
  return true;
}

/** The traffic class lies across the first two bytes, its ECN bits in the upper half of the second. */
function markIpv6(packet: Uint8Array): boolean {
  const second = u8(packet, 1);
  if (((second >> 4) & ECN_MASK) === NOT_CAPABLE) return false;
  packet[1] = second | (CONGESTION_EXPERIENCED << 4);
  return true;
}
