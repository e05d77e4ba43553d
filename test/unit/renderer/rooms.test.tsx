// @vitest-environment happy-dom
import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { RoomId } from "../../../shared/base/brand.ts";
import { emptyState, foreignLinkState, HOME, homeState, linkState, refusedLinkState } from "../../fakes/app-states.ts";
import { openWindow } from "./window.tsx";

const dialog = () => within(screen.getByRole("dialog"));

describe("the rooms", () => {
  it("say what a room is where there is none yet", async () => {
    openWindow(emptyState);
    expect(await screen.findByRole("heading", { name: "No room yet" })).toBeTruthy();
  });

  it("are listed by name, with how many answer", async () => {
    openWindow(homeState);
    const cards = await screen.findAllByRole("listitem");
    expect(cards.map((card) => within(card).getByRole("heading").textContent)).toEqual([
      "Chess on Sundays",
      "Family",
      "Studio Berlin",
    ]);
    expect(within(cards[1]!).getByText("3 of 5 connected")).toBeTruthy();
    expect(within(cards[0]!).getByText("Only you")).toBeTruthy();
  });

  it("are off, every one, when the person has disconnected", async () => {
    openWindow((at) => ({ ...homeState(at), wanted: false }));
    const cards = await screen.findAllByRole("listitem");
    for (const card of cards) expect(within(card).getByText("Off")).toBeTruthy();
  });
});

describe("a room that waits for its turn with the server", () => {
  const inAMinute = () => Date.now() + 60_000;

  it("says when it comes, in the list", async () => {
    const { host, happen } = openWindow(homeState);
    await screen.findAllByRole("listitem");
    happen(() => host.changeRoom(HOME, (room) => ({ ...room, state: "entering", queuedUntil: inAMinute() })));
    expect(await screen.findByText(/^Its turn comes in/)).toBeTruthy();
    happen(() => host.changeRoom(HOME, ({ queuedUntil: _, ...room }) => ({ ...room, state: "joined" })));
    await waitFor(() => expect(screen.queryByText(/^Its turn comes/)).toBeNull());
  });

  it("says so where it is made", async () => {
    const { user, host, happen } = openWindow(emptyState);
    const release = host.hold("create");
    await user.click((await screen.findAllByRole("button", { name: "New room" }))[0]!);
    await user.type(await screen.findByRole("textbox", { name: "Name" }), "Garden{Enter}");
    happen(() => host.change((state) => ({ ...state, creationQueuedUntil: inAMinute() })));
    expect(await dialog().findByText(/three rooms a minute. The turn of this one comes in/)).toBeTruthy();
    happen(() => host.change(({ creationQueuedUntil: _, ...state }) => state));
    release();
    expect(await screen.findByRole("dialog", { name: "Invite to “Garden”" })).toBeTruthy();
  });

  it("says so where it is joined, and is none that this computer is in already", async () => {
    const { user, host, happen } = openWindow(linkState);
    const asking = within(await screen.findByRole("alertdialog"));
    const release = host.hold("join");
    await user.type(asking.getByLabelText("PIN"), "4821{Enter}");
    happen(() =>
      host.change((state) => {
        const [first] = Object.values(state.rooms);
        const roomId = "5ca1ab1e00d1ce42" as RoomId;
        const room = { ...first!, roomId, state: "entering", queuedUntil: inAMinute() };
        return { ...state, rooms: { ...state.rooms, [roomId]: room } };
      }),
    );
    expect(await asking.findByText(/three rooms a minute. The turn of this one comes in/)).toBeTruthy();
    expect(asking.queryByText("You are in this room already.")).toBeNull();
    release();
    await waitFor(() => expect(screen.queryByRole("alertdialog")).toBeNull());
  });
});

