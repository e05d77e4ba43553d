import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ConnectionEvent,
  type ConnectionState,
  RECONNECT_BACKOFF,
  STABLE_AFTER_MS,
  STUCK_DIAL_MS,
  step,
} from "../../../shared/signaling/connection.ts";

const at = (now: number) => ({ now, backoff: (failures: number) => failures * 1000 });
const idle: ConnectionState = { kind: "idle" };
const connecting: ConnectionState = { kind: "connecting", since: 0, failures: 2 };
const online: ConnectionState = { kind: "online", since: 0, failures: 2 };
const waiting: ConnectionState = {
  kind: "waiting",
  since: 0,
  failures: 2,
  retryAt: 2000,
  reason: "connection refused",
};
const stopped: ConnectionState = { kind: "stopped", since: 0 };
const lost: ConnectionEvent = { type: "closed", reason: "connection lost" };

describe("the connection", () => {
  it("dials when started, and again after having been stopped", () => {
    for (const state of [idle, stopped]) {
      expect(step(state, { type: "start" }, at(7))).toEqual({
        state: { kind: "connecting", since: 7, failures: 0 },
        effects: [{ type: "dial" }],
      });
    }
  });

  it("is online once the socket opens", () => {
    expect(step(connecting, { type: "opened" }, at(7)).state).toEqual({ kind: "online", since: 7, failures: 2 });
  });

  it("waits longer after each failure in a row", () => {
    expect(step(connecting, lost, at(7))).toEqual({
      state: { kind: "waiting", since: 7, failures: 3, retryAt: 3007, reason: "connection lost" },
      effects: [{ type: "hangUp" }, { type: "wakeAfter", ms: 3000 }],
    });
  });

  it("forgets earlier failures only after it has held for a while", () => {
    expect(step(online, lost, at(STABLE_AFTER_MS - 1)).state).toMatchObject({ failures: 3 });
    expect(step(online, lost, at(STABLE_AFTER_MS)).state).toMatchObject({ failures: 1 });
  });

  it("dials again when the wait is over, remembering its failures", () => {
    expect(step(waiting, { type: "retryDue" }, at(2000)).state).toMatchObject({ kind: "connecting", failures: 2 });
  });

  it("does not wait any longer when the network comes back", () => {
    expect(step(waiting, { type: "retryNow" }, at(5))).toEqual({
      state: { kind: "connecting", since: 5, failures: 0 },
      effects: [{ type: "cancelWake" }, { type: "dial" }],
    });
  });

  it("redials when the network comes back under a dial that may be stuck, not under a fresh one", () => {
    const stuck = step(connecting, { type: "retryNow" }, at(STUCK_DIAL_MS));
    expect(stuck.effects).toEqual([{ type: "hangUp" }, { type: "dial" }]);
    expect(step(connecting, { type: "retryNow" }, at(STUCK_DIAL_MS - 1))).toEqual({ state: connecting, effects: [] });
  });

  it("only checks that the socket lives when the network changes while online", () => {
    expect(step(online, { type: "retryNow" }, at(5))).toEqual({ state: online, effects: [{ type: "probe" }] });
  });

  it("stops from anywhere, letting go of the socket and the timer", () => {
    for (const state of [idle, connecting, online, waiting]) {
      expect(step(state, { type: "stop" }, at(5))).toEqual({
        state: { kind: "stopped", since: 5 },
        effects: [{ type: "cancelWake" }, { type: "hangUp" }],
      });
    }
  });

  it("ignores what means nothing in its state", () => {
    for (const state of [idle, waiting, stopped]) {
      expect(step(state, lost, at(5))).toEqual({ state, effects: [] });
      expect(step(state, { type: "opened" }, at(5))).toEqual({ state, effects: [] });
    }
    for (const state of [idle, stopped]) {
      expect(step(state, { type: "retryDue" }, at(5))).toEqual({ state, effects: [] });
      expect(step(state, { type: "retryNow" }, at(5))).toEqual({ state, effects: [] });
    }
  });

  it("holds one socket while connecting or online and none otherwise, and one timer while waiting, whatever happens", () => {
    const events = fc.constantFrom<ConnectionEvent[]>(
      { type: "start" },
      { type: "opened" },
      lost,
      { type: "retryDue" },
      { type: "retryNow" },
      { type: "stop" },
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(events, fc.nat(15_000))), (script) => {
        let state: ConnectionState = idle;
        let now = 0;
        let sockets = 0;
        let isTimerSet = false;
        for (const [event, pause] of script) {
          now += pause;
          if (event.type === "retryDue") isTimerSet = false;
          const next = step(state, event, { now, backoff: () => RECONNECT_BACKOFF.minMs });
          for (const effect of next.effects) {
            if (effect.type === "dial") sockets++;
            if (effect.type === "hangUp") sockets = 0;
            if (effect.type === "wakeAfter") isTimerSet = true;
            if (effect.type === "cancelWake") isTimerSet = false;
          }
          state = next.state;
          expect(sockets).toBe(state.kind === "connecting" || state.kind === "online" ? 1 : 0);
          if (event.type !== "retryDue") expect(isTimerSet).toBe(state.kind === "waiting");
        }
      }),
    );
  });
});
