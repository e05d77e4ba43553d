import { IPV6_MIN_MTU } from "../../shared/packet/ipv6.ts";
import type { VirtioHeader } from "../../shared/packet/virtio.ts";
import type { Lane, LaneKind, LaneTakes, OnPacket } from "../../shared/tunnel/ports.ts";

/** A lane that a test looks into: what was sent, whether it is full, what arrives. */
export class FakeLane implements Lane {
  readonly kind: LaneKind = "packets";
  readonly takes: LaneTakes;
  readonly maxPacketBytes: number;
  /** Copies of what was taken, oldest first. */
  readonly sent: Buffer[] = [];
  /** Of each of those, a copy of its offload. */
  readonly offloads: (VirtioHeader | undefined)[] = [];
  /** Packets that were sent to a closed lane or over its size. */
  lost = 0;
  isOpen = true;
  /** How many packets it takes before it says it has enough. */
  room: number;
  onPacket: OnPacket = () => {};
  onWritable: () => void = () => {};

  constructor(options: { maxPacketBytes?: number; room?: number; takes?: LaneTakes } = {}) {
    this.takes = options.takes ?? "complete";
    this.maxPacketBytes = options.maxPacketBytes ?? 1280;
    this.room = options.room ?? Number.POSITIVE_INFINITY;
  }

  send(packet: Uint8Array, offload?: VirtioHeader): boolean {
    if (!this.isOpen || packet.length > Math.max(this.maxPacketBytes, IPV6_MIN_MTU)) {
      this.lost += 1;
      return this.isOpen;
    }
    this.sent.push(Buffer.from(packet));
    this.offloads.push(offload && { ...offload });
    this.room -= 1;
    return this.room > 0;
  }

  /** Makes room, and says so unless `quietly`: an event that got lost. */
  drain(room = Number.POSITIVE_INFINITY, { quietly = false } = {}): void {
    this.room = room;
    if (!quietly) this.onWritable();
  }

  /** As if the peer had sent the packet. */
  deliver(packet: Uint8Array, offload?: VirtioHeader): void {
    this.onPacket(Buffer.from(packet), offload);
  }

  /** What was taken since the last call. */
  take(): Buffer[] {
    this.offloads.splice(0);
    return this.sent.splice(0);
  }
}

/** Two ends of one lane: what one sends arrives at the other on a later turn of the loop, while it holds `capacity`. */
export function lanePair(options: { maxPacketBytes?: number; capacity?: number } = {}): [LoopLane, LoopLane] {
  const a = new LoopLane(options.maxPacketBytes ?? 1280, options.capacity ?? 64);
  const b = new LoopLane(options.maxPacketBytes ?? 1280, options.capacity ?? 64);
  a.other = b;
  b.other = a;
  return [a, b];
}

export class LoopLane implements Lane {
  readonly kind: LaneKind = "packets";
  readonly takes: LaneTakes = "super";
  readonly maxPacketBytes: number;
  readonly #capacity: number;
  other: LoopLane | undefined;
  #inFlight: { packet: Buffer; offload: VirtioHeader | undefined }[] = [];
  #isOpen = true;
  onPacket: OnPacket = () => {};
  onWritable: () => void = () => {};

  constructor(maxPacketBytes: number, capacity: number) {
    this.maxPacketBytes = maxPacketBytes;
    this.#capacity = capacity;
  }

  send(packet: Uint8Array, offload?: VirtioHeader): boolean {
    if (!this.#isOpen || packet.length > this.maxPacketBytes) return this.#isOpen;
    if (this.#inFlight.push({ packet: Buffer.from(packet), offload: offload && { ...offload } }) === 1)
      setImmediate(() => this.#arrive());
    return this.#inFlight.length < this.#capacity;
  }

  close(): void {
    this.#isOpen = false;
    this.#inFlight = [];
  }

  #arrive(): void {
    const arrived = this.#inFlight;
    this.#inFlight = [];
    for (const { packet, offload } of arrived) if (this.other?.isOpen) this.other.onPacket(packet, offload);
    if (arrived.length >= this.#capacity && this.#isOpen) this.onWritable();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }
}
