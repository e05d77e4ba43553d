import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { TransportLayout } from "../packet/layout.ts";
import { describeChecksum } from "../packet/partial.ts";
import { plainVirtioHeader, VIRTIO_NEEDS_CHECKSUM, type VirtioHeader } from "../packet/virtio.ts";
import { setU32, u8, u32 } from "../packet/words.ts";
import type { Lane, OnPacket } from "../tunnel/ports.ts";
import { type LaneHealth, onEcho, onLostProbe, unproven } from "./lane-watch.ts";
import {
  MEDIA_HEADER_BYTES,
  MEDIA_PARTIAL_CHECKSUM,
  MEDIA_TYPE,
  mediaTypeOf,
  PROBE_ID_BYTES,
  writeMediaHeader,
} from "./media-frame.ts";
import type { DatagramPipe } from "./ports.ts";

/** Unproven: the lane is wanted now. */
export const PROVE_EVERY_MS = 250;
/** After this many probes in vain RTP does not pass here, and is asked for seldom. */
export const PROVE_TRIES = 20;
/** While packets flow: with 4 probes to lose, a lane that died is left within about 4 s. */
export const WATCH_EVERY_MS = 500;
/** Nothing flows, or the lane is lost. */
export const QUIET_EVERY_MS = 4_000;
/** A probe whose echo is not back by then is lost. */
export const ECHO_WITHIN_MS = 1_000;
/** Two large probes in a row lost: perhaps the path has become narrower. Take the small size, which the next ones try. */
const NARROWER_AFTER = 2;
/** How often a lost size is tried again: paths change when people move, not by themselves. */
export const WIDEN_EVERY_MS = 60_000;
/** Tries of a size at once, because any one of them may be lost by chance. */
const WIDEN_TRIES = 3;

/**
 * Packet sizes in bytes that are tried. Around a packet come 2 of ours, 12 of RTP, 16 of SRTP, 8 of UDP and 40 of IPv6:
 * 1420 makes 1498, which fits Ethernet; 1280, the least that IPv6 allows inside, makes 1358, which fits PPPoE, mobile
 * networks and other VPNs.
 */
const LARGEST = 1420;
const SMALLEST = 1280;
/** While unproven, every third probe is a small one: large ones may be what does not pass. */
const SMALL_PROBE_EVERY = 3;

/**
 * The media lane: IP packets as the payload of an SRTP track. No congestion control under the flows' own, so that loss
 * does not stall it. It proves by probes that it carries anything before it says `isGood`, and watches itself by probes
 * as large as its packets.
 */
export class MediaLane implements Lane {
  readonly kind = "media";
  readonly takes = "partial";
  onPacket: OnPacket = () => {};
  onWritable: () => void = () => {};
  /** `isGood` or `maxPacketBytes` changed. */
  onChange: () => void = () => {};
  readonly #pipe: DatagramPipe;
  readonly #clock: Clock;
  readonly #out: Uint8Array;
  readonly #layout = new TransportLayout();
  readonly #offload = plainVirtioHeader();
  #health: LaneHealth = unproven;
  #size: number = LARGEST;
  #probe: { readonly id: number; readonly size: number; readonly deadline: Disposable } | undefined;
  #nextId = 1;
  #next: Disposable | undefined;
  #widenTries = 0;
  #widenAt = 0;
  #isBusy = false;
  #ended = false;

  constructor(pipe: DatagramPipe, clock: Clock) {
    this.#pipe = pipe;
    this.#clock = clock;
    this.#out = new Uint8Array(pipe.headroom + MEDIA_HEADER_BYTES + LARGEST);
    pipe.onFrame = (frame) => this.#receive(frame);
  }

  /** Echoes have come back, and lately. */
  get isGood(): boolean {
    return this.#health.kind === "good";
  }

  get maxPacketBytes(): number {
    return this.#size;
  }

