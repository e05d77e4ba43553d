import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fail, ok } from "../../shared/base/result.ts";
import { appRequests } from "../../shared/ipc/app.ts";
import { createAppClient } from "../../shared/ipc/client.ts";
import { requests } from "../../shared/ipc/contract.ts";
import { controlRequests } from "../../shared/ipc/control.ts";
import { applyPatch } from "../../shared/ipc/patch.ts";
import {
  callDecoder,
  decodeAnswer,
  decodeReply,
  encodeReply,
  MAX_APP_REQUEST_LENGTH,
  MAX_REQUEST_LENGTH,
} from "../../shared/ipc/wire.ts";
import { FakeClock } from "../fakes/clock.ts";
import { PROPERTY_RUNS } from "./runs.ts";

const decodeCall = callDecoder(requests, MAX_REQUEST_LENGTH);
const methods = Object.keys(appRequests);
const tables = [
  ["the host's", requests, MAX_REQUEST_LENGTH],
  ["the control socket's", controlRequests, MAX_REQUEST_LENGTH],
  ["the window's", appRequests, MAX_APP_REQUEST_LENGTH],
] as const;

/** Lines that look like requests, with something wrong or nothing. */
const nearRequest = fc
  .record(
    {
      id: fc.oneof(fc.integer(), fc.double(), fc.string(), fc.constant(null)),
      method: fc.oneof(fc.constantFrom(...methods, "constructor", "__proto__"), fc.string(), fc.integer()),
      params: fc.oneof(
        fc.jsonValue(),
        fc.record(
          { name: fc.string(), pin: fc.string(), roomId: fc.string(), member: fc.string(), count: fc.double() },
          { requiredKeys: [] },
        ),
      ),
    },
    { requiredKeys: [] },
  )
  .map((frame) => JSON.stringify(frame));
const anyLine = fc.oneof(fc.string({ unit: "binary" }), fc.json(), nearRequest);

describe("the codec, fed anything", () => {
  it.each(tables)("gives a checked call of %s table or a failure with a code, and never throws", (_, table, most) => {
    const decode = callDecoder(table, most);
    fc.assert(
      fc.property(anyLine, (line) => {
        const decoded = decode(line);
        if (decoded.ok) {
          expect(Object.keys(table)).toContain(decoded.value.method);
          expect(Number.isSafeInteger(decoded.value.id)).toBe(true);
          expect(line.length).toBeLessThanOrEqual(most);
        } else expect(["malformed", "unknown_method", "bad_params"]).toContain(decoded.error.code);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  it("answers in bounded length, however long the question", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.integer({ min: 1, max: 60 }), (part, times) => {
        const decoded = decodeCall(JSON.stringify({ id: 1, method: part.repeat(times) }));
        expect(encodeReply(1, decoded).length).toBeLessThan(2_000);
      }),
      { numRuns: Math.ceil(PROPERTY_RUNS / 10) },
    );
  });

  it("reads any line as a reply or as none, and never throws", () => {
    fc.assert(
      fc.property(anyLine, (line) => {
        const reply = decodeReply(line);
        if (reply) expect(Number.isSafeInteger(reply.id)).toBe(true);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  it("brings every value and failure through unchanged, on one line", () => {
    const outcome = fc.oneof(
      fc.jsonValue().map((value) => ok(JSON.parse(JSON.stringify(value)) as unknown)),
      fc.tuple(fc.string(), fc.string()).map(([code, message]) => fail(code, message)),
    );
    fc.assert(
      fc.property(fc.maxSafeInteger(), outcome, (id, result) => {
        const line = encodeReply(id, result);
        expect(line).not.toMatch(/[\r\n]/);
        expect(decodeReply(line)).toEqual({ id, result });
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });

  it("reads any line as an answer to a window or as none", () => {
    fc.assert(
      fc.property(anyLine, (line) => {
        const answer = decodeAnswer(line);
        if (answer?.kind === "push") expect(typeof answer.patch).toBe("object");
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});

describe("a window's side, fed anything", () => {
  it("keeps a state, and never throws", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            anyLine,
            fc.jsonValue().map((patch) => JSON.stringify({ patch })),
          ),
        ),
        (lines) => {
          const client = createAppClient({ send: () => {}, clock: new FakeClock() });
          client.opened();
          client.receive('{"id":1,"value":{"rooms":{}}}');
          for (const line of lines) client.receive(line);
          expect(typeof client.state).toBe("object");
          client.closed();
        },
      ),
      { numRuns: Math.ceil(PROPERTY_RUNS / 10) },
    );
  });

  it("applies any patch to anything, and touches no prototype", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (state, patch) => {
        const keys = Object.getOwnPropertyNames(Object.prototype).length;
        applyPatch(state, patch);
        expect(Object.getOwnPropertyNames(Object.prototype)).toHaveLength(keys);
      }),
      { numRuns: PROPERTY_RUNS },
    );
  });
});
