import { describe, expect, it } from "vitest";
import { BoundedMap } from "../../../electron/server/bounded-map.ts";

describe("a bounded map", () => {
  it("forgets what was used longest ago", () => {
    const map = new BoundedMap<string, number>(2);
    map.set("a", 1);
    map.set("b", 2);
    map.get("a");
    map.set("c", 3);
    expect([map.get("a"), map.get("b"), map.get("c")]).toEqual([1, undefined, 3]);
    expect(map.size).toBe(2);
  });

  it("forgets nothing when an entry is replaced", () => {
    const map = new BoundedMap<string, number>(2);
    map.set("a", 1);
    map.set("b", 2);
    map.set("b", 3);
    expect([map.get("a"), map.get("b")]).toEqual([1, 3]);
  });
});