  /** Begins to probe: the other end has said that it has the lane too. */
  start(): void {
    if (!this.#next && !this.#probe && !this.#ended) this.#sendProbe();
  }

  send(packet: Uint8Array, offload?: VirtioHeader): boolean {
    if (this.#ended || packet.length > LARGEST) return true;
    const isPartial = offload !== undefined && (offload.flags & VIRTIO_NEEDS_CHECKSUM) !== 0;
    const { headroom } = this.#pipe;
    writeMediaHeader(this.#out, headroom, MEDIA_TYPE.packet, isPartial ? MEDIA_PARTIAL_CHECKSUM : 0);
    this.#out.set(packet, headroom + MEDIA_HEADER_BYTES);
    this.#pipe.send(this.#out.subarray(0, headroom + MEDIA_HEADER_BYTES + packet.length));
    this.#noteTraffic();
    return true;
  }

  end(): void {
    this.#ended = true;
    this.#next?.dispose();
    this.#next = undefined;
    this.#probe?.deadline.dispose();
    this.#probe = undefined;
    this.#pipe.onFrame = () => {};
  }

  #receive(frame: Uint8Array): void {
    switch (mediaTypeOf(frame)) {
      case MEDIA_TYPE.packet: {
        const packet = frame.subarray(MEDIA_HEADER_BYTES);
        const isPartial = (u8(frame, 1) & MEDIA_PARTIAL_CHECKSUM) !== 0;
        this.onPacket(packet, isPartial ? this.#partialOf(packet) : undefined);
        return this.#noteTraffic();
      }
      case MEDIA_TYPE.probe:
        return this.#sendControl(MEDIA_TYPE.echo, u32(frame, MEDIA_HEADER_BYTES), 0);
      case MEDIA_TYPE.echo:
        return this.#onEcho(u32(frame, MEDIA_HEADER_BYTES));
      default:
        return;
    }
  }

  /** The one bit of the frame as an offload: where the checksum is follows from the packet. */
  #partialOf(packet: Uint8Array): VirtioHeader {
    this.#layout.read(packet);
    describeChecksum(this.#offload, this.#layout, true);
    return this.#offload;
  }

  /** The first packet after a quiet time has the lane looked at soon, not in its own time. */
  #noteTraffic(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    if (this.#next && this.isGood) this.#schedule(WATCH_EVERY_MS);
  }

  #sendProbe(): void {
    const size = this.#probeSize();
    const id = this.#nextId;
    this.#nextId = (this.#nextId + 1) >>> 0;
    this.#isBusy = false;
    const deadline = this.#clock.after(ECHO_WITHIN_MS, () => this.#onLost());
    this.#probe = { id, size, deadline };
    this.#sendControl(MEDIA_TYPE.probe, id, size);
  }

  /** The size in use, or once in a while the one above. */
  #probeSize(): number {
    if (this.#health.kind === "unproven") {
      return this.#health.tries % SMALL_PROBE_EVERY === SMALL_PROBE_EVERY - 1 ? SMALLEST : LARGEST;
    }
    if (!this.isGood || this.#size === LARGEST) return this.#size;
    if (this.#clock.now() < this.#widenAt) return this.#size;
    this.#widenTries++;
    return LARGEST;
  }

  #sendControl(type: typeof MEDIA_TYPE.probe | typeof MEDIA_TYPE.echo, id: number, size: number): void {
    const { headroom } = this.#pipe;
    const bytes = headroom + MEDIA_HEADER_BYTES + Math.max(PROBE_ID_BYTES, size);
    // A buffer of its own, zeroed: padding must not leak what was sent before.
    const frame = new Uint8Array(bytes);
    writeMediaHeader(frame, headroom, type, 0);
    setU32(frame, headroom + MEDIA_HEADER_BYTES, id);
    this.#pipe.send(frame);
  }

  #onEcho(id: number): void {
    const probe = this.#probe;
    if (probe?.id !== id) return;
    probe.deadline.dispose();
    this.#probe = undefined;
    const isFirst = this.#health.kind === "unproven";
    const size = isFirst || probe.size > this.#size ? probe.size : this.#size;
    if (probe.size > this.#size) this.#widenTries = 0;
    this.#change(onEcho(this.#health), size);
    const isWidening = this.#size < LARGEST && this.#clock.now() >= this.#widenAt;
    this.#schedule(isWidening ? 0 : this.#isBusy ? WATCH_EVERY_MS : QUIET_EVERY_MS);
  }

  #onLost(): void {
    const probe = this.#probe;
    this.#probe = undefined;
    if (probe && this.isGood && probe.size > this.#size) return this.#widenFailed();
    const health = onLostProbe(this.#health);
    const isNarrower = health.kind === "good" && health.missed >= NARROWER_AFTER && this.#size > SMALLEST;
    if (isNarrower) this.#widenAt = this.#clock.now() + WIDEN_EVERY_MS;
    this.#change(health, isNarrower || health.kind === "lost" ? SMALLEST : this.#size);
    const isHopeless = health.kind === "lost" || (health.kind === "unproven" && health.tries >= PROVE_TRIES);
    this.#schedule(isHopeless ? QUIET_EVERY_MS : health.kind === "unproven" ? PROVE_EVERY_MS : 0);
  }

  #widenFailed(): void {
    if (this.#widenTries >= WIDEN_TRIES) {
      this.#widenTries = 0;
      this.#widenAt = this.#clock.now() + WIDEN_EVERY_MS;
    }
    this.#schedule(0);
  }

  #change(health: LaneHealth, size: number): void {
    const wasGood = this.isGood;
    const before = this.#size;
    this.#health = health;
    this.#size = size;
    if (this.isGood !== wasGood || size !== before) this.onChange();
  }

  #schedule(ms: number): void {
    this.#next?.dispose();
    if (this.#ended) return;
    this.#next = this.#clock.after(ms, () => {
      this.#next = undefined;
      this.#sendProbe();
    });
  }
}
