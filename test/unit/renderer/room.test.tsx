// @vitest-environment happy-dom
import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { SILENCE_MS } from "../../../renderer/store/app-store.ts";
import { keyOf } from "../../fakes/app-people.ts";
import { CROWD, crowdState, HOME, homeState, offState, WORK } from "../../fakes/app-states.ts";
import { openWindow, told } from "./window.tsx";

const HOME_PLACE = { screen: "room", roomId: HOME } as const;

/** A member's row, by the name of its menu. */
async function row(name: string) {
  const menu = await screen.findByRole("button", { name: `Menu for ${name}` });
  return within(menu.closest("li")!);
}

async function choose(user: ReturnType<typeof openWindow>["user"], menu: string, item: string) {
  await user.click(await screen.findByRole("button", { name: menu }));
  await user.click(await screen.findByRole("menuitem", { name: new RegExp(`^${item}`) }));
}

describe("a room", () => {
  it("lists this computer first, then who answers, then the others", async () => {
    openWindow(homeState, { place: HOME_PLACE });
    const members = within(await screen.findByRole("region", { name: "Members of Family" }));
    const menus = members.getAllByRole("button", { name: /^Menu for/ }).map((menu) => menu.getAttribute("aria-label"));
    expect(menus.map((label) => label?.replace("Menu for ", ""))).toEqual([
      "Maya",
      "Ana Souza",
      "Ben",
      "dora-nas",
      "Cem Yılmaz",
      "Élodie",
    ]);
  });

  it("shows what the host says of each member, and nothing of those it does not reach", async () => {
    openWindow(homeState, { place: HOME_PLACE });
    const ben = await row("Ben");
    expect(ben.getAllByRole("button", { name: /Relayed/ })).not.toHaveLength(0);
    expect(ben.getByRole("button", { name: "Verified" })).toBeTruthy();
    const dora = await row("dora-nas");
    expect(dora.getByRole("button", { name: "Not verified" })).toBeTruthy();
    const cem = await row("Cem Yılmaz");
    expect(cem.getAllByText("Connecting…")).not.toHaveLength(0);
    expect(cem.queryByRole("button", { name: /Direct|Relayed|Verified/ })).toBeNull();
  });

  it("tells where a member's packets get lost, unless that is next to none", async () => {
    const { host, happen } = openWindow(homeState, { place: HOME_PLACE });
    const ana = await row("Ana Souza");
    const lose = (lossPercent: number) =>
      happen(() =>
        host.changeMember(HOME, keyOf("Ana Souza"), (member) => ({
          ...member,
          quality: { rttMs: 11, lossPercent, reorderedPercent: 0 },
        })),
      );
    await lose(5.69);
    expect(ana.getAllByText(/6% lost/)).not.toHaveLength(0);
    await lose(0.2);
    expect(ana.queryAllByText(/lost/)).toHaveLength(0);
  });

  it("shows a member's rates of the last second when its counters move, until nothing is said of them", async () => {
    const { host, happen, pass } = openWindow(homeState, { place: HOME_PLACE });
    const ana = await row("Ana Souza");
    await pass(SILENCE_MS);
    expect(ana.getAllByText("idle")).not.toHaveLength(0);
    await pass(1_000);
    await happen(() =>
      host.changeMember(HOME, keyOf("Ana Souza"), (member) => ({
        ...member,
        traffic: { ...member.traffic!, bytesIn: 2_500_000, bytesOut: 4_000 },
      })),
    );
    expect(ana.getByText("from Ana Souza: 2.5 MB/s")).toBeTruthy();
    expect(ana.getByText("to Ana Souza: 4 kB/s")).toBeTruthy();
    await pass(SILENCE_MS);
    expect(ana.getAllByText("idle")).not.toHaveLength(0);
  });

  it("draws one row when one member's figures change", async () => {
    const { host, happen, pass } = openWindow(crowdState, { place: { screen: "room", roomId: CROWD } });
    const rows = await screen.findAllByRole("listitem");
    await pass(SILENCE_MS);
    const changed = new Set<Element | null>();
    const note = (records: MutationRecord[]) => {
      for (const { target } of records) {
        changed.add((target instanceof Element ? target : target.parentElement)?.closest("li") ?? null);
      }
    };
    const observer = new MutationObserver(note);
    observer.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
    await happen(() => host.changeMember(CROWD, keyOf("Ben"), (member) => ({ ...member, rttMs: 123 })));
    note(observer.takeRecords());
    observer.disconnect();
    const ben = await row("Ben");
    expect(ben.getAllByText("123 ms")).not.toHaveLength(0);
    expect([...changed]).toEqual([rows.find((one) => within(one).queryByRole("button", { name: "Menu for Ben" }))]);
  });

  it("copies an address with one click, and says so", async () => {
    const { user, host } = openWindow(homeState, { place: HOME_PLACE });
    const { ipv4, ipv6 } = host.state.rooms[HOME]!.members[keyOf("Ben")]!;
    await user.click((await screen.findAllByRole("button", { name: `Copy address of Ben: ${ipv4}` }))[0]!);
    expect(await navigator.clipboard.readText()).toBe(ipv4);
    expect((await screen.findAllByText("Copied")).length).toBeGreaterThan(0);
    await choose(user, "Menu for Ben", "Copy the IPv6 address");
    await waitFor(async () => expect(await navigator.clipboard.readText()).toBe(ipv6));
  });

  it("is not shown when this computer is not in it", async () => {
    openWindow(homeState, { place: { screen: "room", roomId: "gone" as typeof HOME } });
    expect(await screen.findByRole("heading", { name: "You are not in this room" })).toBeTruthy();
  });

  it("asks to be connected where that is off", async () => {
    const { user, asked } = openWindow(offState, { place: HOME_PLACE });
    await user.click(await screen.findByRole("button", { name: "Connect" }));
    expect(asked("setConnected")).toEqual([{ connected: true }]);
  });
});

