import type { PublicKey } from "../../shared/base/brand.ts";
import type { Lane } from "../../shared/tunnel/ports.ts";
import type { PeerDescription, Tunnel } from "../../shared/tunnel/tunnel.ts";

/**
 * Which members the tunnel knows: those that main has admitted, and nobody until it says so. A link as such carries no
 * packets, gives no addresses and is no way for a speed test. Admission is of a key, whatever connection proves it.
 */
export class Admission {
  readonly #tunnel: Tunnel;
  readonly #describe: (publicKey: PublicKey) => PeerDescription | undefined;
  readonly #admitted = new Set<PublicKey>();
  /** The lanes that there are, of the admitted and the others. */
  readonly #lanes = new Map<PublicKey, Lane>();

  /** @param describe what is known of a member; undefined for a key that is nobody's. */
  constructor(tunnel: Tunnel, describe: (publicKey: PublicKey) => PeerDescription | undefined) {
    this.#tunnel = tunnel;
    this.#describe = describe;
  }

  has(publicKey: PublicKey): boolean {
    return this.#admitted.has(publicKey);
  }

  /** Packets pass at once, or do not from here on: neither way, and no speed test that is under way. */
  set(publicKey: PublicKey, admitted: boolean): void {
    if (admitted === this.has(publicKey)) return;
    if (admitted && this.#describe(publicKey)) {
      this.#admitted.add(publicKey);
      const lane = this.#lanes.get(publicKey);
      if (lane) this.#open(publicKey, lane);
    } else if (this.#admitted.delete(publicKey)) {
      this.#tunnel.withdrawPeer(publicKey);
    }
  }

  setLane(publicKey: PublicKey, lane: Lane | undefined): void {
    if (lane) this.#lanes.set(publicKey, lane);
    else this.#lanes.delete(publicKey);
    if (!this.has(publicKey)) return;
    if (lane) this.#open(publicKey, lane);
    else this.#tunnel.setLane(publicKey, undefined);
  }

  /** The member has news of itself. */
  refresh(publicKey: PublicKey): void {
    const description = this.#describe(publicKey);
    if (description && this.has(publicKey) && this.#lanes.has(publicKey)) this.#tunnel.setPeer(publicKey, description);
  }

  /** The member is gone, and what was said of it with it. */
  forget(publicKey: PublicKey): void {
    this.#admitted.delete(publicKey);
    this.#lanes.delete(publicKey);
    this.#tunnel.removePeer(publicKey);
  }

  #open(publicKey: PublicKey, lane: Lane): void {
    this.refresh(publicKey);
    this.#tunnel.setLane(publicKey, lane);
  }
}
