import { closeSync, writeFileSync } from "node:fs";
import { type Failure, ok, type Result } from "../../../shared/base/result.ts";
import { IPV4_PREFIX_BITS, IPV6_PREFIX_BITS } from "../../../shared/identity/address.ts";
import {
  AF,
  IFF,
  IOCTL,
  ifreq,
  ifreqFlags,
  ifreqIpv4,
  ifreqNumber,
  in6Ifreq,
  readFlags,
  readNumber,
  SOCKET,
} from "./ifreq.ts";
import { type CallResult, errnoName, libc } from "./libc.ts";

/** Packets the system holds for us while we are busy. The default of 500 lost packets to one TCP burst. */
const TX_QUEUE_PACKETS = 1000;

export interface InterfaceSettings {
  readonly name: string;
  readonly ipv4: number;
  readonly ipv6: Uint8Array;
  readonly mtu: number;
}

type SetupFailure = Failure<"setup_failed"> & { readonly errno: number };

/** Gives the interface its IPv4 address, MTU and queue, and brings it up. No `ip` command is needed. */
export function setUpIpv4({ name, ipv4, mtu }: InterfaceSettings): Result<void, SetupFailure> {
  const netmask = (0xffffffff << (32 - IPV4_PREFIX_BITS)) >>> 0;
  return withSocket(AF.inet, (fd) => {
    const steps: readonly [string, number, Uint8Array][] = [
      ["mtu", IOCTL.setMtu, ifreqNumber(name, mtu)],
      ["queue length", IOCTL.setTxQueueLength, ifreqNumber(name, TX_QUEUE_PACKETS)],
      ["address", IOCTL.setAddress, ifreqIpv4(name, ipv4)],
      ["netmask", IOCTL.setNetmask, ifreqIpv4(name, netmask)],
    ];
    for (const [what, request, argument] of steps) {
      const done = libc().ioctl(fd, request, argument);
      if (!done.ok) return setupFailure(what, done.errno);
    }
    return bringUp(fd, name);
  });
}

function bringUp(fd: number, name: string): Result<void, SetupFailure> {
  const request = ifreq(name);
  const read = libc().ioctl(fd, IOCTL.getFlags, request);
  if (!read.ok) return setupFailure("flags", read.errno);
  const written = libc().ioctl(fd, IOCTL.setFlags, ifreqFlags(name, readFlags(request) | IFF.up));
  return written.ok ? ok(undefined) : setupFailure("up", written.errno);
}

/** Adds the IPv6 address to an interface that is up. Fails where the kernel has no IPv6, or has it switched off. */
export function setUpIpv6({ name, ipv6 }: InterfaceSettings): Result<void, SetupFailure> {
  return withSocket(AF.inet6, (fd) => {
    const request = ifreq(name);
    const found = libc().ioctl(fd, IOCTL.getIndex, request);
    if (!found.ok) return setupFailure("index", found.errno);
    const added = libc().ioctl(fd, IOCTL.setAddress, in6Ifreq(ipv6, IPV6_PREFIX_BITS, readNumber(request)));
    return added.ok || isThereAlready(added) ? ok(undefined) : setupFailure("IPv6 address", added.errno);
  });
}

/**
 * Before the interface comes up: no address but ours on it, and no talk to routers that are not there. Best effort:
 * the interface works without, and /proc/sys may be read-only in a container.
 */
export function quietIpv6(name: string): void {
  const settings = {
    disable_ipv6: "0",
    addr_gen_mode: "1", // none: no link-local address
    autoconf: "0",
    accept_ra: "0",
    router_solicitations: "0",
    dad_transmits: "0", // nobody else can have an address derived from our key
  };
  for (const [setting, value] of Object.entries(settings)) {
    try {
      writeFileSync(`/proc/sys/net/ipv6/conf/${name}/${setting}`, value);
    } catch {
      // No IPv6, or a read-only /proc/sys: setUpIpv6 finds out which.
    }
  }
}

const EEXIST = 17;
const isThereAlready = (result: CallResult) => !result.ok && result.errno === EEXIST;

function withSocket(family: number, use: (fd: number) => Result<void, SetupFailure>): Result<void, SetupFailure> {
  const socket = libc().socket(family, SOCKET.datagram | SOCKET.closeOnExec);
  if (!socket.ok) return setupFailure("socket", socket.errno);
  try {
    return use(socket.value);
  } finally {
    closeSync(socket.value);
  }
}

function setupFailure(what: string, errno: number): { readonly ok: false; readonly error: SetupFailure } {
  return { ok: false, error: { code: "setup_failed", message: `cannot set ${what}: ${errnoName(errno)}`, errno } };
}
