import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyPatch, diff } from "../../../shared/ipc/patch.ts";

const key = fc.oneof(fc.constantFrom("a", "b", "c", "__proto__", "constructor", "toString"), fc.string());
const scalar = fc.oneof(fc.boolean(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string());
/** JSON values without null outside of lists, as the states are that patches are made for. */
const { value, object } = fc.letrec<{ value: unknown; object: Record<string, unknown> }>((tie) => ({
  value: fc.oneof({ depthSize: "small" }, scalar, tie("object"), fc.array(fc.oneof(fc.constant(null), scalar))),
  object: fc
    .array(fc.tuple(key, tie("value")), { maxLength: 5 })
    .map((entries) => JSON.parse(JSON.stringify(Object.fromEntries(entries))) as Record<string, unknown>),
}));
const sent = (patch: unknown) => JSON.parse(JSON.stringify(patch)) as unknown;

describe("a merge patch", () => {
  it("makes any state of any other, also after it went over the wire", () => {
    fc.assert(
      fc.property(object, object, (before, after) => {
        const patch = diff(before, after);
        if (patch === undefined) expect(JSON.stringify(sorted(before))).toBe(JSON.stringify(sorted(after)));
        else expect(sorted(applyPatch(before, sent(patch)))).toEqual(sorted(after));
      }),
      { numRuns: 3_000 },
    );
  });

  it("is none between equal states", () => {
    fc.assert(fc.property(object, (state) => diff(state, sent(state)) === undefined));
  });

  it("changes nothing in place", () => {
    fc.assert(
      fc.property(object, object, (before, after) => {
        const [textBefore, textAfter] = [JSON.stringify(before), JSON.stringify(after)];
        applyPatch(before, diff(before, after) ?? {});
        expect([JSON.stringify(before), JSON.stringify(after)]).toEqual([textBefore, textAfter]);
      }),
    );
  });

  it("holds only what changed, and null for what is gone", () => {
    const before = { rooms: { den: { name: "Den", members: { a: 1, b: 2 } } }, list: [1, 2], gone: { deep: 1 } };
    const after = { rooms: { den: { name: "Den", members: { a: 1, c: 3 } } }, list: [1, 3], kept: undefined };
    expect(diff(before, after)).toEqual({ rooms: { den: { members: { b: null, c: 3 } } }, list: [1, 3], gone: null });
  });

  it("counts an undefined property as absent, as JSON does", () => {
    expect(diff({ a: undefined }, {})).toBeUndefined();
    expect(diff({}, { a: undefined })).toBeUndefined();
    expect(diff({ a: 1 }, { a: undefined })).toEqual({ a: null });
  });

  it.each([
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [["a", "b"], { c: 1 }, { c: 1 }],
    ["text", {}, {}],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])("makes of %j with %j what RFC 7396 says", (target, patch, result) => {
    expect(applyPatch(target, patch)).toEqual(result);
  });

  it("leaves prototypes alone, and keeps a property of any name", () => {
    const patch = JSON.parse('{"__proto__":{"polluted":true},"a":{"__proto__":{"b":1}}}') as unknown;
    const state = applyPatch({}, patch) as Record<string, Record<string, unknown>>;
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(state.polluted).toBeUndefined();
    expect(JSON.stringify(state)).toBe('{"__proto__":{"polluted":true},"a":{"__proto__":{"b":1}}}');
    expect(Object.getPrototypeOf(state.a)).toBe(Object.prototype);
    expect(JSON.stringify(applyPatch(state, JSON.parse('{"__proto__":null}')))).toBe('{"a":{"__proto__":{"b":1}}}');
  });
});

describe("what a patch does not touch", () => {
  const before = { rooms: { den: { members: { a: { n: 1 }, b: { n: 2 } } }, hut: {} }, list: [{ x: 1 }] };

  it("is the very same as before", () => {
    const after = applyPatch(before, { rooms: { den: { members: { b: { n: 3 } } } } }) as typeof before;
    expect(after).not.toBe(before);
    expect(after.rooms.den.members.b).toEqual({ n: 3 });
    expect(after.rooms.den.members.a).toBe(before.rooms.den.members.a);
    expect(after.rooms.hut).toBe(before.rooms.hut);
    expect(after.list).toBe(before.list);
  });

  it("includes what a patch names and leaves as it was", () => {
    expect(applyPatch(before, {})).toBe(before);
    expect(applyPatch(before, sent(before))).toBe(before);
    expect(applyPatch(before, { none: null, rooms: { none: null }, list: [{ x: 1 }] })).toBe(before);
  });

  it("is every part that two states have in common, for any two", () => {
    fc.assert(
      fc.property(object, object, value, (common, other, more) => {
        const old = { common, other };
        const made = applyPatch(old, sent(diff(old, { common: sent(common), other: { more } }))) as typeof old;
        expect(made.common).toBe(common);
      }),
    );
  });
});

/** Properties in the order of their names: objects are equal in any order. */
function sorted(state: unknown): unknown {
  if (Array.isArray(state)) return state.map(sorted);
  if (typeof state !== "object" || state === null) return Object.is(state, -0) ? 0 : state;
  const entries = Object.entries(state).map(([name, part]) => [name, sorted(part)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
