import { describe, expect, it } from "vitest";
import { hasDesktop } from "../../../electron/cli/browser.ts";

const person = { platform: "linux", env: { DISPLAY: ":0" }, uid: 1000, isTerminal: true } as const;

describe("a browser is opened by itself", () => {
  it("for somebody who sits before the machine", () => {
    expect(hasDesktop(person)).toBe(true);
    expect(hasDesktop({ ...person, env: { WAYLAND_DISPLAY: "wayland-0" } })).toBe(true);
    expect(hasDesktop({ platform: "darwin", env: {}, uid: 501, isTerminal: true })).toBe(true);
    expect(hasDesktop({ platform: "win32", env: {}, uid: undefined, isTerminal: true })).toBe(true);
  });

  it("for nobody else", () => {
    expect(hasDesktop({ ...person, env: {} })).toBe(false);
    expect(hasDesktop({ ...person, isTerminal: false })).toBe(false);
    expect(hasDesktop({ ...person, env: { DISPLAY: ":10", SSH_CONNECTION: "192.0.2.1 50000 192.0.2.2 22" } })).toBe(
      false,
    );
  });

  it("for no root, whose browser would run as root", () => {
    expect(hasDesktop({ ...person, uid: 0 })).toBe(false);
  });
});