describe("a new room", () => {
  it("is made with the name and PIN that were typed, and opens with its invitation", async () => {
    const { user, asked } = openWindow(emptyState);
    await user.click((await screen.findAllByRole("button", { name: "New room" }))[0]!);
    await user.type(await screen.findByRole("textbox", { name: "Name" }), "Garden");
    const pin = screen.getByRole("textbox", { name: "PIN" });
    await user.clear(pin);
    await user.type(pin, "48x21");
    await user.click(screen.getByRole("button", { name: "Create" }));
    expect(asked("create")).toEqual([{ name: "Garden", pin: "4821", sealed: true, inbound: { mode: "all" } }]);
    expect(await screen.findByRole("dialog", { name: "Invite to “Garden”" })).toBeTruthy();
  });

  it("comes with a PIN, and with another on request", async () => {
    const { user } = openWindow(emptyState);
    await user.click((await screen.findAllByRole("button", { name: "New room" }))[0]!);
    const pin = await screen.findByRole<HTMLInputElement>("textbox", { name: "PIN" });
    expect(pin.value).toMatch(/^\d{4}$/);
    const seen = new Set([pin.value]);
    // A PIN may come twice; not five times running.
    for (let i = 0; i < 5; i++) {
      await user.click(screen.getByRole("button", { name: "Another PIN" }));
      seen.add(pin.value);
    }
    expect(seen.size).toBeGreaterThan(1);
  });

  it("is not asked for without a name or with half a PIN, and each field says so", async () => {
    const { user, asked } = openWindow(emptyState);
    await user.click((await screen.findAllByRole("button", { name: "New room" }))[0]!);
    const pin = await screen.findByRole("textbox", { name: "PIN" });
    await user.clear(pin);
    await user.type(pin, "12");
    await user.click(screen.getByRole("button", { name: "Create" }));
    expect(screen.getByRole("textbox", { name: "Name" }).getAttribute("aria-invalid")).toBe("true");
    expect(screen.getByText("A PIN is exactly four digits.")).toBeTruthy();
    expect(asked("create")).toEqual([]);
  });

  it("says in words why the server refused, and keeps what was typed", async () => {
    const { user, host } = openWindow(emptyState);
    host.refuse("create", { code: "already_created", message: "This public key has already created room: abc" });
    await user.click((await screen.findAllByRole("button", { name: "New room" }))[0]!);
    await user.type(await screen.findByRole("textbox", { name: "Name" }), "Garden");
    await user.click(screen.getByRole("button", { name: "Create" }));
    expect((await screen.findByText(/You own a room on this server already/)).closest("[role=alert]")).toBeTruthy();
    expect(screen.getByRole("textbox", { name: "Name" })).toHaveProperty("value", "Garden");
  });

  it("takes no second click while the first is under way", async () => {
    const { user, host, asked } = openWindow(emptyState);
    const release = host.hold("create");
    await user.click((await screen.findAllByRole("button", { name: "New room" }))[0]!);
    await user.type(await screen.findByRole("textbox", { name: "Name" }), "Garden");
    const create = screen.getByRole("button", { name: "Create" });
    await user.click(create);
    await user.click(create);
    await user.keyboard("{Enter}");
    expect(create.getAttribute("aria-busy")).toBe("true");
    expect(asked("create")).toHaveLength(1);
    release();
    await screen.findByRole("dialog", { name: "Invite to “Garden”" });
  });
});

