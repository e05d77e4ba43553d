import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  initialLink,
  keepsOffer,
  type LinkEffect,
  type LinkEvent,
  type LinkState,
  stepLink,
} from "../../../shared/mesh/link-state.ts";
import { larger, smaller } from "./fixtures.ts";

const waiting = (failures = 0): LinkState => ({ kind: "waiting", failures });
const offering = (session: string, failures = 0): LinkState => ({
  kind: "connecting",
  attempt: { session, role: "offerer" },
  failures,
});
const answering = (session: string, failures = 0): LinkState => ({
  kind: "connecting",
  attempt: { session, role: "answerer" },
  failures,
});
const up = (session: string, failures = 0): LinkState => ({ kind: "up", session, failures });
const replacing = (session: string, next: string, role: "offerer" | "answerer", failures = 0): LinkState => ({
  kind: "replacing",
  session,
  attempt: { session: next, role },
  failures,
});
const lost = (session: string, brief = false): LinkEvent => ({ kind: "linkLost", session, brief });

const later = (failures: number, patience: "newcomer" | "failure" = "failure"): LinkEffect => ({
  kind: "retryLater",
  failures,
  patience,
});
const effect = (kind: "startOffer" | "startAnswer" | "abandon" | "use" | "retire", session: string): LinkEffect => ({
  kind,
  session,
});

describe("a link's transitions", () => {
  it.each<[string, LinkState, LinkEvent, LinkState, LinkEffect[]]>([
    [
      "offers to a newcomer",
      waiting(),
      { kind: "seen", weOffer: true, session: "n" },
      offering("n"),
      [effect("startOffer", "n")],
    ],
    [
      "as a newcomer waits for the offer",
      waiting(),
      { kind: "seen", weOffer: false, session: "n" },
      waiting(),
      [later(0, "newcomer")],
    ],
    [
      "offers when the wait is over",
      waiting(2),
      { kind: "retryDue", session: "n" },
      offering("n", 2),
      [effect("startOffer", "n")],
    ],
    [
      "answers an offer",
      waiting(2),
      { kind: "offerArrived", session: "n" },
      answering("n", 2),
      [effect("startAnswer", "n")],
    ],
    ["comes up", offering("a", 3), { kind: "attemptUp", session: "a" }, up("a", 3), [effect("use", "a")]],
    [
      "waits after an attempt failed",
      offering("a", 1),
      { kind: "attemptFailed", session: "a" },
      waiting(2),
      [effect("abandon", "a"), later(2)],
    ],
    [
      "waits after it was lost, counting from 0",
      up("a", 3),
      lost("a"),
      waiting(0),
      [effect("abandon", "a"), { kind: "lost" }, later(0)],
    ],
    [
      "counts a brief link as a failure",
      up("a", 3),
      lost("a", true),
      waiting(4),
      [effect("abandon", "a"), { kind: "lost" }, later(4)],
    ],
    [
      "builds a new connection beside the old when the path changed",
      up("a"),
      { kind: "pathChanged", session: "n" },
      replacing("a", "n", "offerer"),
      [effect("startOffer", "n")],
    ],
    [
      "answers beside the old when the other end offers again",
      up("a"),
      { kind: "offerArrived", session: "n" },
      replacing("a", "n", "answerer"),
      [effect("startAnswer", "n")],
    ],
    [
      "moves over",
      replacing("a", "n", "offerer"),
      { kind: "attemptUp", session: "n" },
      up("n"),
      [effect("use", "n"), effect("retire", "a")],
    ],
    [
      "stays when the replacement failed",
      replacing("a", "n", "offerer", 2),
      { kind: "attemptFailed", session: "n" },
      up("a", 2),
      [effect("abandon", "n")],
    ],
    [
      "goes on connecting when the old one is lost meanwhile",
      replacing("a", "n", "answerer", 2),
      lost("a"),
      answering("n"),
      [effect("abandon", "a"), { kind: "lost" }],
    ],
    [
      "offers again when the offer was lost",
      offering("a", 1),
      { kind: "offerLost", session: "n" },
      offering("n", 1),
      [effect("abandon", "a"), effect("startOffer", "n")],
    ],
    [
      "offers again beside the old",
      replacing("a", "b", "offerer"),
      { kind: "offerLost", session: "n" },
      replacing("a", "n", "offerer"),
      [effect("abandon", "b"), effect("startOffer", "n")],
    ],
    [
      "lets a newer offer supersede the one it answers",
      answering("a", 1),
      { kind: "offerArrived", session: "n" },
      answering("n", 1),
      [effect("abandon", "a"), effect("startAnswer", "n")],
    ],
    [
      "ends a connection that came up too late",
      up("a"),
      { kind: "attemptUp", session: "old" },
      up("a"),
      [effect("abandon", "old")],
    ],
  ])("%s", (_name, before, event, after, effects) => {
    for (const keeps of [true, false]) expect(stepLink(before, event, keeps)).toEqual({ state: after, effects });
  });

  it.each<[string, LinkState, LinkEvent]>([
    ["a member seen while connecting", offering("a"), { kind: "seen", weOffer: true, session: "n" }],
    ["a member seen while up", up("a"), { kind: "seen", weOffer: true, session: "n" }],
    ["a retry while up", up("a"), { kind: "retryDue", session: "n" }],
    ["a path that changed while waiting", waiting(), { kind: "pathChanged", session: "n" }],
    ["a path that changed while replacing", replacing("a", "b", "answerer"), { kind: "pathChanged", session: "n" }],
    ["the same offer twice", answering("a"), { kind: "offerArrived", session: "a" }],
    ["regression: an offer by the name of the connection in use", up("a"), { kind: "offerArrived", session: "a" }],
    ["regression: the same while replacing", replacing("a", "b", "answerer"), { kind: "offerArrived", session: "a" }],
    ["a failure of another attempt", offering("a"), { kind: "attemptFailed", session: "b" }],
    ["the loss of a link that was replaced", up("b"), lost("a")],
    ["the connection in use coming up again", up("a"), { kind: "attemptUp", session: "a" }],
    ["a lost offer while it answers", answering("a"), { kind: "offerLost", session: "n" }],
    ["a lost offer while it waits", waiting(1), { kind: "offerLost", session: "n" }],
  ])("ignores %s", (_name, state, event) => {
    for (const keeps of [true, false]) expect(stepLink(state, event, keeps)).toEqual({ state, effects: [] });
  });

  it("if both offer, the larger key gives way and the smaller does not", () => {
    expect(keepsOffer(smaller.publicKey, larger.publicKey)).toBe(true);
    expect(keepsOffer(larger.publicKey, smaller.publicKey)).toBe(false);
    const offer: LinkEvent = { kind: "offerArrived", session: "theirs" };
    for (const state of [offering("ours", 1), replacing("used", "ours", "offerer", 1)]) {
      expect(stepLink(state, offer, true)).toEqual({ state, effects: [] });
      const step = stepLink(state, offer, false);
      expect(step.state).toMatchObject({ kind: state.kind, attempt: { session: "theirs", role: "answerer" } });
      expect(step.effects).toEqual([effect("abandon", "ours"), effect("startAnswer", "theirs")]);
    }
  });
});

