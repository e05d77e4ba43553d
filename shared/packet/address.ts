import { u8, u16, u32 } from "./words.ts";

/**
 * IPv4 addresses travel as unsigned 32-bit numbers, IPv6 addresses as 16 bytes compared in place, so that no packet
 * costs an allocation to route.
 */
export const IPV6_ADDRESS_BYTES = 16;

/** Dotted quad of four decimal numbers without leading zeros (RFC 6943, section 3.1.1: strict form); else undefined. */
export function parseIpv4Address(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let address = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    address = address * 256 + Number(part);
  }
  return address;
}

/** Any text form of RFC 4291, section 2.2, the dotted-quad tail included; no zone. Undefined for anything else. */
export function parseIpv6Address(text: string): Uint8Array<ArrayBuffer> | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groups(halves[0] ?? "", halves.length === 1);
  const tail = halves[1] === undefined ? [] : groups(halves[1], true);
  if (!head || !tail) return undefined;
  const missing = 8 - head.length - tail.length;
  // "::" stands for at least one group of zeros.
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const bytes = new Uint8Array(IPV6_ADDRESS_BYTES);
  const all = [...head, ...Array<number>(missing).fill(0), ...tail];
  all.forEach((group, i) => {
    bytes[2 * i] = group >>> 8;
    bytes[2 * i + 1] = group;
  });
  return bytes;
}

/** Groups of one side of "::"; the address's last side may end in a dotted quad, which is two groups. */
function groups(text: string, isLast: boolean): number[] | undefined {
  if (text === "") return [];
  const result: number[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(part)) {
      result.push(Number.parseInt(part, 16));
      continue;
    }
    const quad = isLast && i === parts.length - 1 ? parseIpv4Address(part) : undefined;
    if (quad === undefined) return undefined;
    result.push(quad >>> 16, quad & 0xffff);
  }
  return result;
}

/** Whether the 16 bytes of `packet` from `at` are `address`. The last bytes differ first, so they are compared first. */
export function isIpv6At(packet: Uint8Array, at: number, address: Uint8Array): boolean {
  return (
    u32(packet, at + 12) === u32(address, 12) &&
    u32(packet, at + 8) === u32(address, 8) &&
    u32(packet, at + 4) === u32(address, 4) &&
    u32(packet, at) === u32(address, 0)
  );
}

/** Why an address can never be a member's: it names a group, a link's own neighbours, or this host itself. */
export type Unroutable = "multicast" | "link_local" | "host_local";

const inNetwork = (address: number, network: number, bits: number) =>
  address >>> (32 - bits) === network >>> (32 - bits);

/** Undefined for an address that some machine beyond this one could have (RFC 6890, RFC 1112). */
export function unroutableIpv4(address: number): Unroutable | undefined {
  if (address >= 0xe0000000) return "multicast"; // 224/4, and 240/4 with the limited broadcast
  if (inNetwork(address, 0xa9fe0000, 16)) return "link_local"; // 169.254/16
  if (inNetwork(address, 0, 8) || inNetwork(address, 0x7f000000, 8)) return "host_local"; // 0/8 and 127/8
  return undefined;
}

/** The same for the IPv6 address in the 16 bytes from `at` (RFC 4291, section 2.4). */
export function unroutableIpv6(packet: Uint8Array, at: number): Unroutable | undefined {
  if (u8(packet, at) === 0xff) return "multicast"; // ff00::/8
  if (u16(packet, at) >> 6 === 0xfe80 >> 6) return "link_local"; // fe80::/10
  const isZeroPrefix = u32(packet, at) === 0 && u32(packet, at + 4) === 0 && u32(packet, at + 8) === 0;
  if (isZeroPrefix && u32(packet, at + 12) <= 1) return "host_local"; // :: and ::1
  return undefined;
}
