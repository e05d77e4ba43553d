/**
 * Whether the media lane may be used, as a pure function of what its probes come to. A firewall may let the data
 * channels through and drop RTP, or start to, so the lane is proved before it is used and watched while it is.
 *
 *   unproven ──echo──▶ good ──4 probes in a row lost──▶ lost
 *      ▲ probes, quickly        ◀──3 echoes in a row──    probes, seldom
 *
 * Sizes: a lane starts at the smallest packet; each size above is tried with probes as large as its packets. While a
 * size is in use its own probes watch it, and it is given up when they are lost though smaller ones pass.
 */
export type LaneHealth =
  | { readonly kind: "unproven"; readonly tries: number }
  | { readonly kind: "good"; readonly missed: number }
  | { readonly kind: "lost"; readonly echoes: number };

/** Four in a row: at 3 % loss each way chance does that once in 80,000 probes, which is a day of them. */
export const PROBES_LOST = 4;
/** Enough to believe that whatever dropped RTP has stopped. */
export const ECHOES_BACK = 3;

export const unproven: LaneHealth = { kind: "unproven", tries: 0 };

export function onEcho(health: LaneHealth): LaneHealth {
  switch (health.kind) {
    case "unproven":
    case "good":
      return { kind: "good", missed: 0 };
    case "lost":
      return health.echoes + 1 >= ECHOES_BACK
        ? { kind: "good", missed: 0 }
        : { kind: "lost", echoes: health.echoes + 1 };
  }
}

export function onLostProbe(health: LaneHealth): LaneHealth {
  switch (health.kind) {
    case "unproven":
      return { kind: "unproven", tries: health.tries + 1 };
    case "good":
      return health.missed + 1 >= PROBES_LOST
        ? { kind: "lost", echoes: 0 }
        : { kind: "good", missed: health.missed + 1 };
    case "lost":
      return { kind: "lost", echoes: 0 };
  }
}
