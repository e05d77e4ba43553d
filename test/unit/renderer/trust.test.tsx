// @vitest-environment happy-dom
import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { RoomId } from "../../../shared/base/brand.ts";
import { keyOf } from "../../fakes/app-people.ts";
import {
  changedKeyState,
  doorOfOthersState,
  doorState,
  HOME,
  homeState,
  openRoomState,
  outsideState,
  sealedLinkState,
  WORK,
  waitingState,
} from "../../fakes/app-states.ts";
import { openWindow, told } from "./window.tsx";

const HOME_PLACE = { screen: "room", roomId: HOME } as const;
const FARID = keyOf("Farid");
type User = ReturnType<typeof openWindow>["user"];

async function choose(user: User, menu: string, item: string) {
  await user.click(await screen.findByRole("button", { name: menu }));
  await user.click(await screen.findByRole("menuitem", { name: item }));
}
const wordsIn = (list: HTMLElement) =>
  within(list)
    .getAllByRole("listitem")
    .map(({ textContent }) => textContent)
    .join(" ");

describe("somebody at the door", () => {
  it("stands above the members with name and words, and is not among them", async () => {
    const { host } = openWindow(doorState, { place: HOME_PLACE });
    const door = within(await screen.findByRole("region", { name: "At the door" }));
    expect(door.getByRole("heading", { name: "Farid is at the door" })).toBeTruthy();
    expect(wordsIn(door.getByRole("list", { name: "Words of Farid" }))).toBe(
      host.state.rooms[HOME]!.members[FARID]!.words,
    );
    expect(screen.queryByRole("button", { name: "Menu for Farid" })).toBeNull();
    expect(screen.getByRole("button", { name: "Family 1 at the door 6 members" })).toBeTruthy();
  });

  it("is let in with one click, and is a member then", async () => {
    const { user, asked } = openWindow(doorState, { place: HOME_PLACE });
    await user.click(await screen.findByRole("button", { name: "Let in" }));
    expect(asked("letIn")).toEqual([{ roomId: HOME, member: FARID }]);
    await told("Farid is in.");
    expect(await screen.findByRole("button", { name: "Menu for Farid" })).toBeTruthy();
    expect(screen.queryByRole("region", { name: "At the door" })).toBeNull();
  });

  it("is turned away with another", async () => {
    const { user, asked } = openWindow(doorState, { place: HOME_PLACE });
    await user.click(await screen.findByRole("button", { name: "Turn away" }));
    expect(asked("turnAway")).toEqual([{ roomId: HOME, member: FARID }]);
    await waitFor(() => expect(screen.queryByRole("region", { name: "At the door" })).toBeNull());
    // By mistake: the message that says so can put it right.
    await user.click(await screen.findByRole("button", { name: "Let in" }));
    expect(asked("letIn")).toEqual([{ roomId: HOME, member: FARID }]);
  });

  it("is said to be turned away while it stays, and can be let in after all", async () => {
    const { user, host, happen } = openWindow(doorState, { place: HOME_PLACE });
    await screen.findByRole("region", { name: "At the door" });
    await happen(() => host.changeMember(HOME, FARID, (one) => ({ ...one, standing: "turned_away" })));
    const row = within((await screen.findByRole("button", { name: "Menu for Farid" })).closest("li")!);
    expect(row.getAllByText("Turned away")).not.toHaveLength(0);
    expect(row.queryByRole("button", { name: /Direct|Relayed/ })).toBeNull();
    await choose(user, "Menu for Farid", "Let in after all");
    await told("Farid is in.");
    await waitFor(() => expect(screen.queryByText("Turned away")).toBeNull());
  });

  it("is left to those who may answer, by name", async () => {
    openWindow(doorOfOthersState, { place: { screen: "room", roomId: WORK } });
    expect(await screen.findByText("Ana Souza or Farid can let them in.")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Let in" })).toBeNull();
  });

  it("is told of elsewhere in the window by a message that leads there", async () => {
    const { user, host, happen, places } = openWindow(homeState);
    await screen.findByRole("heading", { name: "Rooms", level: 1 });
    await happen(() => host.knock(HOME, "Grace"));
    await told("Grace is at the door of “Family”.");
    await user.click(screen.getByRole("button", { name: "Show" }));
    expect(places.current).toEqual(HOME_PLACE);
  });

  it("is not told of where it is seen, nor to who cannot answer", async () => {
    const { host, happen, app } = openWindow(homeState, { place: HOME_PLACE });
    await screen.findByRole("region", { name: "Members of Family" });
    await happen(() => host.knock(HOME, "Grace"));
    await happen(() => host.knock(WORK, "Grace"));
    expect(app.store.getState().toasts).toEqual([]);
  });

  it("is a crowd of which three are shown until all are asked for, and one message is made", async () => {
    const { user, host, happen, app } = openWindow(homeState);
    await screen.findByRole("heading", { name: "Rooms", level: 1 });
    await happen(() => {
      for (const n of [1, 2, 3, 4, 5]) host.knock(HOME, `Visitor ${n}`);
    });
    expect(app.store.getState().toasts).toHaveLength(1);
    await user.click(screen.getByRole("button", { name: "Show" }));
    const door = within(await screen.findByRole("region", { name: "At the door" }));
    expect(door.getAllByRole("article")).toHaveLength(3);
    await user.click(door.getByRole("button", { name: "Show all at the door (5)" }));
    expect(door.getAllByRole("article")).toHaveLength(5);
  });

  it("has a known name and another key: the door says so, and no alarm of a member's", async () => {
    const { host, happen } = openWindow(doorState, { place: HOME_PLACE });
    const door = within(await screen.findByRole("region", { name: "At the door" }));
    const changedKey = { knownKey: keyOf("Farid before"), since: Date.now(), compared: false };
    await happen(() => host.changeMember(HOME, FARID, (member) => ({ ...member, changedKey })));
    expect(door.getByText(/Farid has another key than before/)).toBeTruthy();
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("is known to have been removed before", async () => {
    openWindow(
      (at) => {
        const state = doorState(at);
        const room = state.rooms[HOME]!;
        const removed = { [FARID]: { username: "Farid", kind: "kicked" as const } };
        return { ...state, rooms: { ...state.rooms, [HOME]: { ...room, trust: { ...room.trust, removed } } } };
      },
      { place: HOME_PLACE },
    );
    expect(await screen.findByText(/Farid was removed from this room before/)).toBeTruthy();
  });
});

describe("waiting at a door", () => {
  it("is said in words, with our own to read aloud and who is inside", async () => {
    const { host } = openWindow(waitingState, { place: HOME_PLACE });
    const waiting = within(await screen.findByRole("region", { name: "Waiting at the door" }));
    expect(waiting.getByRole("heading", { name: "You are at the door of “Family”" })).toBeTruthy();
    expect(wordsIn(waiting.getByRole("list", { name: "Your words" }))).toBe(
      host.state.rooms[HOME]!.members[keyOf("Maya")]!.words,
    );
    expect(waiting.getByText("Ana Souza")).toBeTruthy();
    expect(screen.queryByRole("region", { name: "Members of Family" })).toBeNull();
  });

  it("ends with the members in sight, and a message", async () => {
    const { host, happen } = openWindow(waitingState, { place: HOME_PLACE });
    await screen.findByRole("region", { name: "Waiting at the door" });
    await happen(() => {
      host.changeRoom(HOME, (room) => ({ ...room, trust: { ...room.trust, seal: "sealed", waiting: false } }));
      host.note({ kind: "let_in", roomId: HOME, room: "Family", member: "Ana Souza" });
    });
    await told("Ana Souza let you into “Family”.");
    expect(await screen.findByRole("region", { name: "Members of Family" })).toBeTruthy();
  });

  it("is explained where nobody is there to open", async () => {
    openWindow(outsideState, { place: HOME_PLACE });
    expect(await screen.findByRole("heading", { name: "Nobody is here to let you in yet" })).toBeTruthy();
  });
});

describe("words", () => {
  it("are compared, and the member is marked for it", async () => {
    const { user, asked } = openWindow(homeState, { place: HOME_PLACE });
    await choose(user, "Menu for Ben", "Compare words…");
    const dialog = within(await screen.findByRole("dialog", { name: "Compare words with Ben" }));
    expect(wordsIn(dialog.getByRole("list", { name: "Words of Ben" })).split(" ")).toHaveLength(8);
    expect(dialog.getByRole("list", { name: "Your words" })).toBeTruthy();
    await user.click(dialog.getByRole("button", { name: "They match" }));
    expect(asked("setCompared")).toEqual([{ member: keyOf("Ben"), compared: true }]);
    expect(await screen.findByRole("button", { name: "Words compared" })).toBeTruthy();
  });

  it("that differ lead to what keeps this computer safe, and change nothing by themselves", async () => {
    const { user, asked } = openWindow(homeState, { place: HOME_PLACE });
    await choose(user, "Menu for Ben", "Compare words…");
    await user.click(await screen.findByRole("button", { name: "They don’t match" }));
    expect(asked("setCompared")).toEqual([]);
    await user.click(await screen.findByRole("button", { name: "Remove Ben…" }));
    expect(await screen.findByRole("alertdialog", { name: "Remove Ben?" })).toBeTruthy();
  });

  it("that differ close this computer where it is not the owner's", async () => {
    const { user, asked } = openWindow(homeState, { place: { screen: "room", roomId: WORK } });
    await choose(user, "Menu for Farid", "Compare words…");
    await user.click(await screen.findByRole("button", { name: "They don’t match" }));
    await user.click(await screen.findByRole("button", { name: "Close this computer to Farid" }));
    expect(asked("setInbound")).toEqual([{ roomId: WORK, member: FARID, rule: { mode: "none" } }]);
  });

  it("can be taken back", async () => {
    const { user, asked } = openWindow(doorState, { place: HOME_PLACE });
    await choose(user, "Menu for Ana Souza", "Compare words…");
    await user.click(await screen.findByRole("button", { name: "I am not sure any more" }));
    expect(asked("setCompared")).toEqual([{ member: keyOf("Ana Souza"), compared: false }]);
  });

  it("of one's own are at hand", async () => {
    const { user } = openWindow(homeState, { place: HOME_PLACE });
    await choose(user, "Menu for Maya", "Your words…");
    expect(await screen.findByRole("list", { name: "Your words" })).toBeTruthy();
  });
});

describe("a changed key", () => {
  const open = () => openWindow(changedKeyState, { place: HOME_PLACE });

  it("is loud in the room and on the row", async () => {
    open();
    const alarm = within((await screen.findByText("Ben has another key than before")).closest("[role=alert]")!);
    expect(alarm.getByText(/you had compared its words/)).toBeTruthy();
    expect(screen.getByRole("button", { name: "Another key than before" })).toBeTruthy();
  });

  it("is accepted with the words that match", async () => {
    const { user, asked } = open();
    await user.click(await screen.findByRole("button", { name: "Compare words…" }));
    await user.click(await screen.findByRole("button", { name: "They match" }));
    expect(asked("acceptKey")).toEqual([{ roomId: HOME, member: keyOf("Ben") }]);
    await waitFor(() => expect(screen.queryByText("Ben has another key than before")).toBeNull());
  });

  it("is accepted by the person's word", async () => {
    const { user, asked } = open();
    await user.click(await screen.findByRole("button", { name: "It is Ben" }));
    expect(asked("acceptKey")).toEqual([{ roomId: HOME, member: keyOf("Ben") }]);
  });

  it("leads to removing, after a question", async () => {
    const { user, asked } = open();
    await user.click(await screen.findByRole("button", { name: "Remove Ben…" }));
    await screen.findByRole("alertdialog", { name: "Remove Ben?" });
    expect(asked("kick")).toEqual([]);
  });

  it("is told of by a message, whatever is shown", async () => {
    const { host, happen } = openWindow(homeState);
    await screen.findByRole("heading", { name: "Rooms", level: 1 });
    await happen(() => host.note({ kind: "key_changed", roomId: HOME, room: "Family", member: "Ben" }));
    await told(/Ben came to “Family” with another key than before/);
  });
});

describe("what a member may reach", () => {
  it("is the room's until it is chosen, and ports are checked before they are sent", async () => {
    const { user, asked } = openWindow(homeState, { place: HOME_PLACE });
    await choose(user, "Menu for Ben", "What Ben may reach…");
    const dialog = within(await screen.findByRole("dialog", { name: "What Ben may reach here" }));
    expect(dialog.getByRole("radio", { name: "As in the room" })).toHaveProperty("checked", true);
    await user.click(dialog.getByRole("radio", { name: "Only these ports" }));
    await user.type(dialog.getByLabelText("Ports"), "tcp:99999");
    await user.click(dialog.getByRole("button", { name: "Save" }));
    expect(asked("setInbound")).toEqual([]);
    expect(dialog.getByText(/Type up to 32 ports/)).toBeTruthy();
    await user.clear(dialog.getByLabelText("Ports"));
    await user.type(dialog.getByLabelText("Ports"), "tcp:22, udp:27015-27030{Enter}");
    expect(asked("setInbound")).toEqual([
      {
        roomId: HOME,
        member: keyOf("Ben"),
        rule: {
          mode: "ports",
          ports: [
            { protocol: "tcp", from: 22, to: 22 },
            { protocol: "udp", from: 27_015, to: 27_030 },
          ],
        },
      },
    ]);
  });

  it("goes back to the room's rule, and says how much was kept out", async () => {
    const { user, asked } = openWindow(doorState, { place: HOME_PLACE });
    await choose(user, "Menu for Ben", "What Ben may reach…");
    const dialog = within(await screen.findByRole("dialog"));
    expect(dialog.getByLabelText("Ports")).toHaveProperty("value", "tcp:22");
    expect(dialog.getByText("Packets kept out so far: 1,204")).toBeTruthy();
    await user.click(dialog.getByRole("radio", { name: "As in the room" }));
    await user.click(dialog.getByRole("button", { name: "Save" }));
    expect(asked("setInbound")).toEqual([{ roomId: HOME, member: keyOf("Ben") }]);
  });
});

describe("a computer that members do not reach", () => {
  it("says so beside the room's name, which leads to the rule", async () => {
    const { user, asked } = openWindow(openRoomState, { place: HOME_PLACE });
    await user.click(await screen.findByRole("button", { name: "Closed to members" }));
    await user.selectOptions(await screen.findByLabelText("Members may reach here"), "Everything");
    expect(asked("setInbound")).toEqual([{ roomId: HOME, rule: { mode: "all" } }]);
    await waitFor(() => expect(screen.queryByRole("button", { name: "Closed to members" })).toBeNull());
  });
});

it("a dialog closes with Escape though a message came meanwhile", async () => {
  const { user } = openWindow(homeState, { place: { screen: "room", roomId: WORK } });
  await choose(user, "Room menu", "Room settings");
  await user.selectOptions(await screen.findByLabelText("Members may reach here"), "Nothing");
  await told("What members may reach is changed.");
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
});

describe("the owner", () => {
  it("lets a member let others in, and takes that back", async () => {
    const { user, asked } = openWindow(homeState, { place: HOME_PLACE });
    await user.click(await screen.findByRole("button", { name: "Menu for Ben" }));
    await user.click(await screen.findByRole("menuitemcheckbox", { name: "May let others in" }));
    expect(await screen.findByText("Trusted")).toBeTruthy();
    await user.click(await screen.findByRole("button", { name: "Menu for Ben" }));
    await user.click(await screen.findByRole("menuitemcheckbox", { name: "May let others in", checked: true }));
    expect(asked("setRole")).toEqual([
      { roomId: HOME, member: keyOf("Ben"), role: "trusted" },
      { roomId: HOME, member: keyOf("Ben"), role: "member" },
    ]);
  });

  it("bans after a question, and takes the ban back in the room's settings", async () => {
    const { user, asked } = openWindow(homeState, { place: HOME_PLACE });
    await choose(user, "Menu for Ben", "Ban…");
    await user.click(
      within(await screen.findByRole("alertdialog", { name: "Ban Ben?" })).getByRole("button", { name: "Ban" }),
    );
    expect(asked("kick")).toEqual([{ roomId: HOME, member: keyOf("Ben"), ban: true }]);
    await choose(user, "Room menu", "Room settings");
    await user.click(await screen.findByRole("button", { name: "Unban Ben" }));
    expect(asked("unban")).toEqual([{ roomId: HOME, publicKey: keyOf("Ben") }]);
    await waitFor(() => expect(screen.queryByRole("button", { name: "Unban Ben" })).toBeNull());
  });

  it("hands the room over after a question, and owns it no longer", async () => {
    const { user, asked } = openWindow(homeState, { place: HOME_PLACE });
    await choose(user, "Menu for Ben", "Hand the room over…");
    const question = within(await screen.findByRole("alertdialog", { name: "Give “Family” to Ben?" }));
    await user.click(question.getByRole("button", { name: "Hand over" }));
    expect(asked("handOver")).toEqual([{ roomId: HOME, member: keyOf("Ben") }]);
    await user.click(await screen.findByRole("button", { name: "Menu for Ana Souza" }));
    expect(screen.queryByRole("menuitem", { name: "Ban…" })).toBeNull();
  });

  it("is asked before a sealed room is opened, and not before an open one is sealed", async () => {
    const { user, asked } = openWindow(homeState, { place: HOME_PLACE });
    await user.click(await screen.findByRole("button", { name: "Sealed" }));
    const seal = await screen.findByRole("switch", { name: "Sealed room" });
    await user.click(seal);
    expect(asked("setRules")).toEqual([]);
    await user.click(await screen.findByRole("button", { name: "Open it" }));
    await user.click(await screen.findByRole("switch", { name: "Sealed room", checked: false }));
    expect(asked("setRules")).toEqual([
      { roomId: HOME, sealed: false },
      { roomId: HOME, sealed: true },
    ]);
  });

  it("says who may let others in", async () => {
    const { user, asked } = openWindow(homeState, { place: HOME_PLACE });
    await choose(user, "Room menu", "Room settings");
    await user.selectOptions(await screen.findByLabelText("Who may let others in"), "Every member");
    expect(asked("setRules")).toEqual([{ roomId: HOME, doors: "members" }]);
  });

  it("limits all members to ports, once they are saved", async () => {
    const { user, asked } = openWindow(homeState, { place: HOME_PLACE });
    await choose(user, "Room menu", "Room settings");
    await user.selectOptions(await screen.findByLabelText("Members may reach here"), "Only these ports");
    expect(asked("setInbound")).toEqual([]);
    await user.type(screen.getByLabelText("Ports"), "udp:27015{Enter}");
    const rule = { mode: "ports", ports: [{ protocol: "udp", from: 27_015, to: 27_015 }] };
    expect(asked("setInbound")).toEqual([{ roomId: HOME, rule }]);
  });
});

describe("a member who is not the owner", () => {
  it("reads the rules, and changes only what is reached here", async () => {
    const { user, asked } = openWindow(homeState, { place: { screen: "room", roomId: WORK } });
    await choose(user, "Room menu", "Room settings");
    expect(await screen.findByText("Owner and trusted")).toBeTruthy();
    expect(screen.queryByRole("switch", { name: "Sealed room" })).toBeNull();
    await user.selectOptions(screen.getByLabelText("Members may reach here"), "Nothing");
    expect(asked("setInbound")).toEqual([{ roomId: WORK, rule: { mode: "none" } }]);
  });
});

describe("entering a room", () => {
  it("makes it open, and closed to members, where the seal is taken off", async () => {
    const { user, asked } = openWindow(homeState);
    await user.click((await screen.findAllByRole("button", { name: "New room" }))[0]!);
    await user.type(await screen.findByRole("textbox", { name: "Name" }), "Lobby");
    await user.click(screen.getByRole("switch", { name: "Sealed room" }));
    expect(screen.getByRole("switch", { name: "Members may reach this computer", checked: false })).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Create" }));
    expect(asked("create")).toMatchObject([{ sealed: false, inbound: { mode: "none" } }]);
  });

  it("keeps what the person said of being reached, whatever the seal", async () => {
    const { user } = openWindow(homeState);
    await user.click((await screen.findAllByRole("button", { name: "New room" }))[0]!);
    const reach = await screen.findByRole("switch", { name: "Members may reach this computer", checked: true });
    await user.click(reach);
    await user.click(reach);
    await user.click(screen.getByRole("switch", { name: "Sealed room" }));
    expect(screen.getByRole("switch", { name: "Members may reach this computer", checked: true })).toBeTruthy();
  });

  it("hands the key of a pasted link on, and says that it opens", async () => {
    const { user, asked } = openWindow(homeState);
    await user.click((await screen.findAllByRole("button", { name: "Join a room" }))[0]!);
    expect(await screen.findByText(/you may have to wait at the door/)).toBeTruthy();
    const [key, owner] = ["k".repeat(43), "o".repeat(22)];
    await user.click(screen.getByLabelText("Link or room id"));
    await user.paste(`govpn://join/5ca1ab1e?server=ws://192.168.1.20:8080#k=${key}&o=${owner}`);
    expect(await screen.findByText("This link holds the room’s key: you go straight in.")).toBeTruthy();
    await user.type(screen.getByLabelText("PIN"), "4821{Enter}");
    expect(asked("join")).toEqual([{ roomId: "5ca1ab1e", pin: "4821", key, owner, inbound: { mode: "all" } }]);
  });

  it("hands the key of an opened link on", async () => {
    const { user, host, asked } = openWindow(sealedLinkState);
    const asking = within(await screen.findByRole("alertdialog"));
    const { link } = host.state;
    await user.type(asking.getByLabelText("PIN"), "4821{Enter}");
    expect(link).toMatchObject({ key: expect.any(String), owner: expect.any(String) });
    expect(asked("join")).toMatchObject([link?.state === "ask" && { key: link.key, owner: link.owner }]);
  });
});

describe("an invitation", () => {
  const openInvitation = async (make: Parameters<typeof openWindow>[0]) => {
    const { user } = openWindow(make, { place: HOME_PLACE });
    await user.click((await screen.findAllByRole("button", { name: "Invite" }))[0]!);
    return within(await screen.findByRole("dialog", { name: "Invite to “Family”" }));
  };

  it("to a sealed room says that the link is a key, and what happens without it", async () => {
    const invitation = await openInvitation(homeState);
    expect(await invitation.findByRole("button", { name: /^Copy Link: govpn:.*#k=/ })).toBeTruthy();
    expect(invitation.getByText(/The link is a key/)).toBeTruthy();
    expect(invitation.getByText(/they wait at the door until somebody lets them in/)).toBeTruthy();
  });

  it("to an open room speaks of no key and no door", async () => {
    const invitation = await openInvitation(openRoomState);
    expect(await invitation.findByRole("button", { name: /^Copy Link: govpn:[^#]*$/ })).toBeTruthy();
    expect(invitation.queryByText(/key|door/)).toBeNull();
  });

  it("says why it opens nothing where this computer is outside itself", async () => {
    const invitation = await openInvitation(waitingState);
    expect(await invitation.findByText("Your link opens no door")).toBeTruthy();
    expect(invitation.getByText(/You have not been let in yourself yet/)).toBeTruthy();
  });
});

it("a room that is gone while its settings are open closes them with no fault", async () => {
  const { user, host, happen } = openWindow(homeState, { place: HOME_PLACE });
  await choose(user, "Room menu", "Room settings");
  await screen.findByRole("dialog", { name: "Settings of “Family”" });
  await happen(() => host.change((state) => ({ ...state, rooms: {} as Record<RoomId, never> })));
  expect(screen.queryByText("This screen could not be shown")).toBeNull();
});
