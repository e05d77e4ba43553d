import { markCongestion } from "../packet/ecn.ts";
import { plainVirtioHeader, type VirtioHeader } from "../packet/virtio.ts";
import type { BufferPool } from "./buffer-pool.ts";
import { Codel } from "./codel.ts";
import { flowHash } from "./flow-hash.ts";
import { copyOffload } from "./offload.ts";

/**
 * At most this much waits for one peer: 36 ms at a gigabit, so that the queue never overflows before CoDel has spoken
 * to the flows in it; a flow that does not listen then pays for it alone (the fattest flow's packets are dropped).
 */
export const MAX_QUEUED_PACKETS = 4096;
export const MAX_QUEUED_BYTES = 4 << 20;

/** 256 queues: two of ten flows share one with a chance of a sixth, and then only share their delay. */
const FLOW_BITS = 8;

/** What a flow may send in a turn: one packet of the interface, as RFC 8290 (section 4.1.2) has it. */
const QUANTUM_BYTES = 1514;

export type QueueDrop = "queue_full" | "codel";

/** Takes a packet and what is still to be done to it, both on loan. */
export type UseQueued = (packet: Uint8Array, offload: VirtioHeader | undefined) => void;

/** One waiting packet; made once and filled again. */
class Waiting {
  buffer: Uint8Array;
  bytes = 0;
  since = 0;
  hasOffload = false;
  readonly offload = plainVirtioHeader();
  next: Waiting | undefined;

  constructor(buffer: Uint8Array) {
    this.buffer = buffer;
  }
}

class Flow {
  readonly codel = new Codel();
  first: Waiting | undefined;
  last: Waiting | undefined;
  bytes = 0;
  deficit = 0;
  isListed = false;
  next: Flow | undefined;
}

/** A singly linked list of flows that take turns. */
class Turns {
  first: Flow | undefined;
  #last: Flow | undefined;

  push(flow: Flow): void {
    flow.next = undefined;
    if (this.#last) this.#last.next = flow;
    else this.first = flow;
    this.#last = flow;
  }

  shift(): Flow | undefined {
    const flow = this.first;
    this.first = flow?.next;
    if (!this.first) this.#last = undefined;
    return flow;
  }
}

/**
 * Packets that wait for one peer, a queue for each flow, in the manner of FQ-CoDel (RFC 8290): the flows take turns by
 * bytes, a flow that was idle goes first, and CoDel keeps each flow's wait short by marking its packets (ECN) or, where
 * the sender has not learned that, dropping some. A flow's order is kept. Has no timer: time is looked at as packets go.
 */
export class FlowQueue {
  readonly #pool: BufferPool;
  readonly #now: () => number;
  readonly #onDrop: (reason: QueueDrop, packet: Uint8Array, offload: VirtioHeader | undefined) => void;
  readonly #flows: (Flow | undefined)[] = [];
  /** Flows whose turn has not come since they were idle, and the others. */
  readonly #new = new Turns();
  readonly #old = new Turns();
  readonly #spare: Waiting[] = [];
  #packets = 0;
  #bytes = 0;
  /** The longest packet that came: CoDel lets a queue of one be. */
  #longest = QUANTUM_BYTES;

  constructor(options: {
    readonly pool: BufferPool;
    readonly now: () => number;
    /** Called after the fact; the packet is on loan. */
    readonly onDrop: (reason: QueueDrop, packet: Uint8Array, offload: VirtioHeader | undefined) => void;
  }) {
    this.#pool = options.pool;
    this.#now = options.now;
    this.#onDrop = options.onDrop;
  }

