import type { PublicKey } from "../base/brand.ts";

/**
 * The life of the link to one member, as a pure function. An attempt is one WebRTC connection being made; its session
 * names it on both machines.
 *
 *                     ┌───────────── retry due ─────────────┐
 *                     ▼                                     │
 *   waiting ──▶ connecting ──attempt is up──▶ up ──link lost──▶ waiting
 *      ▲   offer      │ ▲                     │ ▲
 *      └─ attempt failed│ link lost     offer │ │ attempt is up (moves over), or failed (stays)
 *                       │                     ▼ │
 *                       └─────────────────── replacing
 *
 * Members already in the room offer to a newcomer; the newcomer waits, then offers itself. If both offer at once, the
 * one with the larger public key gives way.
 *
 * `failures` counts what went wrong in a row: attempts that failed, and links that did not last.
 */
export type LinkState =
  | { readonly kind: "waiting"; readonly failures: number }
  | { readonly kind: "connecting"; readonly attempt: Attempt; readonly failures: number }
  | { readonly kind: "up"; readonly session: string; readonly failures: number }
  | { readonly kind: "replacing"; readonly session: string; readonly attempt: Attempt; readonly failures: number };

export interface Attempt {
  readonly session: string;
  readonly role: "offerer" | "answerer";
}

/** `session` is the name for the attempt that the event may start: fresh, or the one the other end chose. */
export type LinkEvent =
  /** The member is there: it came after us, so we offer; or we came after it, so it offers. */
  | { readonly kind: "seen"; readonly weOffer: boolean; readonly session: string }
  | { readonly kind: "retryDue"; readonly session: string }
  | { readonly kind: "offerArrived"; readonly session: string }
  /** Our offer may not have arrived: the member joined anew, or signaling broke under it. */
  | { readonly kind: "offerLost"; readonly session: string }
  /** The control channel is open, hello proved and answered. */
  | { readonly kind: "attemptUp"; readonly session: string }
  | { readonly kind: "attemptFailed"; readonly session: string }
  /** The connection in use closed, or was silent for too long. `brief`: so soon that it counts as a failure. */
  | { readonly kind: "linkLost"; readonly session: string; readonly brief: boolean }
  /** The machine moved to another network: make a new connection beside the old one. */
  | { readonly kind: "pathChanged"; readonly session: string };

export type LinkEffect =
  | { readonly kind: "startOffer"; readonly session: string }
  | { readonly kind: "startAnswer"; readonly session: string }
  /** Ends a connection that is not in use (any more). */
  | { readonly kind: "abandon"; readonly session: string }
  /** Packets go by this connection from now on. */
  | { readonly kind: "use"; readonly session: string }
  /** The connection that was in use has a successor: let it drain, then end it. */
  | { readonly kind: "retire"; readonly session: string }
  | { readonly kind: "lost" }
  /** Ask for `retryDue` after the wait for this many failures; replaces an earlier wait. */
  | { readonly kind: "retryLater"; readonly failures: number; readonly patience: Patience };

/** "newcomer": wait for the other's offer first. "failure": back off. */
export type Patience = "newcomer" | "failure";

export interface LinkStep {
  readonly state: LinkState;
  readonly effects: readonly LinkEffect[];
}

export const initialLink: LinkState = { kind: "waiting", failures: 0 };

/** Whether this end keeps its own offer when both offer: the smaller key, compared as text. */
export function keepsOffer(self: PublicKey, other: PublicKey): boolean {
  return self < other;
}

export function stepLink(state: LinkState, event: LinkEvent, keepsOwnOffer: boolean): LinkStep {
  switch (event.kind) {
    case "seen":
      if (state.kind !== "waiting") return stay(state);
      if (event.weOffer) return connect(event.session, "offerer", state.failures);
      return { state, effects: [{ kind: "retryLater", failures: state.failures, patience: "newcomer" }] };
    case "retryDue":
      return state.kind === "waiting" ? connect(event.session, "offerer", state.failures) : stay(state);
    case "pathChanged":
      return state.kind === "up" ? replace(state, event.session, "offerer") : stay(state);
    case "offerArrived":
      return onOffer(state, event.session, keepsOwnOffer);
    case "offerLost":
      return onOfferLost(state, event.session);
    case "attemptUp":
      return onAttemptUp(state, event.session);
    case "attemptFailed":
      return onAttemptFailed(state, event.session);
    case "linkLost":
      return onLinkLost(state, event.session, event.brief);
  }
}

