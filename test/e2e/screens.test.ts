import type { BrowserContextOptions, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ListeningProgram } from "../netns/lab/host.ts";
import { joinRoom, type Member } from "../netns/lab/member.ts";
import { useLab } from "../netns/lab/use-lab.ts";
import { Audit, screenshot, useSteps } from "./support/day.ts";
import type { Person } from "./support/person.ts";
import { sitDown } from "./support/sit-down.ts";

/**
 * Every screen as it is with a real room behind it, in four looks, for people to look at (.test-output/screenshots);
 * axe looks at each as well, and none may be wider than its window.
 */

const WINDOW = { width: 900, height: 640 };
const PHONE = { width: 360, height: 740 };
const PIN = "4821";

interface Look {
  readonly name: string;
  readonly size: typeof WINDOW;
  readonly scheme: NonNullable<BrowserContextOptions["colorScheme"]>;
  readonly language: string;
  readonly direction: "ltr" | "rtl";
}
const light: Look = { name: "light", size: WINDOW, scheme: "light", language: "en", direction: "ltr" };
const looks: readonly Look[] = [
  light,
  { ...light, name: "dark", scheme: "dark" },
  { ...light, name: "narrow", size: PHONE },
  { ...light, name: "arabic", language: "ar", direction: "rtl" },
];

/** What a screen shows when it is there, whatever the language; and what leads to it from its place. */
interface Screen {
  readonly name: string;
  readonly place: string;
  readonly open?: (page: Page) => Promise<void>;
}
const key = (combination: string) => (page: Page) => page.keyboard.press(combination);
const screens: readonly Screen[] = [
  { name: "rooms", place: "#/rooms" },
  { name: "room", place: "#/room/ID" },
  { name: "invite", place: "#/room/ID", open: (page) => page.locator("main button:has(.lucide-user-plus)").click() },
  { name: "room-settings", place: "#/room/ID", open: (page) => page.locator("main button:has(.lucide-lock)").click() },
  { name: "activity", place: "#/activity" },
  { name: "diagnostics", place: "#/diagnostics" },
  { name: "settings", place: "#/settings" },
  { name: "about", place: "#/about" },
  { name: "commands", place: "#/rooms", open: key("Control+k") },
];

describe("every screen", () => {
  const lab = useLab({ hosts: 2 });
  let server: ListeningProgram;
  let ann: Person;
  let ben: Member;
  let roomId: string;
  const audit = new Audit();
  useSteps(() => ({ ann }));

  beforeAll(async () => {
    [server, ann] = await Promise.all([lab().host(2).serve(), sitDown(lab().host(1), "Ann")]);
  });
  afterAll(() => ann?.goHome());

  async function wear({ size, scheme, language }: Look): Promise<void> {
    const { page } = ann;
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await page.setViewportSize(size);
    await page.evaluate("location.hash = '#/settings'");
    await page.locator("select:has(option[value=ar])").selectOption(language);
    await page.locator(`html[lang=${language}]`).waitFor();
  }

  async function show({ name, place, open }: Screen, look: Look): Promise<void> {
    const { page } = ann;
    await page.evaluate(`location.hash = ${JSON.stringify(place.replace("ID", roomId))}`);
    await page.locator("main h1").first().waitFor();
    await open?.(page);
    if (open) await page.getByRole("dialog").waitFor();
    await page.evaluate("document.fonts.ready.then(() => undefined)");
    await screenshot(page, `${name}-${look.name}`);
    await audit.of(page, `${name} (${look.name})`);
    const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    expect.soft(overflow, `${name} is wider than the window (${look.name})`).toBeLessThanOrEqual(0);
    if (open) {
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
    }
  }

  it("begins with the first one", async () => {
    await ann.page.getByRole("heading", { name: "A private network for you and your people" }).waitFor();
    for (const look of looks.filter(({ language }) => language === "en")) {
      await ann.page.emulateMedia({ colorScheme: look.scheme, reducedMotion: "reduce" });
      await ann.page.setViewportSize(look.size);
      await screenshot(ann.page, `first-run-${look.name}`);
      await audit.of(ann.page, `first run (${look.name})`);
    }
  });

  it("goes on with a room, and another in it", async () => {
    const { page } = ann;
    await page.getByLabel("Your name").fill("Ann");
    await page.getByRole("radio", { name: /A server you know/ }).check();
    await page.getByLabel("Address of the server").fill(server.url);
    await page.getByRole("button", { name: "Look around first" }).click();
    await page.getByRole("heading", { name: "No room yet" }).waitFor();
    const room = await ann.ask<{ room_id: string; link: string }>("create", "Den", "--pin", PIN);
    roomId = room.room_id;
    const invitation = { server: server.url, roomId, pin: PIN, link: room.link };
    ben = await joinRoom(lab().host(2), invitation, { username: "Ben" });
    await page.getByRole("button", { name: "Den" }).first().click();
    await page.getByText("1 of 1 connected").waitFor();
  });

  it.each(looks)("is drawn $name", async (look) => {
    await wear(look);
    expect(await ann.page.evaluate("document.documentElement.dir")).toBe(look.direction);
    for (const screen of screens) await show(screen, look);
  });

  it("was without trouble", () => {
    expect(ann.trouble).toEqual([]);
    expect(ben.up.program.running).toBe(true);
  });

  it("keeps nobody out: axe found nothing", () => {
    expect(audit.findings).toEqual([]);
  });
});
