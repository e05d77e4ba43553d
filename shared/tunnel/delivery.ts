import { Coalescer } from "../packet/coalesce.ts";
import { MAX_PACKET_BYTES } from "../packet/ipv6.ts";
import type { TransportLayout } from "../packet/layout.ts";
import { Segmenter } from "../packet/segment.ts";
import { plainVirtioHeader, readVirtioHeader, VIRTIO_HEADER_BYTES, writeVirtioHeader } from "../packet/virtio.ts";
import { describeSuper, packetCount, wireBytes } from "./offload.ts";
import type { TunDevice } from "./ports.ts";

export interface DeliveryOptions {
  readonly device: TunDevice;
  /** Runs a task once what the event loop has at hand is done, before it waits for more. */
  readonly defer: (task: () => void) => void;
  /** Called after each write with the packet's frame, which is on loan, and what it stood for. */
  readonly onWritten: (frame: Uint8Array, wrote: boolean, packets: number, bytes: number) => void;
}

/**
 * Hands packets that were let in to a device, merged where it takes that. What a lane delivers in one turn of the event
 * loop is one batch: what may be merged is held until its end, and written then. Everything else is written at once, as
 * is whatever has no successor: pure acknowledgements, the end of what a program sent, ping, most UDP.
 */
export class Delivery {
  readonly device: TunDevice;
  readonly #options: DeliveryOptions;
  readonly #coalescer: Coalescer;
  readonly #segmenter = new Segmenter();
  readonly #super = plainVirtioHeader();
  readonly #written = plainVirtioHeader();
  readonly #frame = new Uint8Array(VIRTIO_HEADER_BYTES + MAX_PACKET_BYTES);
  readonly #segment = new Uint8Array(MAX_PACKET_BYTES);
  #isDeferred = false;

  constructor(options: DeliveryOptions) {
    this.device = options.device;
    this.#options = options;
    this.#coalescer = new Coalescer(options.device.offloads, (frame, bytes) => this.#write(frame, bytes));
  }

  /** @param isPartial whether the packet's TCP or UDP checksum is partial. */
  add(packet: Uint8Array, isPartial: boolean): void {
    this.#coalescer.add(packet, isPartial);
    this.#flushLater();
  }

  /** A super-packet that was found to be one; `layout` has read it. Goes as it is, or cut where the device wants that. */
  addSuper(packet: Uint8Array, layout: TransportLayout, segmentBytes: number): void {
    const { checksum, tcp, udp } = this.device.offloads;
    describeSuper(this.#super, packet, layout, segmentBytes);
    if (checksum && (layout.kind === "tcp" ? tcp : udp)) {
      // What was added before goes before.
      this.#coalescer.flush();
      writeVirtioHeader(this.#frame, 0, this.#super);
      this.#frame.set(packet, VIRTIO_HEADER_BYTES);
      return this.#write(this.#frame, VIRTIO_HEADER_BYTES + packet.length);
    }
    const segmenter = this.#segmenter;
    segmenter.begin(packet, this.#super, MAX_PACKET_BYTES, checksum ? "partial" : "full");
    for (let bytes = segmenter.next(this.#segment, 0); bytes > 0; bytes = segmenter.next(this.#segment, 0)) {
      this.add(this.#segment.subarray(0, bytes), checksum);
    }
  }

  /** A packet of this program's own, at once and not counted. Must not be of a peer's flows. */
  reply(packet: Uint8Array): void {
    this.#frame.fill(0, 0, VIRTIO_HEADER_BYTES);
    this.#frame.set(packet, VIRTIO_HEADER_BYTES);
    this.device.write(this.#frame, VIRTIO_HEADER_BYTES + packet.length);
  }

  flush(): void {
    this.#coalescer.flush();
  }

  #flushLater(): void {
    if (this.#isDeferred || !this.#coalescer.isHolding) return;
    this.#isDeferred = true;
    this.#options.defer(() => {
      this.#isDeferred = false;
      this.flush();
    });
  }

  #write(frame: Uint8Array, bytes: number): void {
    const header = this.#written;
    readVirtioHeader(frame, 0, header);
    const packetBytes = bytes - VIRTIO_HEADER_BYTES;
    const [packets, wire] = [packetCount(packetBytes, header), wireBytes(packetBytes, header)];
    this.#options.onWritten(frame, this.device.write(frame, bytes), packets, wire);
  }
}
