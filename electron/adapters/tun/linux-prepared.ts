import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { hex } from "../../../shared/base/bytes.ts";
import { formatIpv4, IPV4_PREFIX_BITS, IPV6_PREFIX_BITS } from "../../../shared/identity/address.ts";
import { AF, IFF, IOCTL, ifreq, readFlags, readIpv4, readNumber } from "./ifreq.ts";
import { libc } from "./libc.ts";
import { type InterfaceSettings, withSocket } from "./linux-setup.ts";

/**
 * A device that govpn-netconf made: it stays when nobody is attached, and belongs to one user. It is known by its
 * address, which follows from the identity's key, so two profiles of one user never take each other's.
 */
export interface PreparedDevice {
  readonly name: string;
  /** Undefined where it has none. */
  readonly ipv4: number | undefined;
  readonly netmask: number | undefined;
  readonly mtu: number;
  readonly isUp: boolean;
  /** Whether it has our IPv6 address, with our network's prefix. */
  readonly hasIpv6: boolean;
}

/**
 * The interface with our addresses, among these names or any other. Node's own list has only what is running, and a
 * device without a program is not.
 */
export function findPrepared(ipv4: number, ipv6: Uint8Array, names: readonly string[]): PreparedDevice | undefined {
  const addressed = interfaceWithIpv6(ipv6);
  if (addressed) return readDevice(addressed.name, addressed.prefixBits === IPV6_PREFIX_BITS);
  // Without IPv6 in this kernel there is only the other address to go by.
  return names.map((name) => readDevice(name, false)).find((device) => device?.ipv4 === ipv4);
}

/** What is not as wanted, for people; undefined when all is. The MTU is whatever the device has. */
export function differences(device: PreparedDevice, wanted: InterfaceSettings): string | undefined {
  const netmask = (0xffffffff << (32 - IPV4_PREFIX_BITS)) >>> 0;
  if (device.ipv4 === undefined) return `has no IPv4 address, and ${formatIpv4(wanted.ipv4)} is wanted`;
  if (device.ipv4 !== wanted.ipv4) {
    return `has the address ${formatIpv4(device.ipv4)}, and ${formatIpv4(wanted.ipv4)} is wanted`;
  }
  if (device.netmask !== netmask) return `has no route to 100.64.0.0/${IPV4_PREFIX_BITS}`;
  return device.isUp ? undefined : "is down";
}

/** A device gets its carrier with its program: a millisecond after, or a few on a busy machine. */
const CARRIER_TRIES = 100;
const CARRIER_WAIT_MS = 2;

/** Resolves when the system sends through the device that we have just attached to. */
export async function carrierUp(name: string): Promise<void> {
  for (let tries = 0; tries < CARRIER_TRIES && (readInterfaceFlags(name) & IFF.running) === 0; tries++) {
    await delay(CARRIER_WAIT_MS);
  }
}

function readDevice(name: string, hasIpv6: boolean): PreparedDevice | undefined {
  const mtu = ask(name, IOCTL.getMtu, readNumber);
  if (mtu === undefined) return undefined;
  return {
    name,
    ipv4: ask(name, IOCTL.getAddress, readIpv4),
    netmask: ask(name, IOCTL.getNetmask, readIpv4),
    mtu,
    isUp: (readInterfaceFlags(name) & IFF.up) !== 0,
    hasIpv6,
  };
}

function readInterfaceFlags(name: string): number {
  return ask(name, IOCTL.getFlags, readFlags) ?? 0;
}

/** One of netdevice(7)'s questions, which anyone may ask. Undefined where there is no such interface, or no answer. */
function ask(name: string, request: number, read: (answer: Uint8Array) => number): number | undefined {
  const asked = withSocket(AF.inet, (fd) => {
    const answer = ifreq(name);
    const done = libc().ioctl(fd, request, answer);
    return { ok: true, value: done.ok ? read(answer) : undefined };
  });
  return asked.ok ? asked.value : undefined;
}

/** A line: address in hex, index, prefix length in hex, scope, flags, name. */
function interfaceWithIpv6(address: Uint8Array): { readonly name: string; readonly prefixBits: number } | undefined {
  const line = new RegExp(`^${hex.encode(address)} [0-9a-f]+ ([0-9a-f]+) [0-9a-f]+ [0-9a-f]+ +(\\S+)$`, "m");
  const [, prefix, name] = line.exec(ipv6Addresses()) ?? [];
  return prefix === undefined || name === undefined ? undefined : { name, prefixBits: Number.parseInt(prefix, 16) };
}

function ipv6Addresses(): string {
  try {
    return readFileSync("/proc/self/net/if_inet6", "latin1");
  } catch {
    // A kernel without IPv6.
    return "";
  }
}
