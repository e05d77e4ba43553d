import type { LinkStatus } from "../../renderer/bridge/connection.ts";
import type { AppState } from "../../shared/ipc/app.ts";
import {
  changedKeyState,
  crowdState,
  doorOfOthersState,
  doorState,
  emptyState,
  enteringState,
  firstRunState,
  foreignLinkState,
  homeState,
  linkState,
  offState,
  openRoomState,
  outsideState,
  refusedLinkState,
  rightsState,
  sealedLinkState,
  serverLostState,
  trustActivityState,
  waitingState,
} from "../fakes/app-states.ts";

export interface Situation {
  readonly state: (wallTime: number) => AppState;
  /** The wire when the page is opened; without, it is open. */
  readonly link?: LinkStatus;
  /** What becomes of the wire once the state has come. */
  readonly linkAfter?: LinkStatus;
}

const inAMoment = { kind: "waiting", retryAt: 0 } as const;

export const situations: Readonly<Record<string, Situation>> = {
  "first-run": { state: firstRunState },
  empty: { state: emptyState },
  home: { state: homeState },
  crowd: { state: crowdState },
  off: { state: offState },
  entering: { state: enteringState },
  "server-lost": { state: serverLostState },
  rights: { state: (at) => rightsState(at, "helper") },
  "rights-command": { state: (at) => rightsState(at, "command") },
  "rights-unsupported": { state: (at) => rightsState(at, "unsupported") },
  link: { state: linkState },
  "link-foreign": { state: foreignLinkState },
  "link-refused": { state: refusedLinkState },
  "local-server": {
    state: (at) => {
      const { publicUrl, ...server } = homeState(at).server;
      const state = homeState(at);
      return {
        ...state,
        server,
        settings: { ...state.settings, server: { kind: "embedded", reach: "computer", port: 8080 } },
      };
    },
  },
  door: { state: doorState },
  "door-others": { state: doorOfOthersState },
  waiting: { state: waitingState },
  outside: { state: outsideState },
  "changed-key": { state: changedKeyState },
  "open-room": { state: openRoomState },
  "trust-activity": { state: trustActivityState },
  "link-sealed": { state: sealedLinkState },
  starting: { state: homeState, link: { kind: "connecting" } },
  "no-program": { state: homeState, link: inAMoment },
  "program-lost": { state: homeState, linkAfter: inAMoment },
  "signed-out": { state: homeState, link: { kind: "signed_out" } },
};
