/** Why a packet went no further. Each reason is one of the tunnel's rules. */
export const DROP_REASONS = [
  // Either way.
  "malformed",
  // From this machine.
  "queue_full",
  "codel",
  "no_lane",
  "too_big",
  "no_peer",
  "not_unicast",
  "foreign_source",
  // From a peer.
  "spoofed",
  "wrong_destination",
  // By the rule for what this peer may begin (inbound-rule.ts).
  "refused",
  "device_full",
  "no_device",
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/**
 * "In" is from the peer into this machine's system, "out" the other way. Bytes are those of whole IP packets; a super-packet
 * counts as the packets that it stands for.
 */
export interface TunnelCounters {
  readonly packetsIn: number;
  readonly bytesIn: number;
  readonly packetsOut: number;
  readonly bytesOut: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
}

/** Counts for one peer or for the whole tunnel. Counts on a peer's also count on the tunnel's, its `parent`. */
export class Counting {
  #packetsIn = 0;
  #bytesIn = 0;
  #packetsOut = 0;
  #bytesOut = 0;
  readonly #dropped = noDrops();
  readonly #parent: Counting | undefined;

  constructor(parent?: Counting) {
    this.#parent = parent;
  }

  received(bytes: number, packets = 1): void {
    this.#packetsIn += packets;
    this.#bytesIn += bytes;
    this.#parent?.received(bytes, packets);
  }

  sent(bytes: number, packets = 1): void {
    this.#packetsOut += packets;
    this.#bytesOut += bytes;
    this.#parent?.sent(bytes, packets);
  }

  drop(reason: DropReason, packets = 1): void {
    this.#dropped[reason] += packets;
    this.#parent?.drop(reason, packets);
  }

  snapshot(): TunnelCounters {
    return {
      packetsIn: this.#packetsIn,
      bytesIn: this.#bytesIn,
      packetsOut: this.#packetsOut,
      bytesOut: this.#bytesOut,
      dropped: { ...this.#dropped },
    };
  }
}

/** Both together, as of two that counted different packets. */
export function addCounters(a: TunnelCounters, b: TunnelCounters): TunnelCounters {
  const dropped = noDrops();
  for (const reason of DROP_REASONS) dropped[reason] = a.dropped[reason] + b.dropped[reason];
  return {
    packetsIn: a.packetsIn + b.packetsIn,
    bytesIn: a.bytesIn + b.bytesIn,
    packetsOut: a.packetsOut + b.packetsOut,
    bytesOut: a.bytesOut + b.bytesOut,
    dropped,
  };
}

function noDrops(): Record<DropReason, number> {
  return Object.fromEntries(DROP_REASONS.map((reason) => [reason, 0])) as Record<DropReason, number>;
}
