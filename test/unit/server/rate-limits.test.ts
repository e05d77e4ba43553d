import { describe, expect, it } from "vitest";
import { RateLimits } from "../../../electron/server/rate-limits.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const at = (group: string, isLimited = true) => ({ group, isLimited });

describe("new rooms", () => {
  const create = (limits: RateLimits, address: ReturnType<typeof at>, times: number, now = 0) =>
    Array.from({ length: times }, () => limits.mayCreate(address, now)).filter(Boolean).length;

  it("of one address are 300 at once, then one in some five minutes, whatever its keys", () => {
    const limits = new RateLimits(3);
    expect(create(limits, at("192.0.2.1"), 1_000)).toBe(300);
    expect(create(limits, at("192.0.2.1"), 1_000, DAY / 2)).toBe(150);
    expect(create(limits, at("192.0.2.2"), 1)).toBe(1);
  });

  it("of this machine, and of a server without a rate limit, are not counted", () => {
    expect(create(new RateLimits(3), at("127.0.0.1", false), 1_000)).toBe(1_000);
    expect(create(new RateLimits(0), at("192.0.2.1"), 1_000)).toBe(1_000);
  });
});
