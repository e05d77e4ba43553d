import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Status } from "../netns/lab/member.ts";
import { useLab } from "../netns/lab/use-lab.ts";
import { sitDownAtApp } from "./support/app.ts";
import { useSteps } from "./support/day.ts";
import type { Person } from "./support/person.ts";

/** Node with the app's main in it, and Chromium for a window. */
const STAND_IN = fileURLToPath(new URL("../fakes/electron-in-chromium/electron", import.meta.url));

/** How the specs come by the desktop app's window, by the same way as on Electron, with a stand-in at its end. */
describe("the desktop app, on a stand-in for Electron", () => {
  const lab = useLab({ hosts: 1 });
  let ann: Person;
  useSteps(() => ({ ann }));
  beforeAll(async () => {
    ann = await sitDownAtApp(lab().host(1), "Ann", {}, { electron: STAND_IN, needsScreen: false });
  });
  afterAll(() => ann?.goHome());

  it("shows its first screen, in a window of the size that was asked for", async () => {
    await ann.page.getByRole("heading", { name: "A private network for you and your people" }).waitFor();
    expect(await ann.page.evaluate("[innerWidth, innerHeight]")).toEqual([900, 640]);
  });

  it("makes a room, with a device on its own machine, and copies the link to it", async () => {
    const { page } = ann;
    await page.getByLabel("Your name").fill("Ann");
    await page.getByRole("radio", { name: /^Only on this computer/ }).check();
    await page.getByRole("button", { name: "Create a room" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Den");
    await page.getByRole("button", { name: "Create", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Invite to “Den”" });
    await dialog.getByRole("button", { name: /^Copy Link: govpn:/ }).click();
    expect(await ann.clipboard()).toMatch(/^govpn:\/\/join\/[0-9a-f]{16}\?/);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    expect(await ann.ask<Status>("status")).toMatchObject({ tunnel: { state: "up" }, rooms: [{ name: "Den" }] });
  });

  it("is connected to its program again when its page was loaded anew", async () => {
    await ann.page.reload();
    await ann.page.getByRole("heading", { name: "Den" }).waitFor();
    await ann.page.getByRole("switch", { name: "Connect this computer" }).click();
    await ann.page.getByText("Your rooms are kept. Nobody reaches this computer through them.").waitFor();
  });

  it("was without trouble", () => {
    expect(ann.trouble).toEqual([]);
  });

  it("ends with its window, and leaves nothing running", async () => {
    await ann.goHome();
    expect(lab().running()).toEqual([]);
    expect(await lab().host(1).govpn(["status"])).toMatchObject({ code: 1 });
    const { stdout } = await lab().host(1).run("ip", ["-o", "link", "show", "type", "tun"]);
    expect(stdout).toBe("");
  });
});
