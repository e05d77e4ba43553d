import { MAX_BACKLOG_BYTES, NOTED_BACKLOG_BYTES } from "./limits.ts";

/** A socket as the backlog sees it. */
export interface Receiver {
  /** Bytes sent to it that its network has not taken yet. */
  readonly waitingBytes: number;
}

/** What all clients together have not taken yet. One may be slow; thousands of slow ones are an attack on memory. */
export class Backlog<R extends Receiver> {
  /** Those with much waiting when last looked at. It may have gone since, so the sum is an upper bound. */
  readonly #noted = new Map<R, number>();
  #sum = 0;
  readonly #limit: number;

  constructor(limit = MAX_BACKLOG_BYTES) {
    this.#limit = limit;
  }

  /** Something was sent to `receiver`. @returns who has to go, where there is too much in all: whoever has most waiting. */
  note(receiver: R): R | undefined {
    const bytes = receiver.waitingBytes;
    if (bytes < NOTED_BACKLOG_BYTES && !this.#noted.has(receiver)) return undefined;
    this.#set(receiver, bytes);
    if (this.#sum <= this.#limit) return undefined;
    for (const each of [...this.#noted.keys()]) this.#set(each, each.waitingBytes);
    if (this.#sum <= this.#limit) return undefined;
    return [...this.#noted].reduce((most, each) => (each[1] > most[1] ? each : most))[0];
  }

  forget(receiver: R): void {
    this.#set(receiver, 0);
  }

  #set(receiver: R, bytes: number): void {
    this.#sum += (bytes < NOTED_BACKLOG_BYTES ? 0 : bytes) - (this.#noted.get(receiver) ?? 0);
    if (bytes < NOTED_BACKLOG_BYTES) this.#noted.delete(receiver);
    else this.#noted.set(receiver, bytes);
  }
}
