import { describe, expect, it } from "vitest";
import { translator } from "../../../electron/main/desktop/strings.ts";
import { menuTemplate, Tray, trayImage } from "../../../electron/main/desktop/tray.ts";
import {
  MAX_MENU_MEMBERS,
  statusOf,
  type TrayAction,
  type TrayItem,
  trayModel,
} from "../../../electron/main/desktop/tray-model.ts";
import type { AppState } from "../../../shared/ipc/app.ts";
import { FakeTheme, FakeTray } from "../../fakes/electron.ts";
import { member, room, rooms, state } from "./states.ts";

const translate = translator("en");
const den = room("Den", [member("Ann", "self"), member("Ben")]);
const away = { ...member("Cem"), standing: "away" as const };
const shut = room("Office", [member("Ann", "self"), away]);
const atDoor = { ...shut, trust: { ...shut.trust, seal: "unknown" as const, waiting: true } };
const server = (kind: AppState["server"]["state"]) => ({ server: { url: "", state: kind, since: 0 } });

const OUTSIDE = ["door", "turned_away", "removed", "banned"] as const;
const withDee = (standing: (typeof OUTSIDE)[number]) => [member("Ann", "self"), { ...member("Dee"), standing }];

describe("the tray's icon", () => {
  it.each<[string, string, Partial<AppState>]>([
    ["connected", "in a room with a member who answered", rooms(den)],
    ["connected", "alone in a room", rooms(room("Den", [member("Ann", "self")]))],
    ["disconnected", "in no room", {}],
    ["disconnected", "that nobody wants connected", { ...rooms(den), wanted: false }],
    [
      "disconnected",
      "that nobody wants connected, without a server",
      { ...rooms(den), ...server("waiting"), wanted: false },
    ],
    ["connecting", "while the server is dialled", { ...rooms(den), ...server("connecting") }],
    ["connecting", "while a room is entered", rooms(den, room("Office", [], { state: "entering" }))],
    [
      "connecting",
      "while no member has answered",
      rooms(room("Den", [member("Ann", "self"), member("Ben", "connecting")])),
    ],
    [
      "connecting",
      "while the only member is lost",
      rooms(room("Den", [member("Ann", "self"), member("Ben", "reconnecting")])),
    ],
    ...OUTSIDE.map((standing): [string, string, Partial<AppState>] => [
      "connected",
      `alone but for somebody outside: ${standing}`,
      rooms(room("Den", withDee(standing))),
    ]),
    ["connecting", "while somebody has to open a door", rooms(atDoor)],
    ["connecting", "while one room is entered and another's door is not open", rooms(den, atDoor)],
    ["problem", "while the server does not answer", { ...rooms(den), ...server("waiting") }],
    [
      "problem",
      "without a network device",
      { ...rooms(den), tunnel: { state: "failed", code: "tun_denied", message: "" } },
    ],
  ])("is %s %s", (icon, _when, change) => {
    expect(statusOf(state(change)).icon).toBe(icon);
  });

  it("is a template on macOS, and follows the panel elsewhere", () => {
    const theme = new FakeTheme();
    const image = (platform: NodeJS.Platform, env = {}) => trayImage("problem", { platform, env, electron: { theme } });
    expect(image("darwin")).toBe("tray-problem-Template.png");
    expect(image("win32")).toBe("tray-problem-light.ico");
    theme.shouldUseDarkColorsForSystemIntegratedUI = true;
    expect(image("win32")).toBe("tray-problem-dark.ico");
    expect(image("linux", { XDG_CURRENT_DESKTOP: "KDE" })).toBe("tray-problem-light.png");
    expect(image("linux", { XDG_CURRENT_DESKTOP: "ubuntu:GNOME" })).toBe("tray-problem-dark.png");
    theme.shouldUseDarkColors = true;
    expect(image("linux", { XDG_CURRENT_DESKTOP: "KDE" })).toBe("tray-problem-dark.png");
  });
});