/** The sessions that a state holds: in use, and being made. */
function held(state: LinkState): Set<string> {
  const sessions = new Set<string>();
  if ("session" in state) sessions.add(state.session);
  if ("attempt" in state) sessions.add(state.attempt.session);
  return sessions;
}

const kinds = [
  "seen",
  "retryDue",
  "offerArrived",
  "offerLost",
  "attemptUp",
  "attemptFailed",
  "linkLost",
  "pathChanged",
] as const;
const starting = new Set<LinkEvent["kind"]>(["seen", "retryDue", "offerLost", "pathChanged"]);

describe("whatever happens to a link", () => {
  const events = fc.array(
    fc.record({ kind: fc.constantFrom(...kinds), pick: fc.nat(5), flag: fc.boolean(), fresh: fc.boolean() }),
    { maxLength: 60 },
  );

  it("one connection at most is in use, none is forgotten, and a link that waits has a reason to wake", () => {
    fc.assert(
      fc.property(events, fc.boolean(), (script, keeps) => {
        let state = initialLink;
        let inUse: string | undefined;
        let count = 0;
        const names = ["none"];
        const live = new Set<string>();
        for (const { kind, pick, flag, fresh } of script) {
          const isFresh = starting.has(kind) || (kind === "offerArrived" && fresh);
          if (isFresh) names.push(`s${++count}`);
          const session = (isFresh ? names.at(-1) : names.at(-1 - (pick % names.length))) ?? "none";
          const event = { kind, session, weOffer: flag, brief: flag } as LinkEvent;
          const before = state;
          const step = stepLink(state, event, keeps);
          state = step.state;

          for (const done of step.effects) {
            if (done.kind === "startOffer" || done.kind === "startAnswer") {
              expect(live.has(done.session)).toBe(false);
              live.add(done.session);
            } else if (done.kind === "abandon") {
              live.delete(done.session);
            } else if (done.kind === "use") {
              expect(live.has(done.session)).toBe(true);
              if (inUse !== undefined) expect(step.effects).toContainEqual(effect("retire", inUse));
              inUse = done.session;
            } else if (done.kind === "retire") {
              expect(done.session).not.toBe(inUse);
              live.delete(done.session);
            } else if (done.kind === "lost") {
              expect(inUse !== undefined && !live.has(inUse)).toBe(true);
              inUse = undefined;
            }
          }

          expect("session" in state ? state.session : undefined).toBe(inUse);
          expect(live).toEqual(held(state));
          const wakes = step.effects.some((done) => done.kind === "retryLater");
          if (wakes) expect(state.kind).toBe("waiting");
          if (state.kind === "waiting" && before.kind !== "waiting") expect(wakes).toBe(true);
          if (state.kind === "waiting" && kind === "seen") expect(wakes).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("two ends that are left in peace afterwards agree on one connection", () => {
    const actions = fc.array(
      fc.record({
        end: fc.constantFrom(0 as const, 1 as const),
        kind: fc.constantFrom("offerIn", "done", "timeOut", "seen", "retryDue", "pathChanged", "lost", "offerLost"),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(actions, (script) => {
        const pair = new Pair();
        for (const { end, kind } of script) pair.act(end, kind);
        pair.settle();
        const [a, b] = pair.states;
        expect(a.kind).toBe("up");
        expect(held(a)).toEqual(held(b));
      }),
      { numRuns: 500 },
    );
  });
});

/** Two ends of one link, and the offers under way between them. Nothing else is modelled. */
class Pair {
  readonly states: [LinkState, LinkState] = [initialLink, initialLink];
  readonly #offersTo: [string[], string[]] = [[], []];
  #count = 0;

  act(end: 0 | 1, kind: string): void {
    const state = this.states[end];
    const session = `s${++this.#count}`;
    const attempt = "attempt" in state ? state.attempt.session : "none";
    const used = "session" in state ? state.session : "none";
    if (kind === "offerIn") {
      const offer = this.#offersTo[end].shift();
      if (offer !== undefined) this.#step(end, { kind: "offerArrived", session: offer });
    } else if (kind === "done") {
      // A connection comes up at one end first; the other end holds it too, or it could not.
      if (held(this.states[end === 0 ? 1 : 0]).has(attempt)) this.#step(end, { kind: "attemptUp", session: attempt });
    } else if (kind === "timeOut") this.#step(end, { kind: "attemptFailed", session: attempt });
    else if (kind === "lost") this.#step(end, { kind: "linkLost", session: used, brief: false });
    else this.#step(end, { kind, session, weOffer: true } as LinkEvent);
  }

  /** Every offer arrives, what both ends hold comes up, what only one holds ends, and who waits tries again. */
  settle(): void {
    for (let round = 0; round < 20; round++) {
      for (const end of [0, 1] as const) while (this.#offersTo[end].length > 0) this.act(end, "offerIn");
      for (const end of [0, 1] as const) {
        const other = held(this.states[end === 0 ? 1 : 0]);
        const state = this.states[end];
        if ("attempt" in state) this.act(end, other.has(state.attempt.session) ? "done" : "timeOut");
        const after = this.states[end];
        if ("session" in after && !held(this.states[end === 0 ? 1 : 0]).has(after.session)) this.act(end, "lost");
        if (this.states[end].kind === "waiting") {
          this.act(end, "retryDue");
          break;
        }
      }
    }
  }

  #step(end: 0 | 1, event: LinkEvent): void {
    const { state, effects } = stepLink(this.states[end], event, end === 0);
    this.states[end] = state;
    for (const done of effects) if (done.kind === "startOffer") this.#offersTo[end === 0 ? 1 : 0].push(done.session);
  }
}
