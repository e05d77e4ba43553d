import type { PublicKey } from "../base/brand.ts";
import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { VirtioHeader } from "../packet/virtio.ts";
import type { BufferPool } from "./buffer-pool.ts";
import type { Counting } from "./counters.ts";
import { Firewall } from "./firewall.ts";
import { FlowQueue, type UseQueued } from "./flow-queue.ts";
import { packetCount, wireBytes } from "./offload.ts";
import { type Lane, type LaneTakes, OFFLOAD_CAPABILITY } from "./ports.ts";
import type { Routed } from "./routes.ts";

/**
 * While packets wait, the lane is tried again this often though it has said nothing: its "writable" may have been lost
 * (a data channel's low-water event alone was seen to stall). One packet a try, so a lane that is truly full is not flooded.
 */
const PUMP_MS = 20;

/**
 * Packets wait this long for a peer's lane to come (back): a link that is being remade takes about a second, and what a
 * program sent longer ago than this it has sent again.
 */
const LANE_HOLD_MS = 2000;

/** What any host takes (RFC 791); a peer that claims to take less would have its packets cut to dust. */
const LEAST_MTU = 576;

/**
 * What one turn of the event loop sends to a peer, about two super-packets and half a millisecond of work; the rest of a
 * burst is held by flow. A lane that never has enough (the media lane) would otherwise take all that the system has in
 * the system's order, and what came last would wait in the system behind megabytes of bulk.
 */
export const TURN_BYTES = 128 * 1024;

export interface PeerEvents {
  /** From the lane, not yet trusted. The bytes are the lane's. */
  onPacket(peer: Peer, packet: Uint8Array, offload: VirtioHeader | undefined): void;
  /** Has sent what one turn may: wants its `resume` called in the next. */
  onSpent(peer: Peer): void;
  /** Waited in vain for a lane; already counted. */
  onExpired(packet: Uint8Array): void;
  /** Was held, or waited for one lane and will go by another: is to be sent now, in the form that this one takes. */
  onRefit(peer: Peer, packet: Uint8Array, offload: VirtioHeader | undefined): void;
}

/**
 * One peer's way out: its lane, if there is one now, and what waits for it. A flow's order is kept.
 *
 *   no lane ──setLane──▶ writable ──send: false──▶ full ──onWritable or pump──▶ writable
 *   (packets wait up to LANE_HOLD_MS)              (packets wait, pump runs)
 *
 * Before that, a burst is held as it came from the system, super-packets whole: TURN_BYTES a turn go on.
 */
export class Peer implements Routed {
  readonly publicKey: PublicKey;
  readonly counting: Counting;
  readonly firewall: Firewall;
  #ipv4: number;
  #ipv6: Uint8Array;
  readonly #clock: Clock;
  readonly #events: PeerEvents;
  readonly #pool: BufferPool;
  #queue: FlowQueue;
  readonly #held: FlowQueue;
  /** Bytes handed over since they last came to TURN_BYTES. */
  #turnBytes = 0;
  #isSpent = false;
  #takesOffloads = false;
  #mtu = Number.POSITIVE_INFINITY;
  #lane: Lane | undefined;
  #writable = false;
  #isFlushing = false;
  #laneLostAt: number;
  /** Runs only while something waits: a pump if there is a lane, else the end of the hold. */
  #timer: Disposable | undefined;

  constructor(routed: Routed, options: { clock: Clock; counting: Counting; pool: BufferPool; events: PeerEvents }) {
    this.publicKey = routed.publicKey;
    this.#ipv4 = routed.ipv4;
    this.#ipv6 = routed.ipv6;
    this.counting = options.counting;
    this.firewall = new Firewall(() => options.clock.now());
    this.#clock = options.clock;
    this.#events = options.events;
    this.#pool = options.pool;
    this.#queue = this.#newQueue();
    this.#held = this.#newQueue();
    this.#laneLostAt = options.clock.now();
  }

  get ipv4(): number {
    return this.#ipv4;
  }

  get ipv6(): Uint8Array {
    return this.#ipv6;
  }

