import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { type Installation, keepUpdated, type UpdaterPart } from "../../../electron/main/desktop/updater.ts";
import { silentLogger } from "../../../shared/base/logger.ts";
import { FakeClock } from "../../fakes/clock.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

class FakeUpdater extends EventEmitter implements UpdaterPart {
  autoDownload = true;
  autoInstallOnAppQuit = true;
  logger: object | null = {};
  checks = 0;
  async checkForUpdates(): Promise<void> {
    this.checks++;
  }
}

/** A released app that somebody installed for themselves. */
function app(change: Partial<Installation> = {}, env: Record<string, string> = {}) {
  const clock = new FakeClock();
  const updater = new FakeUpdater();
  const told: string[] = [];
  let loads = 0;
  const running = keepUpdated({
    installation: { isPackaged: true, packageType: undefined, hasSource: true, ...change },
    env,
    load: async () => {
      loads++;
      return updater;
    },
    tell: (news, version) => told.push(`${news} ${version}`),
    clock,
    logger: silentLogger,
  });
  return { clock, updater, told, running, loads: () => loads };
}

describe("looking for updates", () => {
  it.each<[string, Partial<Installation>, Record<string, string>]>([
    ["in a checkout", { isPackaged: false }, {}],
    ["in a package that was built at home", { hasSource: false }, {}],
    ["where it was switched off", {}, { GOVPN_UPDATES: "off" }],
  ])("is not done %s, and nothing of the updater is even loaded", async (_, installation, env) => {
    const { clock, loads } = app(installation, env);
    await clock.advance(2 * DAY_MS);
    expect(loads()).toBe(0);
  });

  it("is done a minute after the start and once a day from then on, until the app ends", async () => {
    const { clock, updater, running, loads } = app();
    await clock.advance(59_000);
    expect(loads()).toBe(0);
    await clock.advance(1_000);
    expect(updater.checks).toBe(1);
    await clock.advance(3 * DAY_MS);
    expect([updater.checks, loads()]).toEqual([4, 1]);
    running.dispose();
    await clock.advance(3 * DAY_MS);
    expect(updater.checks).toBe(4);
  });

  it("installs what it found when the app ends, and says so once", async () => {
    const { clock, updater, told } = app();
    await clock.advance(DAY_MS);
    expect(updater).toMatchObject({ autoDownload: true, autoInstallOnAppQuit: true, logger: null });
    updater.emit("update-available", { version: "1.2.3" });
    expect(told).toEqual([]);
    for (const version of ["1.2.3", "1.2.3", "1.2.4"]) updater.emit("update-downloaded", { version });
    expect(told).toEqual(["ready 1.2.3", "ready 1.2.4"]);
  });

  it.each<[string, Partial<Installation>, Record<string, string>]>([
    ["installing takes an administrator", { packageType: "deb" }, {}],
    ["nothing was installed: Windows' portable program", {}, { PORTABLE_EXECUTABLE_FILE: "D:\\GoVPN-portable.exe" }],
  ])("only tells of it where %s", async (_, installation, env) => {
    const { clock, updater, told } = app(installation, env);
    await clock.advance(DAY_MS);
    expect(updater).toMatchObject({ autoDownload: false, autoInstallOnAppQuit: false });
    for (const version of ["1.2.3", "1.2.3"]) updater.emit("update-available", { version });
    expect(told).toEqual(["there 1.2.3"]);
  });

  it("goes on after a failure", async () => {
    const { clock, updater } = app();
    updater.checkForUpdates = async () => {
      updater.checks++;
      throw new Error("no network");
    };
    await clock.advance(DAY_MS);
    updater.emit("error", new Error("no network"));
    await clock.advance(DAY_MS);
    expect(updater.checks).toBe(2);
  });
});
