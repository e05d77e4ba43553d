import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { IPV6_MIN_MTU } from "../../shared/packet/ipv6.ts";
import { plainVirtioHeader, type VirtioHeader } from "../../shared/packet/virtio.ts";
import { OFFLOAD_FRAME_HEADER_BYTES, readOffloadFrame, writeOffloadFrame } from "../../shared/tunnel/offload-frame.ts";
import type { Lane, LaneKind, LaneTakes, OnPacket } from "../../shared/tunnel/ports.ts";

/** What may wait in the socket before the tunnel is asked to hold back. */
const HIGH_WATER_BYTES = 256 * 1024;

/** A lane that is one plain UDP socket between two hosts: no encryption, no handshake. */
export class UdpLane implements Lane {
  readonly kind: LaneKind = "packets";
  /** As the media lane does: a datagram has no room for a super-packet, but a flag fits. */
  readonly takes: LaneTakes = "partial";
  readonly maxPacketBytes: number;
  readonly #socket: Socket;
  #isFull = false;
  #isOpen = true;
  onPacket: OnPacket = () => {};
  onWritable: () => void = () => {};

  /** @param socket connected to the other end; the lane closes it. */
  constructor(socket: Socket, maxPacketBytes: number) {
    this.#socket = socket;
    this.maxPacketBytes = maxPacketBytes;
    const offload = plainVirtioHeader();
    socket.on("message", (message) => {
      const packet = readOffloadFrame(message, offload);
      if (packet) this.onPacket(packet, offload);
      else this.onPacket(message);
    });
    socket.on("error", () => {}); // the other end is not there yet: on a wire the packet would be lost
  }

  send(packet: Uint8Array, offload?: VirtioHeader): boolean {
    if (!this.#isOpen || packet.length > Math.max(this.maxPacketBytes, IPV6_MIN_MTU)) return this.#isOpen;
    this.#socket.send(this.#message(packet, offload), () => this.#sent());
    this.#isFull = this.#socket.getSendQueueSize() >= HIGH_WATER_BYTES;
    return !this.#isFull;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#socket.close();
  }

  /** A copy of its own: the socket keeps it until it is sent. */
  #message(packet: Uint8Array, offload: VirtioHeader | undefined): Buffer {
    if (!offload) return Buffer.from(packet);
    const message = Buffer.allocUnsafe(OFFLOAD_FRAME_HEADER_BYTES + packet.length);
    writeOffloadFrame(message, packet, offload);
    return message;
  }

  #sent(): void {
    if (!this.#isOpen || !this.#isFull || this.#socket.getSendQueueSize() > HIGH_WATER_BYTES / 4) return;
    this.#isFull = false;
    this.onWritable();
  }
}

export async function connectUdpLane(options: {
  readonly port: number;
  readonly local: string;
  readonly remote: string;
  readonly maxPacketBytes: number;
}): Promise<UdpLane> {
  // The kernel's default buffer holds two dozen packets; a VPN's burst is longer.
  const buffers = { recvBufferSize: 4 << 20, sendBufferSize: 4 << 20 };
  const socket = createSocket({ type: "udp4", ...buffers });
  socket.bind(options.port, options.local);
  await once(socket, "listening");
  socket.connect(options.port, options.remote);
  await once(socket, "connect");
  return new UdpLane(socket, options.maxPacketBytes);
}
