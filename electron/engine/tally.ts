import type { PublicKey } from "../../shared/base/brand.ts";
import { addCounters, Counting, type TunnelCounters } from "../../shared/tunnel/counters.ts";
import type { EngineCounts } from "./messages.ts";

const nothing = (): EngineCounts => ({ totals: new Counting().snapshot(), peers: new Map() });

/** What engines have counted, one after the other: each process begins at nought, and people see it go on. */
export class Tally {
  #now = nothing();
  /** By processes that died. */
  #before = nothing();

  counters(publicKey: PublicKey): TunnelCounters | undefined {
    const [now, before] = [this.#now.peers.get(publicKey), this.#before.peers.get(publicKey)];
    return now && before ? addCounters(now, before) : (now ?? before);
  }

  totals(): TunnelCounters {
    return addCounters(this.#now.totals, this.#before.totals);
  }

  /** The newest of the process that runs. */
  counted(counts: EngineCounts): void {
    this.#now = counts;
  }

  /** The next process begins anew. */
  died(): void {
    const keys = new Set([...this.#now.peers.keys(), ...this.#before.peers.keys()]);
    const peers = new Map<PublicKey, TunnelCounters>();
    for (const key of keys) {
      const counters = this.counters(key);
      if (counters) peers.set(key, counters);
    }
    this.#before = { totals: this.totals(), peers };
    this.#now = nothing();
  }
}
