import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useLab } from "../netns/lab/use-lab.ts";
import { useSteps } from "./support/day.ts";
import type { Person } from "./support/person.ts";
import { sitDown } from "./support/sit-down.ts";

/** The first quarter of an hour without a mouse. Nothing here clicks: what has the focus is asked by its role and name. */
describe("by keyboard alone", () => {
  const lab = useLab({ hosts: 1 });
  let ann: Person;
  useSteps(() => ({ ann }));
  beforeAll(async () => {
    ann = await sitDown(lab().host(1), "Ann");
  });
  afterAll(() => ann?.goHome());

  /** More stops than any screen has. */
  const MAX_STOPS = 40;
  const press = (...keys: string[]) =>
    keys.reduce((done, key) => done.then(() => ann.page.keyboard.press(key)), Promise.resolve());
  const type = (text: string) => ann.page.keyboard.type(text);

  /** What has the focus, as its role and name are told to a screen reader. */
  async function focused(): Promise<string> {
    const focus = ann.page.locator(":focus");
    if ((await focus.count()) === 0) return "the page";
    const shown = await focus.ariaSnapshot();
    return shown.split("\n", 1)[0]?.replace(/^- '?/, "") ?? "";
  }

  /** The ring of the control itself, or of the frame or the card around it. */
  const HAS_RING = `[0, 1, 2].some((above) => {
    let element = document.activeElement;
    for (let i = 0; i < above; i++) element = element?.parentElement;
    return element && getComputedStyle(element).outlineStyle !== "none";
  })`;

  /** Presses Tab until that has the focus, which must be seen there. */
  async function tabTo(what: RegExp, key = "Tab"): Promise<void> {
    const passed: string[] = [];
    for (let stop = 0; stop < MAX_STOPS; stop++) {
      const here = await focused();
      if (what.test(here))
        return expect(await ann.page.evaluate(HAS_RING), `${here} shows that it has the focus`).toBe(true);
      passed.push(here);
      await press(key);
    }
    throw new Error(`${key} never came to ${what}, only to:\n${passed.join("\n")}`);
  }
  const heading = (name: string) => ann.page.getByRole("heading", { name, exact: true }).waitFor();
  const dialog = (name: string) => ann.page.getByRole("dialog", { name });

  /** Opens the commands, types until that one is the chosen one, and takes it. */
  async function command(text: string, name: string): Promise<void> {
    await press("Control+k");
    await expect.poll(focused).toMatch(/^combobox/);
    await type(text);
    await dialog("Commands").getByRole("option", { name, selected: true }).waitFor();
    await press("Enter");
  }

  it("the first screen has the focus in its first field, and takes the arrow keys for the server", async () => {
    await heading("A private network for you and your people");
    await expect.poll(focused).toMatch(/^textbox "Your name"/);
    await press("Control+a");
    await type("Ann");
    await tabTo(/^radio "This computer/);
    await press("ArrowDown", "ArrowDown");
    expect(await focused()).toMatch(/^radio "Only on this computer.* \[checked\]/);
    await tabTo(/^button "Create a room"/);
    await press("Enter");
    await dialog("New room").waitFor();
  });

  it("a dialog keeps the focus inside, says what is missing, and is sent with Enter", async () => {
    await expect.poll(focused).toMatch(/^textbox "Name"/);
    await press("Enter");
    await dialog("New room").getByText("A room needs a name of 1 to 64 characters.").waitFor();
    const isInside = '!!document.activeElement.closest("[role=dialog]")';
    for (let i = 0; i < 8; i++) {
      await press("Tab");
      expect(await ann.page.evaluate(isInside)).toBe(true);
    }
    await tabTo(/^textbox "Name"/);
    await type("Den");
    await press("Enter");
    await expect.poll(focused).toMatch(/^dialog "Invite to “Den”/);
    await press("Escape");
    await heading("Den");
  });

  it("a menu opens, is walked with the arrows, and gives the focus back", async () => {
    await tabTo(/^button "Room menu"/);
    await press("Enter");
    await expect.poll(focused).toMatch(/^menuitem "Rename"/);
    await press("ArrowDown");
    await expect.poll(focused).toMatch(/^menuitem "Room settings"/);
    await press("ArrowUp");
    await expect.poll(focused).toMatch(/^menuitem "Rename"/);
    await press("Enter");
    await expect.poll(focused).toMatch(/^textbox "Name"/);
    await press("Control+a");
    await type("Our den");
    await press("Enter");
    await heading("Our den");
    await tabTo(/^button "Room menu"/);
    await press("Enter");
    await expect.poll(focused).toMatch(/^menuitem/);
    await press("Escape");
    await expect.poll(focused).toMatch(/^button "Room menu"/);
  });

  it("the room's settings are reached from its badge, changed, and give the focus back", async () => {
    await tabTo(/^button "Sealed"/, "Shift+Tab");
    await press("Enter");
    await expect.poll(focused).toMatch(/^dialog "Settings of “Our den”/);
    await tabTo(/^combobox "Who may let others in"/);
    await type("Every");
    await expect.poll(() => ann.page.getByLabel("Who may let others in").inputValue()).toBe("members");
    await press("Escape");
    await expect.poll(focused).toMatch(/^button "Sealed"/);
  });

  it("the first stop of every screen skips to its content", async () => {
    await ann.page.reload();
    await heading("Our den");
    await press("Tab");
    expect(await focused()).toMatch(/^link "Skip to content"/);
    await press("Enter");
    expect(await ann.page.evaluate("document.activeElement.tagName")).toBe("MAIN");
  });

  it("the switch disconnects and connects with Space", async () => {
    await tabTo(/^switch "Connect this computer" \[checked\]/, "Shift+Tab");
    await press("Space");
    await ann.page.getByText("Your rooms are kept. Nobody reaches this computer through them.").waitFor();
    await press("Space");
    await ann.page.getByText("Nobody else is here yet.").waitFor();
  });

  it("the commands open with Ctrl+K, are found by typing, and lead anywhere", async () => {
    await command("diag", "Diagnostics");
    await heading("Diagnostics");
    await command("our den", "Our den");
    await heading("Our den");
  });

  it("settings are changed with the arrow keys", async () => {
    await tabTo(/^button "Settings"/);
    await press("Enter");
    await heading("Settings");
    await tabTo(/^tab "General"/);
    await press("ArrowRight");
    await expect.poll(focused).toMatch(/^tab "Server" \[selected\]/);
    await press("ArrowLeft");
    await tabTo(/^combobox "Colours"/);
    await type("Dark");
    await expect.poll(() => ann.page.evaluate("getComputedStyle(document.documentElement).colorScheme")).toBe("dark");
  });

  it("the room is closed after a question, of which Escape is a no", async () => {
    await command("our den", "Our den");
    await heading("Our den");
    const question = ann.page.getByRole("alertdialog", { name: "Close “Our den” for everybody?" });
    for (const answer of ["Escape", "Enter"]) {
      await tabTo(/^button "Room menu"/);
      await press("Enter");
      await expect.poll(focused).toMatch(/^menuitem "Rename"/);
      await press("End");
      await expect.poll(focused).toMatch(/^menuitem "Close for everybody"/);
      await press("Enter");
      // What cannot be undone is not the answer that is there already.
      await expect.poll(focused).toMatch(/^(alertdialog|button "Cancel")/);
      if (answer === "Enter") await tabTo(/^button "Close the room"/);
      await press(answer);
      await question.waitFor({ state: "detached" });
    }
    await heading("No room yet");
  });

  it("was without trouble", () => {
    expect(ann.trouble).toEqual([]);
  });
});
