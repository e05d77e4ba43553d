import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { defaultSettings, Settings, SettingsChange } from "../../../shared/ipc/settings.ts";

describe("settings", () => {
  it("have a default for everything, so that half a file still reads", () => {
    expect(v.parse(Settings, {})).toEqual(defaultSettings);
    expect(v.parse(Settings, { theme: "dark" })).toEqual({ ...defaultSettings, theme: "dark" });
  });

  it("go into a file and come back", () => {
    expect(v.parse(Settings, JSON.parse(JSON.stringify(defaultSettings)))).toEqual(defaultSettings);
  });

  it("hold no null, which a patch could not tell from absence", () => {
    expect(JSON.stringify(defaultSettings)).not.toContain("null");
  });

  it.each([
    { theme: "pink" },
    { mtu: 900 },
    { mtu: 9_000 },
    { server: { kind: "embedded", reach: "moon", port: 1 } },
    { server: { kind: "embedded", reach: "network", port: 70_000 } },
    { server: { kind: "url", url: "" } },
    { username: "x".repeat(33) },
    { language: "tlh" },
    { turn: [{ url: "x" }] },
    { stun: Array.from({ length: 9 }, () => "a:1") },
  ])("refuse %j", (change) => {
    expect(v.is(SettingsChange, change)).toBe(false);
  });

  it("change by what is named alone, down to a single notification", () => {
    expect(v.parse(SettingsChange, {})).toEqual({});
    const change = { mtu: 1_300, notifications: { rooms: false } };
    expect(v.parse(SettingsChange, change)).toEqual(change);
  });
});
