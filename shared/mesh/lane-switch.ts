import type { Clock } from "../base/clock.ts";
import type { VirtioHeader } from "../packet/virtio.ts";
import type { Lane, LaneKind, LaneTakes, OnPacket } from "../tunnel/ports.ts";
import type { MediaLane } from "./media-lane.ts";

/**
 * A packet that is too large for the media lane goes by the packets channel, unless that was full so lately: such packets
 * are few, and they must not keep those waiting that have a way of their own. A full wire would lose them too.
 */
const FULL_MS = 20;

/**
 * Chooses one lane out of two: the media lane while it is good, else the packets channel. Both receive all the time, so
 * the two ends need not switch at the same moment, and a switch loses nothing but what the old lane lost anyway.
 *
 * `current` is a new object whenever the way or what it takes changes, so that whoever holds the old one brings what
 * waits for it into the new form.
 */
export class LaneSwitch {
  /** There is another `current`. */
  onChange: () => void = () => {};
  readonly #packets: Lane;
  readonly #media: MediaLane;
  readonly #clock: Clock;
  #current: LaneView;
  #fullAt = Number.NEGATIVE_INFINITY;

  constructor(packets: Lane, media: MediaLane, clock: Clock) {
    this.#packets = packets;
    this.#media = media;
    this.#clock = clock;
    this.#current = new LaneView(packets, packets.send.bind(packets));
    for (const lane of [packets, media]) {
      lane.onPacket = (packet, offload) => this.#current.onPacket(packet, offload);
      lane.onWritable = () => {
        if (this.#current.kind === lane.kind) this.#current.onWritable();
      };
    }
    media.onChange = () => this.#choose();
  }

  get current(): Lane {
    return this.#current;
  }

  #choose(): void {
    const { onPacket, onWritable } = this.#current;
    const lane = this.#media.isGood ? this.#media : this.#packets;
    const tooLarge: Send = (packet, offload) => this.#sendTooLarge(packet, offload);
    this.#current = new LaneView(lane, lane === this.#media ? tooLarge : lane.send.bind(lane));
    // Until it is taken over: nothing that arrives in between is lost.
    this.#current.onPacket = onPacket;
    this.#current.onWritable = onWritable;
    this.onChange();
  }

  #sendTooLarge(packet: Uint8Array, offload: VirtioHeader | undefined): boolean {
    if (this.#clock.now() - this.#fullAt < FULL_MS) return true;
    if (!this.#packets.send(packet, offload)) this.#fullAt = this.#clock.now();
    return true;
  }
}

type Send = (packet: Uint8Array, offload: VirtioHeader | undefined) => boolean;

/** One lane as it is now. */
class LaneView implements Lane {
  readonly kind: LaneKind;
  readonly takes: LaneTakes;
  readonly maxPacketBytes: number;
  onPacket: OnPacket = () => {};
  onWritable: () => void = () => {};
  readonly #lane: Lane;
  readonly #sendTooLarge: Send;

  constructor(lane: Lane, sendTooLarge: Send) {
    this.#lane = lane;
    this.#sendTooLarge = sendTooLarge;
    this.kind = lane.kind;
    this.takes = lane.takes;
    this.maxPacketBytes = lane.maxPacketBytes;
  }

  send(packet: Uint8Array, offload?: VirtioHeader): boolean {
    return packet.length > this.maxPacketBytes ? this.#sendTooLarge(packet, offload) : this.#lane.send(packet, offload);
  }
}
