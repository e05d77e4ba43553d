import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeControl, encodeControl, MAX_CONTROL_LENGTH } from "../../../shared/mesh/control.ts";
import { isTrustBody, MAX_BODY_DEPTH } from "../../../shared/mesh/trust-body.ts";

/** Objects in objects, so many in all, a text in the innermost. */
function nested(depth: number): object {
  let value: unknown = "bottom";
  for (let n = 0; n < depth; n++) value = { a: value };
  return value as object;
}

const trust = (body: unknown) => JSON.stringify({ t: "trust", body });
const endless: Record<string, unknown> = {};
endless.self = endless;
/** Forty arrays that stand for 2^40 values. */
const laughs = Array.from({ length: 12 }).reduce<unknown>((inner) => Array(16).fill(inner), "ha");

describe("the body of a trust message", () => {
  it("is any JSON object that fits its message, and comes out as it went in", () => {
    const bodies = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 8 }));
    fc.assert(
      fc.property(bodies, (body) => {
        const text = trust(body);
        const plain = JSON.parse(JSON.stringify(body));
        fc.pre(text.length <= MAX_CONTROL_LENGTH);
        expect(decodeControl(text)).toEqual({ ok: true, value: { t: "trust", body: plain } });
      }),
      { numRuns: 500 },
    );
  });

  it("may fill its message to the last character, whatever it is made of", () => {
    const around = trust({ a: "" }).length;
    const fill = MAX_CONTROL_LENGTH - around;
    for (const body of [
      { a: "x".repeat(fill) },
      { a: Array(Math.floor(fill / 2)).fill(0) },
      { a: Object.fromEntries(Array.from({ length: 1_400 }, (_, n) => [n.toString(36), {}])) },
    ]) {
      const text = trust(body);
      expect(text.length).toBeLessThanOrEqual(MAX_CONTROL_LENGTH);
      expect(decodeControl(text)).toEqual({ ok: true, value: { t: "trust", body } });
    }
    expect(decodeControl(trust({ a: "x".repeat(fill + 1) }))).toMatchObject({ error: { code: "too_large" } });
  });

  it("nests as deep as it may, and no deeper", () => {
    expect(isTrustBody(nested(MAX_BODY_DEPTH))).toBe(true);
    expect(isTrustBody(nested(MAX_BODY_DEPTH + 1))).toBe(false);
    expect(isTrustBody({ a: JSON.parse("[".repeat(MAX_BODY_DEPTH) + "]".repeat(MAX_BODY_DEPTH)) })).toBe(false);
  });

  it.each([
    ["none", '{"t":"trust"}'],
    ["null", trust(null)],
    ["a text", trust("room")],
    ["a number", trust(7)],
    ["a list", trust([{ kind: "room" }])],
    ["a list that is as deep as a message can hold", `{"t":"trust","body":${"[".repeat(8_000)}${"]".repeat(8_000)}}`],
    ["objects as deep", `{"t":"trust","body":${'{"":'.repeat(3_000)}0${"}".repeat(3_000)}}`],
    ["a number that JSON can write and no one can hold", '{"t":"trust","body":{"epoch":1e999}}'],
  ])("is malformed if it is %s", (_what, raw) => {
    expect(raw.length).toBeLessThanOrEqual(MAX_CONTROL_LENGTH);
    expect(decodeControl(raw)).toEqual({
      ok: false,
      error: { code: "malformed", message: "a malformed control message: trust" },
    });
  });

  it("brings no prototype with it: whatever it calls its keys, they are its own", () => {
    const raw =
      '{"t":"trust","body":{"__proto__":{"isOwner":true},"constructor":{"prototype":{"isOwner":true}},"toString":1}}';
    const decoded = decodeControl(raw);
    if (!decoded.ok || decoded.value?.t !== "trust") throw new Error("not taken");
    const { body } = decoded.value;
    expect(Object.keys(body)).toEqual(["__proto__", "constructor", "toString"]);
    expect(Object.getPrototypeOf(body)).toBe(Object.prototype);
    expect("isOwner" in body).toBe(false);
    expect("isOwner" in {}).toBe(false);
    expect(encodeControl(decoded.value)).toBe(raw);
  });

  it.each<[string, unknown]>([
    ["holds itself", endless],
    ["has more values than it has parts", { laughs }],
    ["is larger than any message", { a: "x".repeat(MAX_CONTROL_LENGTH) }],
    ["has keys that are", { ["x".repeat(MAX_CONTROL_LENGTH)]: 1 }],
    ["has a list longer than any message", { a: { length: 2 ** 32 - 1, list: new Array(2 ** 32 - 1) } }],
    ["has a hole", { a: new Array(1) }],
    ["is a map", new Map([["a", 1]])],
    ["holds bytes", { a: new Uint8Array(4) }],
    ["holds a date", { a: new Date(0) }],
    ["holds a big integer", { a: 1n }],
    ["holds nothing for a value", { a: undefined }],
    ["holds a function", { toJSON: () => ({ fine: true }) }],
    ["holds no number", { a: Number.NaN }],
    ["has another prototype", Object.create({ isOwner: true })],
  ])("out of a process that is not believed, is none if it %s", (_what, value) => {
    expect(isTrustBody(value)).toBe(false);
  });
});
