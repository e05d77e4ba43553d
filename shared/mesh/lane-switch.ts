import type { VirtioHeader } from "../packet/virtio.ts";
import type { Lane, LaneKind, LaneTakes, OnPacket } from "../tunnel/ports.ts";
import type { MediaLane } from "./media-lane.ts";

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
  #current: LaneView;

  constructor(packets: Lane, media: MediaLane) {
    this.#packets = packets;
    this.#media = media;
    this.#current = new LaneView(packets);
    for (const lane of [packets, media]) {
      lane.onPacket = (packet, offload) => this.#current.onPacket(packet, offload);
      lane.onWritable = () => {
        if (this.#current.lane === lane) this.#current.onWritable();
      };
    }
    media.onChange = () => this.#choose();
  }

  get current(): Lane {
    return this.#current;
  }

  #choose(): void {
    const { onPacket, onWritable } = this.#current;
    this.#current = new LaneView(this.#media.isGood ? this.#media : this.#packets);
    // Until it is taken over: nothing that arrives in between is lost.
    this.#current.onPacket = onPacket;
    this.#current.onWritable = onWritable;
    this.onChange();
  }
}

/** One lane as it is now. */
class LaneView implements Lane {
  readonly lane: Lane;
  readonly kind: LaneKind;
  readonly takes: LaneTakes;
  readonly maxPacketBytes: number;
  onPacket: OnPacket = () => {};
  onWritable: () => void = () => {};

  constructor(lane: Lane) {
    this.lane = lane;
    this.kind = lane.kind;
    this.takes = lane.takes;
    this.maxPacketBytes = lane.maxPacketBytes;
  }

  send(packet: Uint8Array, offload?: VirtioHeader): boolean {
    return this.lane.send(packet, offload);
  }
}
