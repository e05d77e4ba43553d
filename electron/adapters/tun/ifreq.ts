import { endianness } from "node:os";

/**
 * The structures of Linux's interface ioctls (netdevice(7)), as bytes. Numbers are in the machine's own
 * byte order, addresses in the network's.
 */
export const IOCTL = {
  tunSetInterface: 0x400454ca,
  tunGetFeatures: 0x800454cf,
  tunSetOffload: 0x400454d0,
  tunSetVirtioHeaderBytes: 0x400454d8,
  tunSetVirtioLittleEndian: 0x400454dc,
  getIndex: 0x8933,
  getFlags: 0x8913,
  setFlags: 0x8914,
  getAddress: 0x8915,
  setAddress: 0x8916,
  getNetmask: 0x891b,
  setNetmask: 0x891c,
  getMtu: 0x8921,
  setMtu: 0x8922,
  setTxQueueLength: 0x8943,
} as const;

export const IFF = { up: 0x1, tun: 0x1, running: 0x40, noPacketInfo: 0x1000, virtioHeader: 0x4000 } as const;
/** For TUNSETIFF: make a new interface, and fail with EBUSY where one has the name. */
export const IFF_TUN_EXCLUSIVE = 0x8000;
/** What a TUN device's reader can take (TUNSETOFFLOAD); the kernel then takes the same. */
export const TUN_OFFLOAD = { checksum: 0x01, tcpIpv4: 0x02, tcpIpv6: 0x04, tcpEcn: 0x08, udpIpv4: 0x20, udpIpv6: 0x40 };
export const AF = { inet: 2, inet6: 10 } as const;
export const SOCKET = { datagram: 2, closeOnExec: 0o2000000 } as const;

/** IFNAMSIZ less the ending zero. */
export const MAX_INTERFACE_NAME = 15;
const NAME_BYTES = 16;
/** sizeof(struct ifreq) on 64-bit systems; 32 on 32-bit ones, which read no further. */
const IFREQ_BYTES = 40;

const isLittleEndian = endianness() === "LE";

/** `struct ifreq` with nothing but the name; a "%d" in it asks TUNSETIFF for the next free number. */
export function ifreq(name: string): Uint8Array {
  const request = new Uint8Array(IFREQ_BYTES);
  request.set(new TextEncoder().encode(name).subarray(0, MAX_INTERFACE_NAME));
  return request;
}

/** With `ifr_flags`. */
export function ifreqFlags(name: string, flags: number): Uint8Array {
  const request = ifreq(name);
  view(request).setUint16(NAME_BYTES, flags, isLittleEndian);
  return request;
}

/** With `ifr_mtu`, `ifr_qlen` or `ifr_ifindex`. */
export function ifreqNumber(name: string, value: number): Uint8Array {
  const request = ifreq(name);
  view(request).setInt32(NAME_BYTES, value, isLittleEndian);
  return request;
}

/** With `ifr_addr` as a sockaddr_in. */
export function ifreqIpv4(name: string, address: number): Uint8Array {
  const request = ifreq(name);
  view(request).setUint16(NAME_BYTES, AF.inet, isLittleEndian);
  view(request).setUint32(NAME_BYTES + 4, address);
  return request;
}

export function readName(request: Uint8Array): string {
  const end = request.indexOf(0);
  return new TextDecoder().decode(request.subarray(0, end < 0 || end > NAME_BYTES ? NAME_BYTES : end));
}

export function readFlags(request: Uint8Array): number {
  return view(request).getUint16(NAME_BYTES, isLittleEndian);
}

/** The address in an answer's `ifr_addr`. */
export function readIpv4(request: Uint8Array): number {
  return view(request).getUint32(NAME_BYTES + 4);
}

export function readNumber(request: Uint8Array): number {
  return view(request).getInt32(NAME_BYTES, isLittleEndian);
}

/** An `int` behind a pointer, as some of a TUN device's ioctls take it. */
export function intArgument(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  view(bytes).setInt32(0, value, isLittleEndian);
  return bytes;
}

export function readIntArgument(bytes: Uint8Array): number {
  return view(bytes).getInt32(0, isLittleEndian);
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
