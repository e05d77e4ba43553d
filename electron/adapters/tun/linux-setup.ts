import { closeSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { hex } from "../../../shared/base/bytes.ts";
import { type Failure, ok, type Result } from "../../../shared/base/result.ts";
import { IPV4_PREFIX_BITS, IPV6_PREFIX_BITS } from "../../../shared/identity/address.ts";
import { AF, IFF, IOCTL, ifreq, ifreqFlags, ifreqIpv4, ifreqNumber, readFlags, readNumber, SOCKET } from "./ifreq.ts";
import { ERRNO, errnoName, libc } from "./libc.ts";
import { answeredErrno, NETLINK, newIpv6Address } from "./netlink.ts";

/** Packets the system holds for us while we are busy. The default of 500 lost packets to one TCP burst. */
const TX_QUEUE_PACKETS = 1000;

/** An answer quotes the request: room for both. */
const NETLINK_ANSWER_BYTES = 1024;

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
  const index = interfaceIndex(name);
  if (!index.ok) return index;
  const socket = libc().socket(NETLINK.family, NETLINK.raw | SOCKET.closeOnExec);
  if (!socket.ok) return setupFailure("IPv6 address", socket.errno);
  try {
    const sent = libc().write(socket.value, newIpv6Address(index.value, ipv6, IPV6_PREFIX_BITS));
    if (sent < 0) return setupFailure("IPv6 address", -sent);
    // The kernel has done it, and answered, before the write returns.
    const answer = new Uint8Array(NETLINK_ANSWER_BYTES);
    const bytes = libc().read(socket.value, answer);
    const errno = bytes < 0 ? -bytes : (answeredErrno(answer.subarray(0, bytes)) ?? ERRNO.EPROTO);
    return errno === 0 ? ok(undefined) : setupFailure("IPv6 address", errno);
  } finally {
    closeSync(socket.value);
  }
}

/** The kernel takes well under a millisecond; a loaded machine a few. Then it is no matter of waiting any more. */
const LOCAL_ROUTE_TRIES = 100;
const LOCAL_ROUTE_WAIT_MS = 2;

/**
 * Resolves when packets to the new address are taken for this machine's own. The kernel inserts that route a moment
 * after it has said "done", from a work queue, and loses what arrives in between.
 */
export async function ipv6Routed(address: Uint8Array): Promise<void> {
  const route = new RegExp(`^${hex.encode(address)} 80 `, "m");
  for (let tries = 0; tries < LOCAL_ROUTE_TRIES && !route.test(routeTable()); tries++) await delay(LOCAL_ROUTE_WAIT_MS);
}

function routeTable(): string {
  try {
    return readFileSync("/proc/self/net/ipv6_route", "latin1");
  } catch {
    return "";
  }
}

function interfaceIndex(name: string): Result<number, SetupFailure> {
  return withSocket(AF.inet, (fd) => {
    const request = ifreq(name);
    const found = libc().ioctl(fd, IOCTL.getIndex, request);
    return found.ok ? ok(readNumber(request)) : setupFailure("index", found.errno);
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

export function withSocket<T>(family: number, use: (fd: number) => Result<T, SetupFailure>): Result<T, SetupFailure> {
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
