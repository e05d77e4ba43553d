import { clientAddress, TrustedProxies } from "./client-address.ts";

/** What is needed of a TCP connection. */
export interface Stream {
  readonly remoteAddress?: string | undefined;
  destroy(): unknown;
  once(event: "close", listener: () => void): unknown;
}

/**
 * Every TCP connection there is, most of which become WebSockets. An address may have so many of them, so that none takes
 * all with connections that never become anything. Local ones are not counted, nor those of a trusted proxy, which knows
 * better whom it lets through.
 */
export class Streams {
  readonly #open = new Set<Stream>();
  readonly #perAddress = new Map<string, number>();
  readonly #maxPerAddress: number;
  readonly #proxies: TrustedProxies;

  constructor(maxPerAddress: number, proxies: TrustedProxies) {
    this.#maxPerAddress = maxPerAddress;
    this.#proxies = proxies;
  }

  get size(): number {
    return this.#open.size;
  }

  /** @returns false when it was one too many of its address, and was cut off. */
  add(stream: Stream): boolean {
    const remote = stream.remoteAddress ?? "";
    const { group, isLimited } = clientAddress(remote, undefined, TrustedProxies.none);
    const isCounted = isLimited && !this.#proxies.includes(remote);
    const count = (this.#perAddress.get(group) ?? 0) + 1;
    if (isCounted && count > this.#maxPerAddress) {
      stream.destroy();
      return false;
    }
    this.#open.add(stream);
    if (isCounted) this.#perAddress.set(group, count);
    stream.once("close", () => {
      this.#open.delete(stream);
      if (isCounted) this.#countDown(group);
    });
    return true;
  }

  destroyAll(): void {
    for (const stream of this.#open) stream.destroy();
  }

  #countDown(group: string): void {
    const count = (this.#perAddress.get(group) ?? 0) - 1;
    if (count > 0) this.#perAddress.set(group, count);
    else this.#perAddress.delete(group);
  }
}
