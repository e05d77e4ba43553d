import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Pins } from "../../../electron/server/pins.ts";

const pins = () => new Pins((length) => randomBytes(length));

describe("a sealed PIN", () => {
  it("matches the PIN and no other", async () => {
    const sealing = pins();
    const sealed = await sealing.seal("0042", "a");
    expect(await sealing.matches("room", sealed, "0042", "a")).toBe(true);
    expect(await sealing.matches("room", sealed, "0043", "a")).toBe(false);
  });

  it("has a salt of its own, so that equal PINs do not look alike", async () => {
    const sealing = pins();
    const [one, two] = await Promise.all([sealing.seal("1234", "a"), sealing.seal("1234", "a")]);
    expect(one.salt).not.toEqual(two.salt);
    expect(one.hash).not.toEqual(two.hash);
  });

  it("is compared without hashing once the right PIN was seen, for that room", async () => {
    const sealing = pins();
    const sealed = await sealing.seal("1234", "a");
    expect(sealing.matchesRemembered("room", "1234")).toBeUndefined();
    await sealing.matches("room", sealed, "9999", "a");
    expect(sealing.matchesRemembered("room", "1234")).toBeUndefined();
    await sealing.matches("room", sealed, "1234", "a");
    expect(sealing.matchesRemembered("room", "1234")).toBe(true);
    expect(sealing.matchesRemembered("room", "1235")).toBe(false);
    expect(sealing.matchesRemembered("other", "1234")).toBeUndefined();
    sealing.forget("room");
    expect(sealing.matchesRemembered("room", "1234")).toBeUndefined();
  });
});
