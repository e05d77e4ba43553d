import type { DataChannel } from "node-datachannel";
import { plainVirtioHeader, type VirtioHeader } from "../../../shared/packet/virtio.ts";
import {
  OFFLOAD_FRAME_HEADER_BYTES,
  readOffloadFrame,
  writeOffloadFrame,
} from "../../../shared/tunnel/offload-frame.ts";
import type { Lane, OnPacket } from "../../../shared/tunnel/ports.ts";

/**
 * What may wait in the channel before the tunnel is asked to hold back: one super-packet. Behind it SCTP holds a megabyte
 * of its own, which keeps it busy meanwhile; 256 KiB here carried no more (measured with iperf3 between two namespaces),
 * and made everyone wait behind them. The tunnel's queue is where packets wait: there the small ones pass.
 */
const HIGH_WATER_BYTES = 64 * 1024;
const LOW_WATER_BYTES = 16 * 1024;
/** A whole GSO super-packet; what the tunnel's MTU makes of it is the tunnel's business. */
export const MAX_LANE_PACKET_BYTES = 65_535;

/** The packets channel: unordered, no retransmits, one IP packet a message, or one with its offload. */
export class PacketsLane implements Lane {
  readonly kind = "packets";
  readonly takes = "super";
  readonly maxPacketBytes: number;
  onPacket: OnPacket = () => {};
  onWritable: () => void = () => {};
  readonly #channel: DataChannel;
  readonly #frame = new Uint8Array(OFFLOAD_FRAME_HEADER_BYTES + MAX_LANE_PACKET_BYTES);
  readonly #offload = plainVirtioHeader();
  #ended = false;

  constructor(channel: DataChannel) {
    this.#channel = channel;
    this.maxPacketBytes = Math.min(MAX_LANE_PACKET_BYTES, channel.maxMessageSize() - OFFLOAD_FRAME_HEADER_BYTES);
    channel.setBufferedAmountLowThreshold(LOW_WATER_BYTES);
    channel.onBufferedAmountLow(() => this.onWritable());
    channel.onMessage((message) => {
      if (typeof message !== "string") this.#receive(bytesOf(message));
    });
  }

  /** The connection closes: nothing more comes out of the lane, and nothing goes in. */
  end(): void {
    this.#ended = true;
    this.onPacket = () => {};
    this.onWritable = () => {};
  }

  send(packet: Uint8Array, offload?: VirtioHeader): boolean {
    if (this.#ended || packet.length > this.maxPacketBytes) return !this.#ended;
    try {
      this.#channel.sendMessageBinary(offload ? this.#framed(packet, offload) : packet);
      return this.#channel.bufferedAmount() < HIGH_WATER_BYTES;
    } catch {
      // Closed, or full beyond what it takes: on a wire the packet would be lost, and so it is here.
      return false;
    }
  }

  #framed(packet: Uint8Array, offload: VirtioHeader): Uint8Array {
    return this.#frame.subarray(0, writeOffloadFrame(this.#frame, packet, offload));
  }

  #receive(message: Uint8Array): void {
    const packet = readOffloadFrame(message, this.#offload);
    if (packet) this.onPacket(packet, this.#offload);
    else this.onPacket(message);
  }
}

/** No Buffer: the packet path is compiled for one class of byte arrays, and would be slower for two. */
function bytesOf(message: ArrayBuffer | Buffer): Uint8Array {
  if (message instanceof ArrayBuffer) return new Uint8Array(message);
  return new Uint8Array(message.buffer, message.byteOffset, message.length);
}