describe("the owner of a room", () => {
  it("sees the new name at once, and the old one again if the server refuses", async () => {
    const { user, host } = openWindow(homeState, { place: HOME_PLACE });
    await choose(user, "Room menu", "Rename");
    const name = await screen.findByRole("textbox", { name: "Name" });
    await user.clear(name);
    await user.type(name, "Clan");
    host.refuse("rename", { code: "rate_limited", message: "Too many requests" });
    const release = host.hold("rename");
    await user.click(screen.getByRole("button", { name: "Rename" }));
    expect(screen.getByRole("button", { name: "Clan 6 members" })).toBeTruthy();
    release();
    await told("Too many attempts. The server lets you try again in a minute.");
    expect(screen.getByRole("button", { name: "Family 6 members" })).toBeTruthy();
  });

  it("types a new name at once, and is back at the menu's button when the dialog has closed", async () => {
    const { user } = openWindow(homeState, { place: HOME_PLACE });
    await choose(user, "Room menu", "Rename");
    const name = await screen.findByRole("textbox", { name: "Name" });
    await waitFor(() => expect(document.activeElement).toBe(name));
    await user.keyboard("{Escape}");
    await waitFor(() => expect(document.activeElement).toBe(screen.getByRole("button", { name: "Room menu" })));
  });

  it("can take a new name back", async () => {
    const { user, asked } = openWindow(homeState, { place: HOME_PLACE });
    await choose(user, "Room menu", "Rename");
    const name = await screen.findByRole("textbox", { name: "Name" });
    await user.clear(name);
    await user.type(name, "Clan{Enter}");
    await user.click(await screen.findByRole("button", { name: "Undo" }));
    expect(asked("rename")).toEqual([
      { roomId: HOME, name: "Clan" },
      { roomId: HOME, name: "Family" },
    ]);
  });

  it("removes a member only after a question", async () => {
    const { user, asked } = openWindow(homeState, { place: HOME_PLACE });
    await choose(user, "Menu for Ben", "Remove…");
    const question = within(await screen.findByRole("alertdialog", { name: "Remove Ben?" }));
    expect(asked("kick")).toEqual([]);
    await user.click(question.getByRole("button", { name: "Remove" }));
    expect(asked("kick")).toEqual([{ roomId: HOME, member: keyOf("Ben") }]);
    expect(screen.queryByRole("button", { name: "Menu for Ben" })).toBeNull();
  });

  it("gets a member back on the screen whom the server did not remove", async () => {
    const { user, host } = openWindow(homeState, { place: HOME_PLACE });
    host.refuse("kick", { code: "timeout", message: "no answer" });
    await choose(user, "Menu for Ben", "Remove…");
    await user.click(await screen.findByRole("button", { name: "Remove" }));
    expect(await screen.findByRole("button", { name: "Menu for Ben" })).toBeTruthy();
    await told(/There was no answer in time/);
  });

  it("is told that leaving closes the room for how many", async () => {
    const { user, asked, places } = openWindow(homeState, { place: HOME_PLACE });
    await choose(user, "Room menu", "Close for everybody");
    const question = within(await screen.findByRole("alertdialog", { name: "Close “Family” for everybody?" }));
    expect(question.getByText(/the 5 other members lose it too/)).toBeTruthy();
    await user.click(question.getByRole("button", { name: "Close the room" }));
    await waitFor(() => expect(places.current).toEqual({ screen: "rooms" }));
    expect(asked("leave")).toEqual([{ roomId: HOME }]);
  });
});

