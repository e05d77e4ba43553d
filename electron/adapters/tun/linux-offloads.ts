import { endianness } from "node:os";
import type { KernelOffloads } from "../../../shared/packet/coalesce.ts";
import { VIRTIO_HEADER_BYTES } from "../../../shared/packet/virtio.ts";
import { IFF, IOCTL, intArgument, readIntArgument, TUN_OFFLOAD } from "./ifreq.ts";
import { libc } from "./libc.ts";

export const NO_OFFLOADS: KernelOffloads = { checksum: false, tcp: false, udp: false };

const TCP = TUN_OFFLOAD.checksum | TUN_OFFLOAD.tcpIpv4 | TUN_OFFLOAD.tcpIpv6;

/** What to ask for, best first. UDP came with Linux 6.2, the others with 2.6.27. */
const WISHES: readonly [number, KernelOffloads][] = [
  [TCP | TUN_OFFLOAD.tcpEcn | TUN_OFFLOAD.udpIpv4 | TUN_OFFLOAD.udpIpv6, { checksum: true, tcp: true, udp: true }],
  [TCP | TUN_OFFLOAD.tcpEcn, { checksum: true, tcp: true, udp: false }],
  [TCP, { checksum: true, tcp: true, udp: false }],
  [TUN_OFFLOAD.checksum, { checksum: true, tcp: false, udp: false }],
];

/** Whether this kernel can put a virtio header in front of each packet; to be asked before an interface is attached. */
export function canHaveVirtioHeader(fd: number): boolean {
  const features = intArgument(0);
  return libc().ioctl(fd, IOCTL.tunGetFeatures, features).ok && (readIntArgument(features) & IFF.virtioHeader) !== 0;
}

/**
 * Has the kernel hand over, and take, packets that are not finished, as far as it can. The interface has virtio headers.
 * @returns what it takes from now on.
 */
export function takeOffloads(fd: number): KernelOffloads {
  // Ten bytes is what a fresh interface has; it may have been made by someone else, and stayed.
  const sized = libc().ioctl(fd, IOCTL.tunSetVirtioHeaderBytes, intArgument(VIRTIO_HEADER_BYTES));
  if (!sized.ok) return NO_OFFLOADS;
  if (endianness() === "BE" && !libc().ioctl(fd, IOCTL.tunSetVirtioLittleEndian, intArgument(1)).ok) return NO_OFFLOADS;
  for (const [flags, offloads] of WISHES) {
    if (libc().ioctlNumber(fd, IOCTL.tunSetOffload, flags).ok) return offloads;
  }
  return NO_OFFLOADS;
}
