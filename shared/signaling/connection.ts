import type { BackoffPolicy } from "../base/backoff.ts";
import { missingCase } from "../base/result.ts";

/** Quick enough not to be noticed after a blip, slow enough not to hammer a server that is down. */
export const RECONNECT_BACKOFF: BackoffPolicy = { minMs: 1_000, maxMs: 30_000 };
/** A connection that held this long was a good one: the next loss starts again at the shortest wait. */
export const STABLE_AFTER_MS = 10_000;
/** A dial begun longer ago than this when the network comes back may be stuck in the old network. */
export const STUCK_DIAL_MS = 1_000;

/**
 * The connection to one signaling server.
 *
 *            start                     opened
 *   idle ──────────▶ connecting ─────────────────▶ online
 *                     │      ▲                        │
 *              closed │      │ retryDue, retryNow     │ closed
 *                     ▼      │                        │
 *                     waiting ◀───────────────────────┘
 *
 *   stop: any state ──▶ stopped ── start ──▶ connecting
 *
 * Times are milliseconds of `Clock.now`. `failures` counts the losses since the last stable connection.
 */
export type ConnectionState =
  | { readonly kind: "idle" }
  | { readonly kind: "connecting"; readonly since: number; readonly failures: number }
  | { readonly kind: "online"; readonly since: number; readonly failures: number }
  | {
      readonly kind: "waiting";
      readonly since: number;
      readonly failures: number;
      readonly retryAt: number;
      /** Why the last connection ended, for people. */
      readonly reason: string;
    }
  | { readonly kind: "stopped"; readonly since: number };

export type ConnectionEvent =
  | { readonly type: "start" }
  | { readonly type: "opened" }
  | { readonly type: "closed"; readonly reason: string }
  | { readonly type: "retryDue" }
  /** The network came back, or the machine woke up. */
  | { readonly type: "retryNow" }
  | { readonly type: "stop" };

/** What the owner must do after a step, in order. */
export type ConnectionEffect =
  | { readonly type: "dial" }
  /** Let go of the socket; what it still says no longer counts. */
  | { readonly type: "hangUp" }
  | { readonly type: "probe" }
  /** Send `retryDue` after this long, instead of any earlier such request. */
  | { readonly type: "wakeAfter"; readonly ms: number }
  | { readonly type: "cancelWake" };

export interface ConnectionStep {
  readonly state: ConnectionState;
  readonly effects: readonly ConnectionEffect[];
}

export interface ConnectionContext {
  readonly now: number;
  /** Milliseconds to wait after that many losses in a row. */
  readonly backoff: (failures: number) => number;
}

/** The one transition function. An event that means nothing in a state leaves it as the same object. */
export function step(state: ConnectionState, event: ConnectionEvent, context: ConnectionContext): ConnectionStep {
  switch (event.type) {
    case "start":
      return state.kind === "idle" || state.kind === "stopped" ? dial(0, context) : stay(state);
    case "opened":
      if (state.kind !== "connecting") return stay(state);
      return { state: { kind: "online", since: context.now, failures: state.failures }, effects: [] };
    case "closed":
      return closed(state, event.reason, context);
    case "retryDue":
      return state.kind === "waiting" ? dial(state.failures, context) : stay(state);
    case "retryNow":
      return retryNow(state, context);
    case "stop":
      return stop(state, context);
    default:
      return missingCase(event);
  }
}

function closed(state: ConnectionState, reason: string, { now, backoff }: ConnectionContext): ConnectionStep {
  if (state.kind !== "connecting" && state.kind !== "online") return { state, effects: [] };
  const wasStable = state.kind === "online" && now - state.since >= STABLE_AFTER_MS;
  const failures = wasStable ? 1 : state.failures + 1;
  const ms = backoff(failures);
  return {
    state: { kind: "waiting", since: now, failures, retryAt: now + ms, reason },
    effects: [{ type: "hangUp" }, { type: "wakeAfter", ms }],
  };
}

function retryNow(state: ConnectionState, context: ConnectionContext): ConnectionStep {
  if (state.kind === "waiting") return dial(0, context, { type: "cancelWake" });
  if (state.kind === "online") return { state, effects: [{ type: "probe" }] };
  const stuck = state.kind === "connecting" && context.now - state.since >= STUCK_DIAL_MS;
  return stuck ? dial(0, context, { type: "hangUp" }) : stay(state);
}

function stop(state: ConnectionState, { now }: ConnectionContext): ConnectionStep {
  if (state.kind === "stopped") return stay(state);
  return { state: { kind: "stopped", since: now }, effects: [{ type: "cancelWake" }, { type: "hangUp" }] };
}

function dial(failures: number, { now }: ConnectionContext, ...before: ConnectionEffect[]): ConnectionStep {
  return { state: { kind: "connecting", since: now, failures }, effects: [...before, { type: "dial" }] };
}

function stay(state: ConnectionState): ConnectionStep {
  return { state, effects: [] };
}