  /** The route table has to hear of it too. */
  setAddresses(ipv4: number, ipv6: Uint8Array): void {
    if (ipv4 !== this.#ipv4) this.firewall.forgetIpv4();
    this.#ipv4 = ipv4;
    this.#ipv6 = ipv6;
  }

  /** What the peer's hello said it can do. */
  setCapabilities(capabilities: readonly string[]): void {
    const takesOffloads = capabilities.includes(OFFLOAD_CAPABILITY);
    if (takesOffloads === this.#takesOffloads) return;
    this.#takesOffloads = takesOffloads;
    this.#refit();
  }

  /** The largest packet in bytes that the peer's own interface takes; 0 when it has not said. */
  setMtu(bytes: number): void {
    const before = this.#mtu;
    this.#mtu = bytes > 0 ? Math.max(bytes, LEAST_MTU) : Number.POSITIVE_INFINITY;
    if (this.#mtu < before) this.#refit();
  }

  get mtu(): number {
    return this.#mtu;
  }

  /** What the way out takes now: what the lane carries and the peer understands. */
  get takes(): LaneTakes {
    return this.#takesOffloads && this.#lane ? this.#lane.takes : "complete";
  }

  /** Largest packet the way out takes now, super-packets included; undefined while there is no lane. */
  get maxPacketBytes(): number | undefined {
    return this.#lane?.maxPacketBytes;
  }

  /** Whether a packet handed over now has a chance: there is a lane, or one was there a moment ago. */
  get isReachable(): boolean {
    return this.#lane !== undefined || this.#clock.now() - this.#laneLostAt < LANE_HOLD_MS;
  }

  /** Whether a packet from the system is to be held, because this turn is spent or others are held before it. */
  get isHolding(): boolean {
    return this.#isSpent || this.#held.packets > 0;
  }

  /** Keeps a copy of a packet as the system gave it, until its flow's turn. */
  hold(packet: Uint8Array, offload: VirtioHeader | undefined): void {
    this.#held.push(packet, offload);
  }

  /** The next turn has come. */
  resume(): void {
    this.#isSpent = false;
    while (!this.#isSpent && this.#held.shift(this.#refitHeld));
  }

  /** Sends what is no packet, or loses it: it does not wait. @returns whether the lane wants more */
  sendBare(frame: Uint8Array): boolean {
    return this.#lane?.send(frame) ?? false;
  }

  /** Takes over `lane`'s callbacks; what waits goes out by it, in order. */
  setLane(lane: Lane | undefined): void {
    if (lane === this.#lane) return;
    if (this.#lane) {
      this.#lane.onPacket = ignore;
      this.#lane.onWritable = ignore;
      this.#laneLostAt = this.#clock.now();
    }
    this.#lane = lane;
    this.#writable = false;
    this.#stopTimer();
    if (!lane) {
      this.#armTimer();
      return;
    }
    lane.onPacket = (packet, offload) => this.#events.onPacket(this, packet, offload);
    lane.onWritable = () => this.#flush();
    this.#refit();
    this.#flush();
  }

  /** Sends the packet, which is of a form that the way out takes, or keeps a copy until it can. */
  send(packet: Uint8Array, offload?: VirtioHeader): void {
    if (this.#lane && this.#writable && this.#queue.packets === 0) {
      this.#hand(this.#lane, packet, offload);
      return;
    }
    this.#queue.push(packet, offload);
    if (!this.#timer) this.#armTimer();
  }

  /** Lets go of its lane and of what waits. Another lane opens it again. */
  close(): void {
    this.setLane(undefined);
    this.#stopTimer();
    for (const queue of [this.#held, this.#queue]) {
      queue.drain((packet, offload) => this.counting.drop("no_lane", packetCount(packet.length, offload)));
    }
  }

  #newQueue(): FlowQueue {
    return new FlowQueue({
      pool: this.#pool,
      now: () => this.#clock.now(),
      onDrop: (reason, packet, offload) => this.counting.drop(reason, packetCount(packet.length, offload)),
    });
  }

  #hand(lane: Lane, packet: Uint8Array, offload: VirtioHeader | undefined): void {
    this.counting.sent(wireBytes(packet.length, offload), packetCount(packet.length, offload));
    // An onWritable from within send counts: the false that follows it is already out of date.
    this.#writable = false;
    if (lane.send(packet, offload)) this.#writable = true;
    this.#turnBytes += packet.length;
    if (this.#turnBytes < TURN_BYTES) return;
    this.#turnBytes = 0;
    if (this.#isSpent) return;
    this.#isSpent = true;
    this.#events.onSpent(this);
  }

  /** Sends what waits until the lane has had enough. A lane may call onWritable from within send: no recursion. */
  #flush(): void {
    this.#writable = true;
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    try {
      while (this.#lane && this.#writable && this.#queue.shift(this.#handQueued));
    } finally {
      this.#isFlushing = false;
    }
    if (this.#queue.packets === 0) this.#stopTimer();
    else if (!this.#timer) this.#armTimer();
  }

  readonly #refitHeld: UseQueued = (packet, offload) => this.#events.onRefit(this, packet, offload);

  readonly #handQueued: UseQueued = (packet, offload) => {
    if (this.#lane) this.#hand(this.#lane, packet, offload);
  };

  /** The next lane may be narrower than the last, or take less: everything that waits must be of a form it takes. */
  #refit(): void {
    if (this.#queue.packets === 0) return;
    const waiting = this.#queue;
    this.#queue = this.#newQueue();
    waiting.drain((packet, offload) => this.#events.onRefit(this, packet, offload));
  }

  #armTimer(): void {
    if (this.#queue.packets === 0) return;
    if (this.#lane) {
      this.#timer = this.#clock.after(PUMP_MS, () => {
        this.#timer = undefined;
        this.#flush();
      });
      return;
    }
    const left = Math.max(0, LANE_HOLD_MS - (this.#clock.now() - this.#laneLostAt));
    this.#timer = this.#clock.after(left, () => {
      this.#timer = undefined;
      this.#expire();
    });
  }

  #expire(): void {
    this.#queue.drain((packet, offload) => {
      this.counting.drop("no_lane", packetCount(packet.length, offload));
      this.#events.onExpired(packet);
    });
  }

  #stopTimer(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
  }
}

function ignore(): void {}
