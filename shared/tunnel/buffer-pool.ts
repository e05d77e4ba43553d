import { MAX_PACKET_BYTES } from "../packet/ipv6.ts";

/** Four times apart, so that a waiting packet holds less than four times its own size; the first holds a usual MTU. */
const SIZES = [2048, 8192, 32_768, MAX_PACKET_BYTES] as const;

/** Kept for reuse of each size, at most: as much as one full flow queue holds, so that a standing one makes no garbage. */
const MAX_FREE_BYTES = 4 << 20;

/** Buffers for waiting packets, shared by the queues of one tunnel, so that a full lane does not churn memory. */
export class BufferPool {
  readonly #free = new Map<number, Uint8Array[]>(SIZES.map((size) => [size, []]));

  /** With room for `bytes`, at most MAX_PACKET_BYTES; what it held before is still in it. */
  take(bytes: number): Uint8Array {
    const size = SIZES.find((each) => bytes <= each) ?? bytes;
    return this.#free.get(size)?.pop() ?? new Uint8Array(size);
  }

  give(buffer: Uint8Array): void {
    const free = this.#free.get(buffer.length);
    if (free && free.length * buffer.length < MAX_FREE_BYTES) free.push(buffer);
  }
}
