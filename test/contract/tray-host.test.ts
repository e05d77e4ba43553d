import { spawnSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Run, toolRunner, trayHost } from "../../electron/main/desktop/tray-host.ts";
import { hasSessionBus, type SessionBus, startSessionBus } from "./session-bus.ts";

describe.skipIf(!hasSessionBus)("whether a Linux desktop shows tray icons, asked on a real session bus", () => {
  let bus: SessionBus;
  beforeEach(async () => {
    bus = await startSessionBus();
  });
  afterEach(() => bus.stop());

  /** The tools of this machine, but for those that came before this one. */
  const only =
    (wanted: string): Run =>
    async (tool, args) =>
      tool === wanted ? toolRunner(bus.env)(tool, args) : undefined;

  it("is denied where nobody watches for them, as on GNOME without an extension", async () => {
    expect(await trayHost("linux", toolRunner(bus.env))()).toBe(false);
  });

  it("is said where somebody does", async () => {
    await bus.own("org.kde.StatusNotifierWatcher");
    expect(await trayHost("linux", toolRunner(bus.env))()).toBe(true);
  });

  it.for(["dbus-send", "gdbus"])("is said and denied by %s", async (tool, { skip }) => {
    skip(spawnSync(tool).error !== undefined, `${tool} is not installed`);
    const ask = trayHost("linux", only(tool));
    expect(await ask()).toBe(false);
    await bus.own("org.kde.StatusNotifierWatcher");
    expect(await ask()).toBe(true);
  });

  it("is denied where there is no session", async () => {
    expect(await trayHost("linux", toolRunner({ PATH: process.env.PATH }))()).toBe(false);
  });

  it("is answered by what stands in for a desktop that shows them, which is given icons", async () => {
    const watcher = "org.kde.StatusNotifierWatcher";
    const icons = await bus.showTray();
    const call = (...args: string[]) =>
      toolRunner(bus.env)("dbus-send", [
        "--session",
        "--print-reply",
        `--dest=${watcher}`,
        "/StatusNotifierWatcher",
        ...args,
      ]);
    const get = (property: string) =>
      call("org.freedesktop.DBus.Properties.Get", `string:${watcher}`, `string:${property}`);
    expect(await get("IsStatusNotifierHostRegistered")).toContain("boolean true");
    expect(await get("ProtocolVersion")).toBeUndefined();
    expect(await call(`${watcher}.RegisterStatusNotifierItem`, "string:org.kde.StatusNotifierItem-7-1")).toBeDefined();
    expect(icons).toEqual(["org.kde.StatusNotifierItem-7-1"]);
  });
});
