import { readVirtioHeader, VIRTIO_HEADER_BYTES, type VirtioHeader, writeVirtioHeader } from "../packet/virtio.ts";

/**
 * How a packet with an offload travels in a message of the packets channel (docs/protocol.md, "Packets channel"):
 *   0 OFFLOAD_FRAME   1 virtio header, 10 bytes   11 packet
 * A message whose first four bits are 4 or 6 is a complete packet by itself; this one's are 0, which no IP version is.
 */
export const OFFLOAD_FRAME = 0x01;
export const OFFLOAD_FRAME_HEADER_BYTES = 1 + VIRTIO_HEADER_BYTES;

/** Writes the frame to the front of `into`, which has room. @returns its length. */
export function writeOffloadFrame(into: Uint8Array, packet: Uint8Array, offload: VirtioHeader): number {
  into[0] = OFFLOAD_FRAME;
  writeVirtioHeader(into, 1, offload);
  into.set(packet, OFFLOAD_FRAME_HEADER_BYTES);
  return OFFLOAD_FRAME_HEADER_BYTES + packet.length;
}

/** Fills `offload` and gives the packet, a view, of a message that is such a frame; undefined of any other. */
export function readOffloadFrame(message: Uint8Array, offload: VirtioHeader): Uint8Array | undefined {
  if (message[0] !== OFFLOAD_FRAME || !readVirtioHeader(message, 1, offload)) return undefined;
  return message.subarray(OFFLOAD_FRAME_HEADER_BYTES);
}
