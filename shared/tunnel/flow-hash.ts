import { IPV4 } from "../packet/ipv4.ts";
import { IPV6 } from "../packet/ipv6.ts";
import { TransportLayout } from "../packet/layout.ts";
import { u8, u32 } from "../packet/words.ts";

/** 2^32 divided by the golden ratio: spreads neighbouring numbers over the high bits (Knuth, volume 3, section 6.4). */
const HASH_FACTOR = 0x9e3779b1;

const layout = new TransportLayout();

/**
 * A number for a packet's flow (protocol, addresses, ports; without ports for what has none), under 2^`bits`. Any bytes
 * at all. All packets of a flow have one number; two flows may share one, and then share a queue.
 */
export function flowHash(packet: Uint8Array, bits: number): number {
  const kind = layout.read(packet);
  const isIpv4 = u8(packet, 0) >> 4 === 4;
  // Fragments of one datagram have no ports in common, so all of a flow's fragments go by their addresses.
  const hasPorts = kind === "tcp" || kind === "udp";
  let hash = mix(0, isIpv4 ? u8(packet, IPV4.protocol) : u8(packet, IPV6.nextHeader));
  if (hasPorts) hash = mix(hash, u32(packet, layout.transport));
  if (isIpv4) {
    hash = mix(mix(hash, u32(packet, IPV4.source)), u32(packet, IPV4.destination));
  } else {
    for (let at: number = IPV6.source; at < IPV6.source + 32; at += 4) hash = mix(hash, u32(packet, at));
  }
  return Math.imul(hash, HASH_FACTOR) >>> (32 - bits);
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, HASH_FACTOR);
  return mixed ^ (mixed >>> 15);
}