describe("the tray's menu", () => {
  const labels = (items: readonly TrayItem[]): string[] =>
    items.map((item) => (item.kind === "separator" ? "-" : item.label));
  const menuOf = (items: readonly TrayItem[], label: string): readonly TrayItem[] => {
    const found = items.find((item) => item.kind === "menu" && item.label === label);
    return found?.kind === "menu" ? found.items : [];
  };

  it("says the state first, and in the tooltip", () => {
    const model = trayModel(state(rooms(den)), translate);
    expect(labels(model.items)[0]).toBe("Connected");
    expect(model.tooltip).toBe("GoVPN: Connected");
  });

  it("offers rooms, then to disconnect, the window, and the end", () => {
    const { items } = trayModel(state(rooms(den)), translate);
    expect(labels(items)).toEqual([
      "Connected",
      "-",
      "Den: 2 members",
      "-",
      "Disconnect",
      "Open GoVPN",
      "-",
      "Quit GoVPN",
    ]);
  });

  it("offers to connect, and no room, when disconnected", () => {
    const { items } = trayModel(state({ ...rooms(den), wanted: false }), translate);
    expect(labels(items)).toEqual(["Not connected", "-", "Connect", "Open GoVPN", "-", "Quit GoVPN"]);
    expect(items).toContainEqual({ kind: "action", label: "Connect", action: { do: "connect", connected: true } });
  });

  it("lists members with oneself first, each with addresses to copy", () => {
    const { items } = trayModel(state(rooms(den)), translate);
    const members = menuOf(items, "Den: 2 members");
    expect(labels(members)).toEqual(["Ann (this computer)", "Ben", "-", "Open the room"]);
    expect(menuOf(members, "Ben")).toEqual([
      { kind: "action", label: "Copy 100.64.1.3", action: { do: "copy", text: "100.64.1.3" } },
      { kind: "action", label: "Copy fd67:6f76:706e::3", action: { do: "copy", text: "fd67:6f76:706e::3" } },
    ]);
  });

  it("tells who is not reached, and which room is not entered", () => {
    const away = room("Den", [member("Ben", "reconnecting"), member("Cem", "connecting")]);
    const { items } = trayModel(state(rooms(away, room("Office", [], { state: "reconnecting" }))), translate);
    expect(labels(menuOf(items, "Den: 2 members")).slice(0, 2)).toEqual(["Ben (reconnecting…)", "Cem (connecting…)"]);
    expect(labels(items)).toContain("Office: reconnecting…");
  });

  it("offers the door first, where somebody waits there and this machine can open it", () => {
    const visited = room("Den", [member("Ann", "self"), { ...member("Dee"), standing: "door" }]);
    const mine = { ...visited, trust: { ...visited.trust, canLetIn: true } };
    const { items } = trayModel(state(rooms(mine)), translate);
    expect(items[2]).toEqual({
      kind: "action",
      label: "Dee is at the door of Den…",
      action: { do: "open", roomId: mine.roomId },
    });
    expect(labels(items)).toContain("Den: 1 member");
    expect(labels(trayModel(state(rooms(visited)), translate).items)).not.toContain("Dee is at the door of Den…");
  });

  it.each(OUTSIDE)("counts nobody who is outside: %s", (standing) => {
    const { items } = trayModel(state(rooms(room("Den", withDee(standing)))), translate);
    expect(labels(menuOf(items, "Den: 1 member"))).not.toContain("Dee");
  });

  it("leads to a member who has another key than before", () => {
    const changedKey = { knownKey: member("Eve").publicKey, since: 0, compared: false };
    const { items } = trayModel(state(rooms(room("Den", [{ ...member("Ben"), changedKey }]))), translate);
    expect(labels(items)[2]).toBe("Ben has another key than before");
  });

  it("tells before which door this machine waits", () => {
    expect(labels(trayModel(state(rooms(atDoor)), translate).items)).toContain("Office: waiting at the door…");
  });

  it("leaves a crowd to the window", () => {
    const crowd = Array.from({ length: 50 }, (_, n) => member(`Member ${String(n).padStart(2, "0")}`));
    const { items } = trayModel(state(rooms(room("Hall", crowd))), translate);
    const shown = labels(menuOf(items, "Hall: 50 members"));
    expect(shown.filter((label) => label.startsWith("Member"))).toHaveLength(MAX_MENU_MEMBERS);
    expect(shown).toContain("35 more members…");
  });

  it("shows an ampersand in a name as one", () => {
    const { items } = trayModel(state(rooms(room("Bed & Breakfast", []))), translate);
    expect(menuTemplate(items, () => {}).map(({ label }) => label)).toContain("Bed && Breakfast: 0 members");
  });
});

describe("the tray", () => {
  function shown() {
    const trays: FakeTray[] = [];
    const done: TrayAction[] = [];
    const theme = new FakeTheme();
    const electron = {
      theme,
      createTray: (image: string) => {
        trays.push(new FakeTray(image));
        return trays.at(-1)!;
      },
      createMenu: (template: object) => ({ template }),
    };
    const tray = new Tray({
      electron,
      platform: "linux",
      env: {},
      icons: "/icons",
      run: (action) => done.push(action),
    });
    return { tray, trays, theme, done };
  }
  const connected = trayModel(state(rooms(den)), translate);

  it("is there from the first model on, with icon, tooltip and menu", () => {
    const { tray, trays } = shown();
    tray.show(connected);
    expect(trays).toHaveLength(1);
    expect(trays[0]).toMatchObject({ image: "/icons/tray-connected-light.png", tooltip: "GoVPN: Connected", menus: 1 });
  });

  it("is told only of what changed, so that an open menu stays open", () => {
    const { tray, trays } = shown();
    tray.show(connected);
    tray.show(trayModel(state(rooms(den)), translate));
    expect(trays[0]!.menus).toBe(1);
    tray.show(trayModel(state({ ...rooms(den), wanted: false }), translate));
    expect(trays[0]).toMatchObject({ image: "/icons/tray-disconnected-light.png", menus: 2 });
  });

  it("changes its icon when the panel changes its colour", () => {
    const { tray, trays, theme } = shown();
    tray.show(connected);
    theme.shouldUseDarkColors = true;
    theme.emit("updated");
    expect(trays[0]!.image).toBe("/icons/tray-connected-dark.png");
  });

  it("opens the window on a click, and does what its items say", () => {
    const { tray, trays, done } = shown();
    tray.show(connected);
    trays[0]!.emit("click");
    trays[0]!.choose("Disconnect");
    trays[0]!.choose("Copy 100.64.1.3");
    expect(done).toEqual([{ do: "open" }, { do: "connect", connected: false }, { do: "copy", text: "100.64.1.3" }]);
  });
});
