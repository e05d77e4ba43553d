import type { UdpFigures } from "./iperf.ts";

/** A rate is carried when less than this share of its packets is lost. */
export const LOSS_LIMIT = 0.001;

/** Where the climb begins, as a share of what arrives at full blast, and by how much it rises. */
const FIRST_STEP = 0.25;
const STEP = 1.25;
/** Far above what arrived at full blast: overload costs most programs a part of what they could carry. */
const MAX_STEPS = 12;
/** A first rate that is not carried is halved this often. */
const MAX_HALVINGS = 4;

export interface HighestRate {
  /** The highest rate that was carried, in packets a second, as received; 0 if none was. */
  readonly packets: number;
  readonly full: UdpFigures;
}

/**
 * Finds the highest rate without loss: rising steps, until one fails twice.
 * @param probe sends at so many packets a second, or as fast as it can
 */
export async function highestRate(probe: (rate: number | "full") => Promise<UdpFigures>): Promise<HighestRate> {
  const full = await probe("full");
  if (isCarried(full)) return { packets: full.received, full };
  /** @returns what arrived, or 0. Once in a while a moment's hiccup drops a packet: one failure alone does not count. */
  const carried = async (rate: number) => {
    for (let attempt = 0; attempt < 2; attempt++) {
      const figures = await probe(rate);
      if (isCarried(figures)) return figures.received;
    }
    return 0;
  };
  let rate = full.received * FIRST_STEP;
  let best = await carried(rate);
  for (let halving = 0; best === 0 && halving < MAX_HALVINGS; halving++) {
    rate /= 2;
    best = await carried(rate);
  }
  for (let step = 0; best > 0 && step < MAX_STEPS; step++) {
    rate *= STEP;
    const received = await carried(rate);
    if (received === 0) break;
    // The sender has nothing more to give.
    if (received < best * 1.02) return { packets: Math.max(best, received), full };
    best = received;
  }
  return { packets: best, full };
}

function isCarried({ loss, received }: UdpFigures): boolean {
  return received > 0 && loss < LOSS_LIMIT;
}
