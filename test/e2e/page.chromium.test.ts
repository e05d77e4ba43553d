import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useLab } from "../netns/lab/use-lab.ts";
import { Audit, useSteps } from "./support/day.ts";
import { type HeadlessPerson, sitDownAtBrowser, startHost } from "./support/headless.ts";

/** How a browser gets in, stays in, and what it shows when the program behind it goes. */
describe("the page of a headless host", () => {
  const lab = useLab({ hosts: 1 });
  let ann: HeadlessPerson;
  const audit = new Audit();
  useSteps(() => ({ ann }));
  beforeAll(async () => {
    ann = await sitDownAtBrowser(lab().host(1), "Ann");
  });
  afterAll(() => ann?.goHome());

  const rooms = { name: "No room yet" };

  it("opens by its link, which is gone from the address at once", async () => {
    await ann.page.getByRole("heading", { name: "A private network for you and your people" }).waitFor();
    expect(ann.page.url()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/(#\/.*)?$/);
    expect(await ann.page.evaluate("history.length")).toBeLessThanOrEqual(2);
    await ann.page.getByRole("button", { name: "Look around first" }).click();
    await ann.page.getByRole("heading", rooms).waitFor();
  });

  it("holds a key that no script can read as a cookie, and no other page gets", async () => {
    const cookies = await ann.page.context().cookies();
    expect(cookies).toEqual([
      expect.objectContaining({ httpOnly: true, sameSite: "Strict", domain: "127.0.0.1", path: "/" }),
    ]);
    expect(await ann.page.evaluate("document.cookie")).toBe("");
  });

  it("is still let in after a reload, and in another tab", async () => {
    await ann.page.reload();
    await ann.page.getByRole("heading", rooms).waitFor();
    const tab = await ann.anotherTab();
    await tab.goto(new URL("/", ann.page.url()).href);
    await tab.getByRole("heading", rooms).waitFor();
    // What is chosen in one is chosen in both.
    await tab.evaluate("location.hash = '#/settings'");
    await tab.getByLabel("Colours").selectOption({ label: "Dark" });
    await expect.poll(() => ann.page.evaluate("getComputedStyle(document.documentElement).colorScheme")).toBe("dark");
    await tab.getByLabel("Colours").selectOption({ label: "As the system" });
    await tab.close();
  });

  it("does not open in another browser by a link that was used", async () => {
    const { url } = await ann.program.waitFor(({ event }) => event === "ui");
    const other = await ann.browser.newContext();
    const page = await other.newPage();
    await page.goto(String(url));
    await page.getByRole("heading", { name: "Open a new link" }).waitFor();
    await audit.of(page, "signed out");
    const fresh = await ann.ask<{ url: string }>("ui");
    await page.goto(fresh.url);
    await page.getByRole("heading", rooms).waitFor();
    await other.close();
  });

  it("has run no script but its own, and written no error", () => {
    expect(ann.trouble).toEqual([]);
  });

  it("says that the program is gone, and does not pretend otherwise", async () => {
    const { port } = new URL(ann.page.url());
    await ann.program.stop();
    await ann.page.getByText("GoVPN has stopped").waitFor();
    await ann.page.getByText("Not sure").waitFor();
    await audit.of(ann.page, "program gone");
    // The same place, another program: it knows nobody, and asks for a link.
    await startHost(ann.host, ["--ui", port]);
    await ann.page.getByRole("heading", { name: "Open a new link" }).waitFor();
    const { url } = await ann.ask<{ url: string }>("ui");
    await ann.page.goto(url);
    await ann.page.getByRole("heading", rooms).waitFor();
  });

  it("kept nobody out: axe found nothing", () => {
    expect(audit.findings).toEqual([]);
  });
});
