import type { DataChannel } from "node-datachannel";
import type { Lane } from "../../../shared/tunnel/ports.ts";

/**
 * What may wait in the channel before the tunnel is asked to hold back. A quarter megabyte is 2 ms at a gigabit: more
 * only adds delay in front of whoever comes next.
 */
const HIGH_WATER_BYTES = 256 * 1024;
const LOW_WATER_BYTES = 64 * 1024;
/** A whole GSO super-packet and its header fit; what the tunnel's MTU makes of it is the tunnel's business. */
export const MAX_LANE_PACKET_BYTES = 65_535;

/** The packets channel: unordered, no retransmits, one IP packet a message. */
export class PacketsLane implements Lane {
  readonly kind = "packets";
  readonly maxPacketBytes: number;
  onPacket: (packet: Uint8Array) => void = () => {};
  onWritable: () => void = () => {};
  readonly #channel: DataChannel;
  #ended = false;

  constructor(channel: DataChannel) {
    this.#channel = channel;
    this.maxPacketBytes = Math.min(MAX_LANE_PACKET_BYTES, channel.maxMessageSize());
    channel.setBufferedAmountLowThreshold(LOW_WATER_BYTES);
    channel.onBufferedAmountLow(() => this.onWritable());
    channel.onMessage((message) => {
      if (typeof message !== "string")
        this.onPacket(message instanceof ArrayBuffer ? new Uint8Array(message) : message);
    });
  }

  /** The connection closes: nothing more comes out of the lane, and nothing goes in. */
  end(): void {
    this.#ended = true;
    this.onPacket = () => {};
    this.onWritable = () => {};
  }

  send(packet: Uint8Array): boolean {
    if (this.#ended) return false;
    try {
      this.#channel.sendMessageBinary(packet);
      return this.#channel.bufferedAmount() < HIGH_WATER_BYTES;
    } catch {
      // Closed, or full beyond what it takes: on a wire the packet would be lost, and so it is here.
      return false;
    }
  }
}