function onOffer(state: LinkState, session: string, keepsOwnOffer: boolean): LinkStep {
  switch (state.kind) {
    case "waiting":
      return connect(session, "answerer", state.failures);
    case "up":
      // The same offer twice. Else the other end lost the link, or moved: make the new one beside the old.
      return state.session === session ? stay(state) : replace(state, session, "answerer");
    case "connecting":
    case "replacing": {
      const { attempt } = state;
      if (attempt.session === session || ("session" in state && state.session === session)) return stay(state);
      if (attempt.role === "offerer" && keepsOwnOffer) return stay(state);
      return restart(state, session, "answerer");
    }
  }
}

function onOfferLost(state: LinkState, session: string): LinkStep {
  return "attempt" in state && state.attempt.role === "offerer" ? restart(state, session, "offerer") : stay(state);
}

function onAttemptUp(state: LinkState, session: string): LinkStep {
  if ("session" in state && state.session === session) return stay(state);
  if (!("attempt" in state) || state.attempt.session !== session) {
    return { state, effects: [{ kind: "abandon", session }] };
  }
  const effects: LinkEffect[] = [{ kind: "use", session }];
  if (state.kind === "replacing") effects.push({ kind: "retire", session: state.session });
  return { state: { kind: "up", session, failures: state.failures }, effects };
}

function onAttemptFailed(state: LinkState, session: string): LinkStep {
  if (!("attempt" in state) || state.attempt.session !== session) return stay(state);
  const abandon: LinkEffect = { kind: "abandon", session };
  if (state.kind === "replacing") {
    return { state: { kind: "up", session: state.session, failures: state.failures }, effects: [abandon] };
  }
  return wait(state.failures + 1, [abandon]);
}

function onLinkLost(state: LinkState, session: string, brief: boolean): LinkStep {
  if (!("session" in state) || state.session !== session) return stay(state);
  // A member whose links never last would otherwise be offered a new one at once, for ever.
  const failures = brief ? state.failures + 1 : 0;
  const effects: LinkEffect[] = [{ kind: "abandon", session }, { kind: "lost" }];
  if (state.kind === "up") return wait(failures, effects);
  return { state: { kind: "connecting", attempt: state.attempt, failures }, effects };
}

function connect(session: string, role: Attempt["role"], failures: number): LinkStep {
  return { state: { kind: "connecting", attempt: { session, role }, failures }, effects: [start(session, role)] };
}

function replace(
  { session: current, failures }: Extract<LinkState, { readonly session: string }>,
  session: string,
  role: Attempt["role"],
): LinkStep {
  return {
    state: { kind: "replacing", session: current, attempt: { session, role }, failures },
    effects: [start(session, role)],
  };
}

/** Gives the attempt up for another. */
function restart(
  state: Extract<LinkState, { readonly attempt: Attempt }>,
  session: string,
  role: Attempt["role"],
): LinkStep {
  const next = state.kind === "replacing" ? replace(state, session, role) : connect(session, role, state.failures);
  return { state: next.state, effects: [{ kind: "abandon", session: state.attempt.session }, ...next.effects] };
}

function start(session: string, role: Attempt["role"]): LinkEffect {
  return { kind: role === "offerer" ? "startOffer" : "startAnswer", session };
}

function wait(failures: number, effects: readonly LinkEffect[]): LinkStep {
  const retry: LinkEffect = { kind: "retryLater", failures, patience: "failure" };
  return { state: { kind: "waiting", failures }, effects: [...effects, retry] };
}

function stay(state: LinkState): LinkStep {
  return { state, effects: [] };
}
