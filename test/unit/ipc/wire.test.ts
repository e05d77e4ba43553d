import { describe, expect, it } from "vitest";
import { fail, ok } from "../../../shared/base/result.ts";
import { requests } from "../../../shared/ipc/contract.ts";
import { callDecoder, decodeReply, encodeReply, MAX_REQUEST_LENGTH } from "../../../shared/ipc/wire.ts";

const decodeCall = callDecoder(requests, MAX_REQUEST_LENGTH);
const line = (frame: unknown) => JSON.stringify(frame);

describe("a request line", () => {
  it("gives the call", () => {
    const decoded = decodeCall(line({ id: 7, method: "join", params: { roomId: "den", pin: "4821" } }));
    expect(decoded).toEqual(ok({ id: 7, method: "join", params: { roomId: "den", pin: "4821" } }));
  });

  it("may leave out the parameters of a method that needs none", () => {
    expect(decodeCall(line({ id: 1, method: "status" }))).toEqual(ok({ id: 1, method: "status", params: {} }));
  });

  it.each([
    ["no JSON", "hello"],
    ["nothing", ""],
    ["null", "null"],
    ["a list", "[]"],
    ["without an id", line({ method: "status" })],
    ["with a fractional id", line({ id: 1.5, method: "status" })],
    ["with an id beyond the exact integers", line({ id: 2 ** 60, method: "status" })],
    ["too long", line({ id: 1, method: "status", padding: "x".repeat(MAX_REQUEST_LENGTH) })],
  ])("is malformed when it is %s", (_, text) => {
    expect(decodeCall(text)).toEqual(fail("malformed", "not a request"));
  });

  it.each(["reboot", "constructor", "__proto__", "toString", "hasOwnProperty"])(
    "does not know the method %s",
    (method) => {
      expect(decodeCall(line({ id: 3, method }))).toMatchObject({
        ok: false,
        error: { id: 3, code: "unknown_method" },
      });
    },
  );

  it.each([
    ["ping", { member: "Ben" }],
    ["ping", { member: "Ben", count: 0 }],
    ["ping", { member: "Ben", count: 101 }],
    ["ping", { member: "Ben", count: 1.5 }],
    ["create", { name: 5, pin: "4821" }],
    ["join", { roomId: "x".repeat(200), pin: "4821" }],
    ["kick", []],
  ])("is refused when the parameters of %s are %o, without repeating them", (method, params) => {
    const decoded = decodeCall(line({ id: 4, method, params }));
    expect(decoded).toMatchObject({ ok: false, error: { id: 4, code: "bad_params" } });
    expect(line(decoded)).not.toContain("4821");
  });

  it("loses fields that the contract does not have", () => {
    const decoded = decodeCall(line({ id: 1, method: "leave", params: { roomId: "den", force: true } }));
    expect(decoded).toEqual(ok({ id: 1, method: "leave", params: { roomId: "den" } }));
  });
});

describe("a reply line", () => {
  it("brings a value or a failure back with its id", () => {
    expect(decodeReply(encodeReply(5, ok({ a: 1 })))).toEqual({ id: 5, result: ok({ a: 1 }) });
    expect(decodeReply(encodeReply(6, fail("no_room", "none")))).toEqual({ id: 6, result: fail("no_room", "none") });
  });

  it("carries nothing of a failure but its code and message", () => {
    const failure = { code: "x", message: "y", pid: 5, secret: "4821" };
    expect(JSON.parse(encodeReply(1, { ok: false, error: failure }))).toEqual({
      id: 1,
      error: { code: "x", message: "y" },
    });
  });

  it.each(["", "null", "{}", '{"id":"1"}', '{"id":1,"error":"no"}'])("that is %j is none", (text) => {
    expect(decodeReply(text)).toBeUndefined();
  });
});

describe("the contract", () => {
  it("bounds every text that may come in", () => {
    const huge = "x".repeat(1_000);
    for (const method of Object.keys(requests)) {
      const params = { name: huge, pin: huge, roomId: huge, member: huge, username: huge, count: 1 };
      const takesText = Object.keys(requests[method as keyof typeof requests].entries).some((key) => key !== "count");
      expect(decodeCall(line({ id: 1, method, params })).ok).toBe(!takesText);
    }
  });
});
