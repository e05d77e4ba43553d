/**
 * Whether the media lane may be used, as a pure function of what its probes come to. A firewall may let the data
 * channels through and drop RTP, or start to, so the lane is proved before it is used and watched while it is.
 *
 *   unproven ──echo──▶ good ──4 rounds in a row lost──▶ lost
 *      ▲ rounds, quickly        ◀──3 echoes in a row──    rounds, seldom
 *
 * A round of probes counts as an echo when any of them came back: that larger ones are lost is the business of path-mtu.ts.
 */
export type LaneHealth =
  | { readonly kind: "unproven"; readonly tries: number }
  | { readonly kind: "good"; readonly missed: number }
  | { readonly kind: "lost"; readonly echoes: number };

/** Four in a row, of two probes each: at 10 % loss each way chance does that once in half a million rounds. */
export const ROUNDS_LOST = 4;
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

export function onLostRound(health: LaneHealth): LaneHealth {
  switch (health.kind) {
    case "unproven":
      return { kind: "unproven", tries: health.tries + 1 };
    case "good":
      return health.missed + 1 >= ROUNDS_LOST
        ? { kind: "lost", echoes: 0 }
        : { kind: "good", missed: health.missed + 1 };
    case "lost":
      return { kind: "lost", echoes: 0 };
  }
}
