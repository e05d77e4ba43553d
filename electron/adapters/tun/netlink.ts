import { endianness } from "node:os";
import { AF } from "./ifreq.ts";

/**
 * One rtnetlink(7) request: "this interface has this IPv6 address". The older ioctl for it cannot say IFA_F_NODAD, and
 * without that the address is tentative for some milliseconds, in which a program cannot bind to it.
 */
export const NETLINK = { family: 16, raw: 3 } as const;

const RTM_NEWADDR = 20;
const NLMSG_ERROR = 2;
const FLAGS = 0x1 | 0x4 | 0x100 | 0x400; // REQUEST, ACK, REPLACE, CREATE
const IFA = { address: 1, local: 2, flags: 8 } as const;
const IFA_F_NODAD = 0x02;
const IFA_F_PERMANENT = 0x80;
/** struct nlmsghdr, struct ifaddrmsg, and three attributes: two addresses and a number. */
const SIZE = { header: 16, message: 8, attribute: 4, address: 16, number: 4 } as const;

const isLittleEndian = endianness() === "LE";

export function newIpv6Address(index: number, address: Uint8Array, prefixBits: number): Uint8Array {
  const bytes = new Uint8Array(
    SIZE.header + SIZE.message + 2 * (SIZE.attribute + SIZE.address) + SIZE.attribute + SIZE.number,
  );
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, isLittleEndian);
  view.setUint16(4, RTM_NEWADDR, isLittleEndian);
  view.setUint16(6, FLAGS, isLittleEndian);
  bytes[SIZE.header] = AF.inet6;
  bytes[SIZE.header + 1] = prefixBits;
  view.setUint32(SIZE.header + 4, index, isLittleEndian);

  let at = SIZE.header + SIZE.message;
  const attribute = (type: number, value: Uint8Array) => {
    view.setUint16(at, SIZE.attribute + value.length, isLittleEndian);
    view.setUint16(at + 2, type, isLittleEndian);
    bytes.set(value, at + SIZE.attribute);
    at += SIZE.attribute + value.length;
  };
  attribute(IFA.local, address);
  attribute(IFA.address, address);
  const flags = new Uint8Array(SIZE.number);
  new DataView(flags.buffer).setUint32(0, IFA_F_NODAD | IFA_F_PERMANENT, isLittleEndian);
  attribute(IFA.flags, flags);
  return bytes;
}

/** The errno in the kernel's answer; 0 when it did as asked; undefined when it is no answer to a request. */
export function answeredErrno(answer: Uint8Array): number | undefined {
  if (answer.length < SIZE.header + SIZE.number) return undefined;
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  if (view.getUint16(4, isLittleEndian) !== NLMSG_ERROR) return undefined;
  return -view.getInt32(SIZE.header, isLittleEndian);
}