describe("a member who is not the owner", () => {
  it("can neither rename nor remove, and leaves without closing", async () => {
    const { user } = openWindow(homeState, { place: { screen: "room", roomId: WORK } });
    await user.click(await screen.findByRole("button", { name: "Room menu" }));
    expect((await screen.findAllByRole("menuitem")).map(({ textContent }) => textContent)).toEqual([
      "Room settings",
      "Copy the room's idstudio-berlin",
      "Leave",
    ]);
    await user.click(screen.getByRole("menuitem", { name: "Leave" }));
    expect(await screen.findByText(/You can come back with the id and the PIN/)).toBeTruthy();
  });
});

describe("an invitation", () => {
  it("holds link, id, PIN and server; the text for all of it leaves the PIN out", async () => {
    const { user } = openWindow(homeState, { place: HOME_PLACE });
    await user.click((await screen.findAllByRole("button", { name: "Invite" }))[0]!);
    const invitation = within(await screen.findByRole("dialog", { name: "Invite to “Family”" }));
    expect(await invitation.findByRole("button", { name: `Copy Room id: ${HOME}` })).toBeTruthy();
    expect(invitation.getByRole("button", { name: "Copy PIN: 4821" })).toBeTruthy();
    expect(invitation.getByRole("img", { name: "QR code of the invitation link" })).toBeTruthy();
    await user.click(invitation.getByRole("button", { name: "Copy the invitation" }));
    const text = await navigator.clipboard.readText();
    expect(text).toContain(`govpn://join/${HOME}`);
    expect(text).not.toContain("4821");
  });

  it("warns when nobody elsewhere could use it, and can mend that", async () => {
    const { user, asked } = openWindow(
      (at) => {
        const state = homeState(at);
        const { publicUrl, ...server } = state.server;
        const settings = { ...state.settings, server: { kind: "embedded", reach: "computer", port: 8080 } as const };
        return { ...state, server, settings };
      },
      { place: HOME_PLACE },
    );
    await user.click((await screen.findAllByRole("button", { name: "Invite" }))[0]!);
    expect(await screen.findByText("Only this computer can use it")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Open it to my network" }));
    expect(asked("saveSettings")).toEqual([{ change: { server: { kind: "embedded", reach: "network", port: 8080 } } }]);
    expect(await screen.findByRole("button", { name: "Copy Server: ws://192.168.1.20:8080" })).toBeTruthy();
    expect(screen.queryByText("Only this computer can use it")).toBeNull();
  });
});
