import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { IPV6_MIN_MTU } from "../packet/ipv6.ts";
import { TransportLayout } from "../packet/layout.ts";
import { describeChecksum } from "../packet/partial.ts";
import { plainVirtioHeader, VIRTIO_NEEDS_CHECKSUM, type VirtioHeader } from "../packet/virtio.ts";
import { setU32, u8, u32 } from "../packet/words.ts";
import { DEFAULT_TUNNEL_MTU, MEDIA_OVERHEAD_BYTES } from "../tunnel/mtu.ts";
import type { Lane, OnPacket } from "../tunnel/ports.ts";
import { LaneMeter, type LaneQuality } from "./lane-quality.ts";
import { type LaneHealth, onEcho, onLostRound, unproven } from "./lane-watch.ts";
import {
  MEDIA_HEADER_BYTES,
  MEDIA_PARTIAL_CHECKSUM,
  MEDIA_TYPE,
  mediaTypeOf,
  PROBE_ID_BYTES,
  writeMediaHeader,
} from "./media-frame.ts";
import { PathMtu } from "./path-mtu.ts";
import type { DatagramPipe } from "./ports.ts";
import { ProbeRound } from "./probe-round.ts";

/** Unproven and wanted now, or coming back. */
export const PROVE_EVERY_MS = 250;
/** After this many rounds in vain RTP does not pass here, and is asked for seldom. */
export const PROVE_TRIES = 20;
/** While packets flow: with 4 rounds to lose, a lane that died is left within about 5 s. */
export const WATCH_EVERY_MS = 500;
/** Nothing flows, or the lane is lost. */
export const QUIET_EVERY_MS = 4_000;

/** The least path for IPv4 that any host must take (RFC 791: 576), less what is around a packet; rounded down. */
export const FLOOR_BYTES = 488;
/** What the least path for IPv6 carries (RFC 8200, section 5: 1280). */
export const BASE_BYTES = IPV6_MIN_MTU - MEDIA_OVERHEAD_BYTES;
/** The native side reads datagrams into 4096 bytes: larger ones are cut off there, whatever the path carries. */
const MOST_BYTES = 4_000;

/**
 * The media lane: IP packets as the payload of an SRTP track. No congestion control under the flows' own, so that loss
 * does not stall it. It proves by probes that it carries anything before it says `isGood`, watches itself by probes as
 * large as its packets, and finds out by probes how large those may be (path-mtu.ts).
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
  #out: Uint8Array;
  readonly #layout = new TransportLayout();
  readonly #offload = plainVirtioHeader();
  #health: LaneHealth = unproven;
  readonly #path = new PathMtu({ floor: FLOOR_BYTES, base: BASE_BYTES, ceiling: DEFAULT_TUNNEL_MTU });
  readonly #round: ProbeRound;
  readonly #meter: LaneMeter;
  #next: Disposable | undefined;
  #isStarted = false;
  #isBusy = false;
  #ended = false;

  constructor(pipe: DatagramPipe, clock: Clock) {
    this.#pipe = pipe;
    this.#clock = clock;
    this.#out = this.#newBuffer();
    this.#meter = new LaneMeter(clock.now());
    this.#round = new ProbeRound(clock, {
      send: (id, size) => this.#sendControl(MEDIA_TYPE.probe, id, size),
      onOver: (sent, echoed) => this.#onRound(sent, echoed),
      onRoundTrip: (ms) => this.#meter.roundTrip(ms),
      onLateEcho: (size) => this.#change(() => this.#path.onLateEcho(size)),
    });
    pipe.onFrame = (frame, sequence) => {
      this.#meter.arrived(sequence);
      this.#receive(frame);
    };
  }

  /** Echoes have come back, and lately. */
  get isGood(): boolean {
    return this.#health.kind === "good";
  }

  /** What the path carries, as far as is known. */
  get maxPacketBytes(): number {
    return this.#path.size;
  }

  /** What the lane has been like lately; undefined until enough has come by it, and while it is not good. */
  get quality(): LaneQuality | undefined {
    return this.isGood ? this.#meter.quality : undefined;
  }

  /** Begins to probe: the other end has said that it has the lane too. */
  start(): void {
    if (this.#isStarted || this.#ended) return;
    this.#isStarted = true;
    this.#probe();
  }

  /** @param bytes of the largest packet that both ends' interfaces take: nothing above is looked for, nor sent. */
  setCeiling(bytes: number): void {
    const ceiling = Math.min(bytes, MOST_BYTES);
    if (ceiling === this.#path.ceiling) return;
    this.#change(() => this.#path.setCeiling(ceiling));
    this.#out = this.#newBuffer();
    if (this.isGood && this.#next) this.#schedule(0);
  }

  send(packet: Uint8Array, offload?: VirtioHeader): boolean {
    const { headroom } = this.#pipe;
    const bytes = headroom + MEDIA_HEADER_BYTES + packet.length;
    if (this.#ended || bytes > this.#out.length) return true;
    const isPartial = offload !== undefined && (offload.flags & VIRTIO_NEEDS_CHECKSUM) !== 0;
    writeMediaHeader(this.#out, headroom, MEDIA_TYPE.packet, isPartial ? MEDIA_PARTIAL_CHECKSUM : 0);
    this.#out.set(packet, headroom + MEDIA_HEADER_BYTES);
    this.#pipe.send(this.#out.subarray(0, bytes));
    this.#noteTraffic();
    return true;
  }

  end(): void {
    this.#ended = true;
    this.#next?.dispose();
    this.#next = undefined;
    this.#round.dispose();
    this.#pipe.onFrame = () => {};
  }

  #newBuffer(): Uint8Array {
    return new Uint8Array(this.#pipe.headroom + MEDIA_HEADER_BYTES + this.#path.ceiling);
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
        return this.#round.onEcho(u32(frame, MEDIA_HEADER_BYTES));
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

  #probe(): void {
    const now = this.#clock.now();
    this.#isBusy = false;
    this.#meter.look(now);
    this.#round.begin(this.#path.plan(now));
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

  #onRound(sent: readonly number[], echoed: ReadonlySet<number>): void {
    this.#change(() => {
      this.#path.onRound(sent, echoed, this.#clock.now());
      this.#health = echoed.size > 0 ? onEcho(this.#health) : onLostRound(this.#health);
      if (this.#health.kind === "lost" && echoed.size === 0) this.#path.reset();
    });
    this.#schedule(this.#pause(echoed.size > 0));
  }

  /** Milliseconds until the next round. */
  #pause(isEchoed: boolean): number {
    const health = this.#health;
    switch (health.kind) {
      case "unproven":
        return health.tries < PROVE_TRIES ? PROVE_EVERY_MS : QUIET_EVERY_MS;
      case "lost":
        return isEchoed ? PROVE_EVERY_MS : QUIET_EVERY_MS;
      case "good":
        if (!isEchoed || this.#path.isSearching) return 0;
        return this.#isBusy ? WATCH_EVERY_MS : QUIET_EVERY_MS;
    }
  }

  #change(step: () => void): void {
    const [wasGood, before] = [this.isGood, this.#path.size];
    step();
    if (this.isGood !== wasGood || (wasGood && this.#path.size !== before)) this.onChange();
  }

  #schedule(ms: number): void {
    this.#next?.dispose();
    if (this.#ended) return;
    this.#next = this.#clock.after(ms, () => {
      this.#next = undefined;
      this.#probe();
    });
  }
}