  get packets(): number {
    return this.#packets;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Copies the packet to the tail of its flow. Over a bound, the oldest packets of the fattest flow are dropped. */
  push(packet: Uint8Array, offload?: VirtioHeader): void {
    const index = flowHash(packet, FLOW_BITS);
    this.#flows[index] ??= new Flow();
    const flow = this.#flows[index];
    this.#append(flow, this.#fill(packet, offload));
    this.#longest = Math.max(this.#longest, packet.length);
    if (!flow.isListed) {
      flow.isListed = true;
      flow.deficit = QUANTUM_BYTES;
      this.#new.push(flow);
    }
    while (this.#packets > MAX_QUEUED_PACKETS || this.#bytes > MAX_QUEUED_BYTES) this.#dropFattest();
  }

  /** Removes the next packet and lends it to `use`; its bytes are reused afterwards. False when none was left. */
  shift(use: UseQueued): boolean {
    for (;;) {
      const turns = this.#new.first ? this.#new : this.#old;
      const flow = turns.first;
      if (!flow) return false;
      if (flow.deficit <= 0) {
        flow.deficit += QUANTUM_BYTES;
        turns.shift();
        this.#old.push(flow);
        continue;
      }
      const waiting = this.#next(flow);
      if (waiting) {
        flow.deficit -= waiting.bytes;
        this.#lend(waiting, use);
        return true;
      }
      turns.shift();
      // A flow that empties in its first turn has another among the old, or it could be "new" for ever and starve them.
      if (turns === this.#new && this.#old.first) this.#old.push(flow);
      else flow.isListed = false;
    }
  }

  /** Empties it, flow by flow, however long they waited: for packets that change to another queue or go nowhere. */
  drain(use: UseQueued): void {
    for (const turns of [this.#new, this.#old]) {
      for (let flow = turns.shift(); flow; flow = turns.shift()) {
        flow.isListed = false;
        flow.codel.emptied();
        for (let waiting = this.#take(flow); waiting; waiting = this.#take(flow)) this.#lend(waiting, use);
      }
    }
  }

  /** The flow's next packet that CoDel lets pass. */
  #next(flow: Flow): Waiting | undefined {
    const now = this.#now();
    for (let waiting = this.#take(flow); waiting; waiting = this.#take(flow)) {
      const hasBacklog = flow.bytes > this.#longest;
      if (!flow.codel.shouldDrop(now, now - waiting.since, hasBacklog)) return waiting;
      if (markCongestion(waiting.buffer)) return waiting;
      this.#drop(waiting, "codel");
    }
    flow.codel.emptied();
    return undefined;
  }

  #dropFattest(): void {
    let fattest: Flow | undefined;
    for (const turns of [this.#new, this.#old]) {
      for (let flow = turns.first; flow; flow = flow.next) {
        if (!fattest || flow.bytes > fattest.bytes) fattest = flow;
      }
    }
    const waiting = fattest && this.#take(fattest);
    if (waiting) this.#drop(waiting, "queue_full");
  }

  #drop(waiting: Waiting, reason: QueueDrop): void {
    this.#lend(waiting, (packet, offload) => this.#onDrop(reason, packet, offload));
  }

  #fill(packet: Uint8Array, offload: VirtioHeader | undefined): Waiting {
    const buffer = this.#pool.take(packet.length);
    buffer.set(packet);
    const waiting = this.#spare.pop() ?? new Waiting(buffer);
    waiting.buffer = buffer;
    waiting.bytes = packet.length;
    waiting.since = this.#now();
    waiting.hasOffload = offload !== undefined;
    if (offload) copyOffload(offload, waiting.offload);
    return waiting;
  }

  #append(flow: Flow, waiting: Waiting): void {
    if (flow.last) flow.last.next = waiting;
    else flow.first = waiting;
    flow.last = waiting;
    flow.bytes += waiting.bytes;
    this.#packets += 1;
    this.#bytes += waiting.bytes;
  }

  #take(flow: Flow): Waiting | undefined {
    const waiting = flow.first;
    if (!waiting) return undefined;
    flow.first = waiting.next;
    if (!flow.first) flow.last = undefined;
    waiting.next = undefined;
    flow.bytes -= waiting.bytes;
    this.#packets -= 1;
    this.#bytes -= waiting.bytes;
    return waiting;
  }

  #lend(waiting: Waiting, use: UseQueued): void {
    const { buffer, bytes } = waiting;
    try {
      use(buffer.subarray(0, bytes), waiting.hasOffload ? waiting.offload : undefined);
    } finally {
      this.#pool.give(buffer);
      waiting.buffer = NO_BYTES;
      this.#spare.push(waiting);
    }
  }
}

const NO_BYTES = new Uint8Array(0);
