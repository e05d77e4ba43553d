import type { Locator } from "playwright";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ListeningProgram } from "../netns/lab/host.ts";
import { ping } from "../netns/lab/traffic.ts";
import { useLab } from "../netns/lab/use-lab.ts";
import { Audit, useSteps } from "./support/day.ts";
import type { Person } from "./support/person.ts";
import { sitDown } from "./support/sit-down.ts";

/**
 * A person's day: each test goes on where the one before it ended.
 *
 *   host 1: ann, her window ═══ tunnel ═══ bob, his window :host 2
 *                  └────────────┬──────────────┘
 *                    10.66.0.3: govpn serve
 *                               │
 *   host 4: cem, his window ───┘ with the room's id and PIN alone
 */

/** Wide enough for every column. */
const viewport = { width: 1280, height: 800 };
const PIN = "4821";

describe("a day with GoVPN", () => {
  const lab = useLab({ hosts: 4 });
  let server: ListeningProgram;
  let serve: () => Promise<ListeningProgram>;
  let ann: Person;
  let bob: Person;
  let cem: Person;
  let link: string;
  const audit = new Audit();
  useSteps(() => ({ ann, bob, cem }));

  beforeAll(async () => {
    const data = lab().host(3).newProfile();
    serve = () => lab().host(3).serve(["--data", data, "--rate-limit", "0"]);
    [server, ann, bob] = await Promise.all([
      serve(),
      sitDown(lab().host(1), "Ann", { viewport }),
      sitDown(lab().host(2), "Bob", { viewport }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([ann?.goHome(), bob?.goHome(), cem?.goHome()]);
  });

  const heading = ({ page }: Person, name: string) => page.getByRole("heading", { name, exact: true });
  /** The line of a member in the room that is shown. */
  const member = ({ page }: Person, name: string) =>
    page
      .getByRole("region", { name: /^Members of / })
      .getByRole("listitem")
      .filter({ hasText: name });
  const said = ({ page }: Person, text: string) => page.getByRole("status").filter({ hasText: text }).first();
  const wordsOf = async (list: Locator) => {
    await list.getByRole("listitem").nth(7).waitFor();
    return list.getByRole("listitem").allTextContents();
  };
  const roomIdOf = (invitation: string) => new URL(invitation).pathname.slice(1);
  const seen = (...what: Locator[]) => Promise.all(what.map((each) => each.waitFor()));

  it("begins with a name and a server", async () => {
    const { page } = ann;
    await heading(ann, "A private network for you and your people").waitFor();
    await audit.of(page, "first run");
    await page.getByLabel("Your name").fill("Ann");
    await page.getByRole("radio", { name: /A server you know/ }).check();
    await page.getByLabel("Address of the server").fill(server.url);
    await page.getByText(/^It answers, in /).waitFor();
    await page.getByRole("button", { name: "Create a room" }).click();
    await page.getByRole("dialog", { name: "New room" }).waitFor();
    await audit.of(page, "new room");
  });

  it("goes on with a room, and an invitation to it", async () => {
    const { page } = ann;
    await page.getByLabel("Name", { exact: true }).fill("Den");
    await page.getByLabel("PIN", { exact: true }).fill(PIN);
    await page.getByRole("button", { name: "Create", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Invite to “Den”" });
    await dialog.getByText(PIN).waitFor();
    await audit.of(page, "invitation");
    await dialog.getByRole("button", { name: /^Copy Link: govpn:/ }).click();
    link = await ann.clipboard();
    expect(link).toMatch(/^govpn:\/\/join\/[0-9a-f]{16}\?/);
    expect(link).toMatch(/#k=[\w-]{43}&o=[\w-]{22}$/);
    expect(new URL(link).search).not.toContain(PIN);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await heading(ann, "Den").waitFor();
  });

  it("lets another straight in by the link, which holds the room's key, and the PIN", async () => {
    const { page } = bob;
    await page.getByLabel("Your name").fill("Bob");
    await page.getByRole("button", { name: "I was invited" }).click();
    const dialog = page.getByRole("dialog", { name: "Join a room" });
    await dialog.getByLabel("Link or room id").fill(link);
    // The link names another server than Bob's own: he is asked before anything is dialled.
    await dialog.getByText("This room is on another server").waitFor();
    await audit.of(page, "join dialog");
    await dialog.getByRole("button", { name: "Use 10.66.0.3:8080" }).click();
    await dialog.getByText("This link holds the room’s key: you go straight in.").waitFor();
    await dialog.getByLabel("PIN").fill(PIN);
    await dialog.getByRole("button", { name: "Join" }).click();
    await seen(heading(bob, "Den"), member(bob, "Ann").getByRole("button", { name: "Verified" }));
    await seen(member(ann, "Bob").getByRole("button", { name: "Verified" }), said(ann, "Connected"));
  });

  it("carries traffic, and shows how much", async () => {
    const { ipv4 } = await ann.ask<{ ipv4: string }>("status");
    await member(bob, "Ann")
      .getByRole("button", { name: `Copy address of Ann: ${ipv4}` })
      .waitFor();
    await member(ann, "Bob").getByText("Direct").waitFor();
    const pinging = ping(bob.host, ipv4, { count: 150, intervalMs: 20, size: 1000 });
    await member(ann, "Bob")
      .getByText(/^from Bob: [1-9]/)
      .waitFor({ state: "attached" });
    expect(await pinging).toMatchObject({ sent: 150, received: 150 });
    await audit.of(ann.page, "room");
  });

  it("renames the room for everybody", async () => {
    const { page } = ann;
    await page.getByRole("button", { name: "Room menu" }).click();
    await page.getByRole("menuitem", { name: "Rename" }).click();
    await page.getByRole("dialog", { name: "Rename the room" }).getByLabel("Name").fill("Our den");
    await audit.of(page, "rename dialog");
    await page.getByRole("button", { name: "Rename" }).click();
    await seen(heading(ann, "Our den"), heading(bob, "Our den"));
  });

  it("changes its language and its colours for whoever wants that, at once", async () => {
    const { page } = ann;
    await page.getByRole("button", { name: "Settings" }).click();
    await page.getByLabel("Language").selectOption({ label: "Deutsch" });
    await heading(ann, "Einstellungen").waitFor();
    await page.locator("html[lang=de][dir=ltr]").waitFor();
    await page.getByLabel("Sprache").selectOption({ label: "العربية" });
    await page.locator("html[lang=ar][dir=rtl]").waitFor();
    await page.locator("select:has(option[value=ar])").selectOption("en");
    await heading(ann, "Settings").waitFor();
    for (const tab of ["Server", "Notifications", "Network", "Backup", "General"]) {
      await page.getByRole("tab", { name: tab }).click();
      await audit.of(page, `settings, ${tab}`);
    }
    const colours = () => page.evaluate("getComputedStyle(document.documentElement).colorScheme");
    await page.getByLabel("Colours").selectOption({ label: "Dark" });
    await expect.poll(colours).toBe("dark");
    await page.getByLabel("Colours").selectOption({ label: "Light" });
    await expect.poll(colours).toBe("light");
    await page
      .getByRole("navigation", { name: "Rooms" })
      .getByRole("button", { name: /Our den/ })
      .click();
    await heading(ann, "Our den").waitFor();
  });

  it("goes on without the server, and says so", async () => {
    await server.kill();
    await seen(said(ann, "The members you have still answer; the server does not."));
    await audit.of(ann.page, "server lost");
    const { ipv4 } = await bob.ask<{ ipv4: string }>("status");
    expect(await ping(ann.host, ipv4)).toMatchObject({ sent: 3, received: 3 });
    server = await serve();
    await seen(said(ann, "The other member answers."), said(bob, "The other member answers."));
  });

  it("has words to compare, which are the same on both screens", async () => {
    await ann.page.getByRole("button", { name: "Menu for Bob" }).click();
    await ann.page.getByRole("menuitem", { name: "Compare words…" }).click();
    const dialog = ann.page.getByRole("dialog", { name: "Compare words with Bob" });
    const shown = await wordsOf(dialog.getByRole("list", { name: "Words of Bob" }));
    await audit.of(ann.page, "compare dialog");
    await bob.page.getByRole("button", { name: "Menu for Bob" }).click();
    await bob.page.getByRole("menuitem", { name: "Your words…" }).click();
    const own = bob.page.getByRole("dialog", { name: "Your words" });
    expect(await wordsOf(own.getByRole("list"))).toEqual(shown);
    expect(shown).toHaveLength(8);
    await bob.page.keyboard.press("Escape");
    await own.waitFor({ state: "detached" });
    await dialog.getByRole("button", { name: "They match" }).click();
    await member(ann, "Bob").getByRole("button", { name: "Words compared" }).waitFor();
  });

  it("keeps what a member may reach, and counts what it kept out", async () => {
    const { ipv4 } = await ann.ask<{ ipv4: string }>("status");
    await ann.page.getByRole("button", { name: "Menu for Bob" }).click();
    await ann.page.getByRole("menuitem", { name: "What Bob may reach…" }).click();
    const dialog = ann.page.getByRole("dialog", { name: "What Bob may reach here" });
    await dialog.getByRole("radio", { name: "Nothing" }).check();
    await audit.of(ann.page, "reach dialog");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    expect(await ping(bob.host, ipv4)).toMatchObject({ received: 0 });
    const { ipv4: bobs } = await bob.ask<{ ipv4: string }>("status");
    expect(await ping(ann.host, bobs)).toMatchObject({ sent: 3, received: 3 });
    await ann.page.getByRole("button", { name: "Menu for Bob" }).click();
    await ann.page.getByRole("menuitem", { name: "What Bob may reach…" }).click();
    await dialog.getByText(/^Packets kept out so far: [1-9]/).waitFor();
    await dialog.getByRole("radio", { name: "As in the room" }).check();
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    await expect.poll(() => ping(bob.host, ipv4)).toMatchObject({ received: 3 });
  });

  it("says in the dialog what is wrong with an invitation, and changes nothing", async () => {
    cem = await sitDown(lab().host(4), "Cem", { viewport });
    const { page } = cem;
    await page.getByLabel("Your name").fill("Cem");
    await page.getByRole("radio", { name: /A server you know/ }).check();
    await page.getByLabel("Address of the server").fill(server.url);
    await page.getByRole("button", { name: "I was invited" }).click();
    const dialog = page.getByRole("dialog", { name: "Join a room" });
    const invitation = dialog.getByLabel("Link or room id");
    for (const [hostile, sentence] of [
      ["govpn://kick/0123456789abcdef", "The link asks for something else than joining a room."],
      ["govpn://join/%2e%2e%2fetc", "The link names no room."],
      [
        "govpn://join/0123456789abcdef?server=file:///etc/passwd",
        "The link names a server by an address that GoVPN does not use.",
      ],
    ] as const) {
      await invitation.fill(hostile);
      await dialog.getByText(sentence).waitFor();
    }
    await audit.of(page, "refused link");
    await invitation.fill("0123456789abcdef");
    await dialog.getByLabel("PIN").fill("12");
    await dialog.getByRole("button", { name: "Join" }).click();
    await dialog.getByText("A PIN is exactly four digits.").waitFor();
    await dialog.getByLabel("PIN").fill(PIN);
    await dialog.getByRole("button", { name: "Join" }).click();
    await dialog.getByText("There is no room with this id on the server.").waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await heading(cem, "No room yet").waitFor();
  });

  it("has whoever comes with id and PIN alone wait at the door", async () => {
    const { page } = cem;
    await page.getByRole("button", { name: "Join a room" }).first().click();
    const dialog = page.getByRole("dialog", { name: "Join a room" });
    await dialog.getByLabel("Link or room id").fill(roomIdOf(link));
    await dialog.getByText(/you may have to wait at the door/).waitFor();
    await dialog.getByLabel("PIN").fill(PIN);
    await dialog.getByRole("button", { name: "Join" }).click();
    const waiting = page.getByRole("region", { name: "Waiting at the door" });
    await waiting.getByRole("heading", { name: /^You are at the door of/ }).waitFor();
    await seen(waiting.getByText("Ann", { exact: true }), waiting.getByText("Bob", { exact: true }));
    await audit.of(page, "waiting at the door");
    const door = ann.page.getByRole("region", { name: "At the door" });
    await door.getByRole("heading", { name: "Cem is at the door" }).waitFor();
    await audit.of(ann.page, "somebody at the door");
    const own = waiting.getByRole("list", { name: "Your words" });
    expect(await wordsOf(door.getByRole("list"))).toEqual(await wordsOf(own));
    const { ipv4 } = await ann.ask<{ ipv4: string }>("status");
    expect(await ping(cem.host, ipv4)).toMatchObject({ received: 0 });
  });

  it("lets them in with one click", async () => {
    await ann.page.getByRole("button", { name: "Let in" }).click();
    await seen(member(ann, "Cem").getByText("Direct"), member(cem, "Ann").getByText("Direct"));
    await seen(member(bob, "Cem").getByText("Direct"), cem.page.getByRole("button", { name: "Sealed" }));
    const { ipv4 } = await ann.ask<{ ipv4: string }>("status");
    await expect.poll(() => ping(cem.host, ipv4)).toMatchObject({ received: 3 });
  });

  it("keeps closed what nobody opened, says so, and opens it where it is said", async () => {
    const { ipv4 } = await cem.ask<{ ipv4: string }>("status");
    expect(await ping(ann.host, ipv4)).toMatchObject({ received: 0 });
    await cem.page.getByRole("button", { name: "Closed to members" }).click();
    await audit.of(cem.page, "room settings of a member");
    await cem.page.getByLabel("Members may reach here").selectOption({ label: "Everything" });
    await cem.page.getByText("What members may reach is changed.").first().waitFor();
    await cem.page.keyboard.press("Escape");
    await cem.page.getByRole("dialog").waitFor({ state: "detached" });
    await cem.page.getByRole("button", { name: "Closed to members" }).waitFor({ state: "detached" });
    await expect.poll(() => ping(ann.host, ipv4)).toMatchObject({ received: 3 });
  });

  it("is loud about a known name with another key, for as long as that is so", async () => {
    const call = async (name: string) => {
      await cem.page.getByRole("button", { name: "Settings", exact: true }).click();
      await cem.page.getByLabel("Your name").fill(name);
      await cem.page.keyboard.press("Enter");
      await cem.page.getByText(`The others see you as ${name} now.`).first().waitFor();
    };
    await call("Bob");
    const alarm = ann.page.getByRole("alert").filter({ hasText: "Bob has another key than before" });
    await seen(alarm, ann.page.getByRole("button", { name: "Another key than before" }));
    await audit.of(ann.page, "another key");
    await call("Cem");
    await alarm.waitFor({ state: "detached" });
    await cem.page
      .getByRole("navigation", { name: "Rooms" })
      .getByRole("button", { name: /Our den/ })
      .click();
  });

  it("removes a member, who is told, may knock again, and is let in again", async () => {
    await ann.page.getByRole("button", { name: "Menu for Bob" }).click();
    await ann.page.getByRole("menuitem", { name: "Remove…" }).click();
    const question = ann.page.getByRole("alertdialog", { name: "Remove Bob?" });
    await question.waitFor();
    await audit.of(ann.page, "kick dialog");
    await question.getByRole("button", { name: "Remove" }).click();
    await member(ann, "Bob").waitFor({ state: "detached" });
    await heading(bob, "You are not in this room").waitFor();
    await audit.of(bob.page, "not a member");
    await bob.page.getByRole("button", { name: "To your rooms" }).click();
    await bob.page.getByRole("button", { name: "Join a room" }).first().click();
    // The link's key is an old one now: it opens nothing, even with the PIN.
    await bob.page.getByLabel("Link or room id").fill(link);
    await bob.page.getByLabel("PIN").fill(PIN);
    await bob.page.getByRole("button", { name: "Join", exact: true }).click();
    await bob.page.getByRole("region", { name: "Waiting at the door" }).waitFor();
    const door = ann.page.getByRole("region", { name: "At the door" });
    await door.getByRole("heading", { name: "Bob is at the door" }).waitFor();
    await door.getByText(/Bob was removed from this room before/).waitFor();
    await door.getByRole("button", { name: "Let in" }).click();
    await seen(member(ann, "Bob").getByText("Direct"), member(bob, "Ann").getByText("Direct"));
  });

  it("bans a member, who is out at once and listed for it", async () => {
    await ann.page.getByRole("button", { name: "Menu for Cem" }).click();
    await ann.page.getByRole("menuitem", { name: "Ban…" }).click();
    await ann.page.getByRole("alertdialog", { name: "Ban Cem?" }).getByRole("button", { name: "Ban" }).click();
    await heading(cem, "You are not in this room").waitFor();
    await ann.page.getByRole("button", { name: "Sealed" }).click();
    const settings = ann.page.getByRole("dialog", { name: "Settings of “Our den”" });
    await settings.getByRole("button", { name: "Unban Cem" }).waitFor();
    await audit.of(ann.page, "room settings");
    await ann.page.keyboard.press("Escape");
    await settings.waitFor({ state: "detached" });
  });

  it("gives the room to another member, who owns it from then on", async () => {
    await ann.page.getByRole("button", { name: "Menu for Bob" }).click();
    await ann.page.getByRole("menuitem", { name: "Hand the room over…" }).click();
    const question = ann.page.getByRole("alertdialog", { name: "Give “Our den” to Bob?" });
    await question.getByRole("button", { name: "Hand over" }).click();
    await seen(member(bob, "Bob").getByText("Owner"), member(ann, "Bob").getByText("Owner"));
    await bob.page.getByRole("button", { name: "Menu for Ann" }).click();
    await bob.page.getByRole("menuitem", { name: "Ban…" }).waitFor();
    await bob.page.keyboard.press("Escape");
  });

  it("ends: the first owner leaves, the room goes on, the second closes it", async () => {
    await ann.page.getByRole("button", { name: "Room menu" }).click();
    await ann.page.getByRole("menuitem", { name: "Leave" }).click();
    const question = ann.page.getByRole("alertdialog", { name: "Leave “Our den”?" });
    await audit.of(ann.page, "leave dialog");
    await question.getByRole("button", { name: "Leave" }).click();
    await seen(heading(ann, "No room yet"), heading(bob, "It is quiet in here"));
    await audit.of(ann.page, "no room");
    await bob.page.getByRole("button", { name: "Room menu" }).click();
    await bob.page.getByRole("menuitem", { name: "Close for everybody" }).click();
    await bob.page.getByRole("alertdialog").getByRole("button", { name: "Close the room" }).click();
    await heading(bob, "No room yet").waitFor();
  });

  it("was without trouble in any page", () => {
    expect({ ann: ann.trouble, bob: bob.trouble, cem: cem.trouble }).toEqual({ ann: [], bob: [], cem: [] });
  });

  it("kept nobody out: axe found nothing on any screen", () => {
    expect(audit.findings).toEqual([]);
  });
});
