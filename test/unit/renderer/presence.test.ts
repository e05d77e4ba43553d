import { describe, expect, it } from "vitest";
import { presenceOf, reach, roomTone, toneOf } from "../../../renderer/store/presence.ts";
import {
  doorkeepersOf,
  headcount,
  isOutside,
  membersInOrder,
  roomsInOrder,
  visitorsOf,
} from "../../../renderer/store/rooms.ts";
import type { RoomId } from "../../../shared/base/brand.ts";
import type { AppState } from "../../../shared/ipc/app.ts";
import { memberOf, visitorOf } from "../../fakes/app-people.ts";
import { emptyState, HOME, homeState, roomOf, WORK, withRooms } from "../../fakes/app-states.ts";

const open = { kind: "open" } as const;
const empty = emptyState(0);
const home = homeState(0);
const alone = withRooms(empty, roomOf(HOME, "Den", []));
const withMember = (state: "connecting" | "connected" | "reconnecting") =>
  withRooms(empty, roomOf(HOME, "Den", [memberOf("Ben", state)]));
const withVisitor = withRooms(empty, roomOf(HOME, "Den", [visitorOf("Ben")]));
const beforeDoor = ((): AppState => {
  const room = roomOf(HOME, "Den", [visitorOf("Ben", "away")]);
  return withRooms(empty, { ...room, trust: { ...room.trust, seal: "unknown", waiting: true } });
})();
const server = (state: AppState, kind: AppState["server"]["state"]): AppState => ({
  ...state,
  server: { ...state.server, state: kind },
});

describe("the state in one word", () => {
  it.each<[string, AppState, string]>([
    ["off where the person wants it off", { ...home, wanted: false }, "off"],
    ["ready without a room", empty, "no_rooms"],
    ["ready alone in a room", alone, "alone"],
    ["connecting until the server is there", server(empty, "connecting"), "connecting"],
    ["connecting while members are looked for", withMember("connecting"), "connecting"],
    ["connecting while the only member is lost for a moment", withMember("reconnecting"), "connecting"],
    ["connected once one answers", withMember("connected"), "connected"],
    ["connected while the server is away, if members answer", server(home, "waiting"), "connected"],
    ["lost when the server is away and nobody answers", server(alone, "waiting"), "server_lost"],
    ["lost when the server on this computer could not start", server(alone, "stopped"), "server_lost"],
    ["at the door until somebody opens, though a connection is there", beforeDoor, "at_door"],
    ["alone with somebody at the door", withVisitor, "alone"],
    ["limited without the device", { ...home, tunnel: { state: "off" } }, "no_tunnel"],
  ])("is %s", (_, state, kind) => {
    expect(presenceOf(state, open).kind).toBe(kind);
  });

  it("is never connected over a wire that is not", () => {
    expect(presenceOf(home, { kind: "waiting", retryAt: 0 })).toEqual({ kind: "unknown" });
  });

  it("is green for nothing but connected", () => {
    const states = [
      empty,
      alone,
      beforeDoor,
      withVisitor,
      withMember("connecting"),
      server(alone, "waiting"),
      { ...home, wanted: false },
    ];
    for (const state of states) expect(toneOf(presenceOf(state, open))).not.toBe("live");
    expect(toneOf(presenceOf(home, open))).toBe("live");
  });

  it("counts somebody who is in two rooms once, and as reached if either says so", () => {
    const twice = withRooms(
      empty,
      roomOf(HOME, "Den", [memberOf("Ben", "connecting")]),
      roomOf(WORK, "Work", [memberOf("Ben", "connected")]),
    );
    expect(reach(twice)).toEqual({ reached: 1, of: 1 });
  });
});

describe("who is in a room", () => {
  const room = ({ rooms }: AppState) => rooms[HOME]!;

  it("is everybody but those at its door and those who were removed", () => {
    expect(headcount(room(withVisitor))).toBe(1);
    expect(visitorsOf(room(withVisitor)).map(({ username }) => username)).toEqual(["Ben"]);
    expect(membersInOrder(room(withVisitor)).map(({ state }) => state)).toEqual(["self"]);
  });

  it("is not this computer while it is before the door", () => {
    expect(isOutside(room(beforeDoor))).toBe(true);
    expect(headcount(room(beforeDoor))).toBe(1);
  });

  it.each([
    ["owner", ["Own"]],
    ["trusted", ["Own", "Tru"]],
    ["members", ["Mem", "Own", "Tru"]],
  ] as const)("may open the door: %s", (doors, names) => {
    const made = roomOf(HOME, "Den", [
      { ...memberOf("Own"), role: "owner" },
      { ...memberOf("Tru"), role: "trusted" },
      memberOf("Mem"),
    ]);
    const keepers = doorkeepersOf({ ...made, trust: { ...made.trust, doors } });
    expect(keepers.map(({ username }) => username)).toEqual(names);
  });
});

describe("a room's dot", () => {
  const tone = (host: AppState, roomId = HOME) =>
    roomTone({ host, link: open } as Parameters<typeof roomTone>[0], roomId);

  it.each<[string, AppState, string]>([
    ["live when somebody answers", withMember("connected"), "live"],
    ["waiting when nobody does yet", withMember("connecting"), "wait"],
    ["waiting before a door", beforeDoor, "wait"],
    ["idle with nobody but at the door", withVisitor, "idle"],
    ["idle when nobody else is there", alone, "idle"],
    ["idle when off", { ...home, wanted: false }, "idle"],
  ])("is %s", (_, state, expected) => expect(tone(state)).toBe(expected));

  it("is idle for a room that is gone", () => expect(tone(empty)).toBe("idle"));
});

describe("the order of rooms", () => {
  it("is by name, and by id among the same names, whatever order they come in", () => {
    const rooms = [
      roomOf("b" as RoomId, "Den", []),
      roomOf("c" as RoomId, "Ant", []),
      roomOf("a" as RoomId, "Den", []),
    ];
    expect(roomsInOrder(withRooms(empty, ...rooms))).toEqual(["c", "a", "b"]);
    expect(roomsInOrder(withRooms(empty, ...rooms.reverse()))).toEqual(["c", "a", "b"]);
  });
});
