import { describe, expect, it, type TestContext } from "vitest";
import { startSessionBus } from "../contract/session-bus.ts";
import { useLab } from "../netns/lab/use-lab.ts";
import { launchApp } from "./support/app.ts";
import { electron } from "./support/sit-down.ts";

/** Electron asks the bus, and the app its profile, on a busy machine. */
const SOON = { timeout: 20_000 };

/** A session bus of its own, with somebody on it who shows icons: StatusNotifierItem, as KDE does and GNOME's extension. */
describe("on a desktop that shows tray icons", () => {
  const lab = useLab({ hosts: 1 });
  const skip = (test: TestContext) =>
    test.skip("no icon without Electron itself: its stand-in and a browser have none");

  it("the app gives it one icon, and closing the window hides it there", async (test) => {
    if (electron === undefined) return skip(test);
    const bus = await startSessionBus();
    const icons = await bus.showTray();
    const app = await launchApp(lab().host(1), { electron, needsScreen: true }, bus.env);
    try {
      const version = await app.evaluate(() => process.versions.electron);
      if (version === undefined) return skip(test);
      const window = () => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible());
      await expect.poll(() => icons, SOON).toHaveLength(1);
      await expect.poll(window, SOON).toBe(true);
      await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
      await expect.poll(window, SOON).toBe(false);
      expect(icons).toHaveLength(1);
    } finally {
      await app.close();
      await bus.stop();
    }
  });
});