describe("joining", () => {
  const openJoin = async () => {
    const opened = openWindow(emptyState);
    await opened.user.click((await screen.findAllByRole("button", { name: "Join a room" }))[0]!);
    await screen.findByRole("dialog", { name: "Join a room" });
    return opened;
  };

  it("takes a pasted link apart, and asks for the PIN alone", async () => {
    const { user, asked } = await openJoin();
    await user.click(screen.getByLabelText("Link or room id"));
    await user.paste("govpn://join/5ca1ab1e?server=ws://192.168.1.20:8080&name=LAN%20party");
    expect(await dialog().findByText("LAN party")).toBeTruthy();
    await waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText("PIN")));
    await user.keyboard("4821{Enter}");
    expect(asked("join")).toEqual([{ roomId: "5ca1ab1e", pin: "4821", inbound: { mode: "none" } }]);
  });

  it("takes a bare room id", async () => {
    const { user, asked, places } = await openJoin();
    await user.type(screen.getByLabelText("Link or room id"), "studio-berlin");
    await user.type(screen.getByLabelText("PIN"), "4821{Enter}");
    await waitFor(() => expect(places.current).toEqual({ screen: "room", roomId: "studio-berlin" }));
    expect(asked("join")).toEqual([{ roomId: "studio-berlin", pin: "4821", inbound: { mode: "none" } }]);
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("says that a link is none before anything is asked of the server", async () => {
    const { user, asked } = await openJoin();
    await user.click(screen.getByLabelText("Link or room id"));
    await user.paste("govpn://steal/everything");
    expect(await dialog().findByText("The link is damaged. Ask for it again.")).toBeTruthy();
    await user.type(screen.getByLabelText("PIN"), "4821{Enter}");
    expect(asked("join")).toEqual([]);
  });

  it("does not join on another server before the person has changed over", async () => {
    const { user, asked } = await openJoin();
    await user.click(screen.getByLabelText("Link or room id"));
    await user.paste("govpn://join/5ca1ab1e?server=wss://vpn.example.org");
    const change = await dialog().findByRole("button", { name: "Use vpn.example.org" });
    await user.type(screen.getByLabelText("PIN"), "4821{Enter}");
    expect(asked("join")).toEqual([]);
    await user.click(change);
    expect(asked("saveSettings")).toEqual([{ change: { server: { kind: "url", url: "wss://vpn.example.org" } } }]);
    await waitFor(() => expect(dialog().queryByText("This room is on another server")).toBeNull());
    await user.click(dialog().getByRole("button", { name: "Join" }));
    expect(asked("join")).toEqual([{ roomId: "5ca1ab1e", pin: "4821", inbound: { mode: "none" } }]);
  });

  it("says that the PIN was wrong, and stays open for another", async () => {
    const { user } = await openJoin();
    await user.type(screen.getByLabelText("Link or room id"), "studio-berlin");
    await user.type(screen.getByLabelText("PIN"), "0000{Enter}");
    expect(await dialog().findByText("The PIN is wrong. Ask whoever made the room.")).toBeTruthy();
  });
});

describe("a link that something opened", () => {
  it("shows where it leads, and joins only when told to", async () => {
    const { user, asked } = openWindow(linkState);
    const asking = within(await screen.findByRole("alertdialog", { name: "Join “LAN party”?" }));
    expect(asking.getByText("ws://192.168.1.20:8080")).toBeTruthy();
    expect(asking.getByText("(the one you use)")).toBeTruthy();
    expect(asked("join")).toEqual([]);
    await user.type(asking.getByLabelText("PIN"), "4821{Enter}");
    expect(asked("join")).toEqual([{ roomId: "5ca1ab1e00d1ce42", pin: "4821", inbound: { mode: "none" } }]);
    await waitFor(() => expect(screen.queryByRole("alertdialog")).toBeNull());
    expect(asked("dismissLink")).toHaveLength(1);
  });

  it("says that its server is another one, and cannot join there", async () => {
    openWindow(foreignLinkState);
    const asking = within(await screen.findByRole("alertdialog"));
    expect(asking.getByText("(not the one you use)")).toBeTruthy();
    expect(asking.getByRole("button", { name: "Join" })).toHaveProperty("disabled", true);
  });

  it("is dropped with Escape", async () => {
    const { user, asked } = openWindow(linkState);
    await screen.findByRole("alertdialog");
    await user.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByRole("alertdialog")).toBeNull());
    expect(asked("dismissLink")).toHaveLength(1);
    expect(asked("join")).toEqual([]);
  });

  it("is refused in words", async () => {
    openWindow(refusedLinkState);
    expect(await screen.findByText("The link names a server by an address that GoVPN does not use.")).toBeTruthy();
  });
});
