import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fail, ok } from "../../shared/base/result.ts";
import { type Method, requests } from "../../shared/ipc/contract.ts";
import { decodeCall, decodeReply, encodeReply, MAX_REQUEST_LENGTH } from "../../shared/ipc/wire.ts";
import { PROPERTY_RUNS } from "./runs.ts";

const methods = Object.keys(requests) as Method[];

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

describe("the control socket's codec, fed anything", () => {
  it("gives a checked call or a failure with a code, and never throws", () => {
    fc.assert(
      fc.property(anyLine, (line) => {
        const decoded = decodeCall(line);
        if (decoded.ok) {
          expect(methods).toContain(decoded.value.method);
          expect(Number.isSafeInteger(decoded.value.id)).toBe(true);
          expect(line.length).toBeLessThanOrEqual(MAX_REQUEST_LENGTH);
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
});
