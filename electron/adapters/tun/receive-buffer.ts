import { readdirSync, readlinkSync } from "node:fs";
import { endianness } from "node:os";
import { ERRNO, libc } from "./libc.ts";

/**
 * What may wait in a socket while its reader has no processor: some 10 ms at a gigabit, in a kernel that counts a packet
 * of 1400 bytes as 2304. The WebRTC library asks for 1 MiB, of which the kernel grants what net.core.rmem_max allows,
 * 208 KiB by default: not two super-packets. wireguard-go asks for 7 MiB for the same reason.
 */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

/** asm-generic/socket.h, as on every architecture Node runs on. */
const SOL_SOCKET = 1;
const SO = { type: 3, receiveBuffer: 8, receiveBufferForce: 33, domain: 39 } as const;
const SOCK_DGRAM = 2;
const AF = { inet: 2, inet6: 10 } as const;
/** struct sockaddr_in6 is the longest; the port follows the family in both. */
const SOCKADDR_BYTES = 28;
const PORT_AT = 2;

/**
 * Lets more wait in this process's own UDP sockets that are bound to `ports`: for sockets of a native library that gives
 * no other handle to them. With CAP_NET_ADMIN past the machine's limit, else as far as it allows. Linux only; elsewhere,
 * and for a socket that cannot be found, nothing happens, for it is about speed alone.
 * @returns how many sockets have the buffer now.
 */
export function widenReceiveBuffers(ports: readonly number[]): number {
  if (process.platform !== "linux" || ports.length === 0) return 0;
  return udpSockets().filter((fd) => ports.includes(localPort(fd)) && widen(fd)).length;
}

function udpSockets(): readonly number[] {
  return readdirSync("/proc/self/fd")
    .map(Number)
    .filter((fd) => isSocket(fd) && option(fd, SO.type) === SOCK_DGRAM)
    .filter((fd) => Object.values<number | undefined>(AF).includes(option(fd, SO.domain)));
}

function isSocket(fd: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).startsWith("socket:");
  } catch {
    // The folder's own descriptor, closed by now.
    return false;
  }
}

/** 0 when it has none. */
function localPort(fd: number): number {
  const address = new Uint8Array(SOCKADDR_BYTES);
  const found = libc().getsockname(fd, address, Uint32Array.of(SOCKADDR_BYTES));
  return found.ok ? new DataView(address.buffer).getUint16(PORT_AT) : 0;
}

function option(fd: number, name: number): number | undefined {
  const value = new Uint8Array(4);
  const read = libc().getsockopt(fd, SOL_SOCKET, name, value, Uint32Array.of(value.length));
  return read.ok ? new DataView(value.buffer).getInt32(0, isLittle) : undefined;
}

function widen(fd: number): boolean {
  const value = new Uint8Array(4);
  new DataView(value.buffer).setInt32(0, RECEIVE_BUFFER_BYTES, isLittle);
  const forced = libc().setsockopt(fd, SOL_SOCKET, SO.receiveBufferForce, value, value.length);
  if (forced.ok || forced.errno !== ERRNO.EPERM) return forced.ok;
  return libc().setsockopt(fd, SOL_SOCKET, SO.receiveBuffer, value, value.length).ok;
}

const isLittle = endianness() === "LE";
