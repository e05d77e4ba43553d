// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import { commandsOf } from "../../../renderer/features/palette/commands.tsx";
import { createI18n } from "../../../renderer/i18n/i18n.ts";
import type { Actions } from "../../../renderer/store/actions.ts";
import type { AppState } from "../../../shared/ipc/app.ts";
import { keyOf } from "../../fakes/app-people.ts";
import { doorOfOthersState, doorState, emptyState, HOME, homeState } from "../../fakes/app-states.ts";

const { t } = createI18n();

/** Every command of the palette, and what the actions were asked for. */
function palette(host: AppState) {
  const asked: unknown[] = [];
  const actions = new Proxy({} as Actions, {
    get:
      (_, name) =>
      (...args: unknown[]) => {
        asked.push([name, ...args]);
        return Promise.resolve(true);
      },
  });
  const commands = commandsOf({ t, host, actions }).flatMap((group) => group.commands);
  const run = (label: string) => commands.find((command) => command.label === label)?.run();
  return { commands, asked, run };
}

describe("the command palette", () => {
  it("opens rooms and their invitations by name", () => {
    const { run, asked } = palette(homeState(0));
    run("Family");
    run("Invite to “Family”");
    const [roomId] = Object.entries(homeState(0).rooms).find(([, { name }]) => name === "Family") ?? [];
    expect(asked).toEqual([
      ["go", { screen: "room", roomId }],
      ["openDialog", { kind: "invite", roomId }],
    ]);
  });

  it("offers to disconnect what is connected, and to connect what is not", () => {
    const { run, asked } = palette(homeState(0));
    run("Disconnect this computer");
    expect(asked).toEqual([["setConnected", false]]);
    expect(palette({ ...homeState(0), wanted: false }).commands.map(({ label }) => label)).toContain(
      "Connect this computer",
    );
  });

  it("lists a member of two rooms once, found by name and by address", () => {
    const home = homeState(0);
    const [first] = Object.values(home.rooms);
    const { commands } = palette({ ...home, rooms: { ...home.rooms, ["twin" as never]: first! } });
    const labels = commands.filter(({ id }) => id.startsWith("copy "));
    expect(new Set(labels.map(({ id }) => id)).size).toBe(labels.length);
    expect(labels.every(({ detail, keywords }) => keywords?.includes(detail ?? ""))).toBe(true);
  });

  it("lets in whoever waits, compares words, and opens a room's settings", () => {
    const { run, asked } = palette(doorState(0));
    run("Let Farid into “Family”");
    run("Compare words with Ben");
    run("Settings of “Family”");
    const done = { kind: "said", key: "door.letInDone", values: { name: "Farid" } };
    expect(asked).toEqual([
      ["order", "letIn", { roomId: HOME, member: keyOf("Farid") }, done],
      ["openDialog", { kind: "compare", roomId: HOME, publicKey: keyOf("Ben") }],
      ["openDialog", { kind: "room_settings", roomId: HOME }],
    ]);
  });

  it("lets nobody in where that is for others, and compares no words twice", () => {
    const labels = palette(doorOfOthersState(0)).commands.map(({ label }) => label);
    expect(labels.filter((label) => label.startsWith("Let "))).toEqual([]);
    expect(palette(doorState(0)).commands.map(({ label }) => label)).not.toContain("Compare words with Ana Souza");
  });

  it("has no two commands of one identity, and no empty group", () => {
    for (const host of [homeState(0), doorState(0), emptyState(0)]) {
      const { commands } = palette(host);
      expect(new Set(commands.map(({ id }) => id)).size).toBe(commands.length);
      for (const group of commandsOf({ t, host, actions: {} as Actions })) expect(group.commands).not.toEqual([]);
    }
  });
});
