import { beforeEach, describe, expect, it } from "vitest";
import {
  GROUP_MS,
  LOST_MS,
  type Notice,
  Notices,
  SMALL_ROOM_MEMBERS,
  TRUST_EVERY_MS,
  wordsOf,
} from "../../../electron/main/desktop/notices.ts";
import { translator } from "../../../electron/main/desktop/strings.ts";
import type { RoomId } from "../../../shared/base/brand.ts";
import type { Activity, AppState } from "../../../shared/ipc/app.ts";
import { defaultSettings } from "../../../shared/ipc/settings.ts";
import { FakeClock } from "../../fakes/clock.ts";
import { activities, member, room, rooms, state } from "./states.ts";

let clock: FakeClock;
let shown: Notice[];
let notices: Notices;
let watched: boolean;
beforeEach(() => {
  clock = new FakeClock();
  shown = [];
  watched = false;
  notices = new Notices({ clock, isWatched: () => watched, show: (notice) => shown.push(notice) });
});

const den = room("Den", [member("Ann", "self"), member("Ben")]);
const inDen = (kind: Activity["kind"], name: string): Partial<Activity> => ({
  kind,
  room: den.name,
  roomId: den.roomId,
  member: name,
});
const withSettings = (change: Partial<AppState["settings"]["notifications"]>) => ({
  settings: { ...defaultSettings, notifications: { ...defaultSettings.notifications, ...change } },
});

/** The app's first state, then one in which this happened. */
function happens(what: readonly Partial<Activity>[], change: Partial<AppState> = {}): void {
  notices.onState(state({ ...rooms(den), ...change }));
  notices.onState(state({ ...rooms(den), ...change, ...activities(...what) }));
}

describe("members who come and go", () => {
  it("are told of after a moment", async () => {
    happens([inDen("member_joined", "Ben")]);
    await clock.advance(GROUP_MS - 1);
    expect(shown).toEqual([]);
    await clock.advance(1);
    expect(shown).toEqual([{ kind: "members", roomId: den.roomId, room: "Den", joined: ["Ben"], left: [] }]);
  });

  it("are told of together, by room", async () => {
    const office = room("Office", []);
    happens(
      [
        inDen("member_joined", "Ben"),
        inDen("member_joined", "Cem"),
        { ...inDen("member_left", "Dee"), room: "Office", roomId: office.roomId },
      ],
      rooms(den, office),
    );
    await clock.advance(GROUP_MS);
    expect(shown).toEqual([
      { kind: "members", roomId: den.roomId, room: "Den", joined: ["Ben", "Cem"], left: [] },
      { kind: "members", roomId: office.roomId, room: "Office", joined: [], left: ["Dee"] },
    ]);
  });

  it("are no news if they are where they were", async () => {
    happens([inDen("member_left", "Ben"), inDen("member_joined", "Ben")]);
    await clock.advance(GROUP_MS);
    expect(shown).toEqual([]);
  });

  it("are no news in a big room, unless the person wants them all", async () => {
    const hall = room(
      "Den",
      Array.from({ length: SMALL_ROOM_MEMBERS + 1 }, (_, n) => member(`Member ${n}`)),
    );
    happens([inDen("member_joined", "Ben")], rooms(hall));
    await clock.advance(GROUP_MS);
    expect(shown).toEqual([]);
    const again = activities(inDen("member_joined", "Ben"), inDen("member_joined", "Cem"));
    notices.onState(state({ ...rooms(hall), ...again, ...withSettings({ members: "always" }) }));
    await clock.advance(GROUP_MS);
    expect(shown).toMatchObject([{ joined: ["Cem"] }]);
  });

  it("are no news to whoever does not want to know", async () => {
    happens([inDen("member_joined", "Ben")], withSettings({ members: "never" }));
    await clock.advance(GROUP_MS);
    expect(shown).toEqual([]);
  });

  it("are no news to whoever looks at the window", async () => {
    watched = true;
    happens([inDen("member_joined", "Ben")]);
    await clock.advance(GROUP_MS);
    expect(shown).toEqual([]);
  });

  it("are no news when this machine itself has left", async () => {
    happens([inDen("member_left", "Ben")]);
    notices.onState(state(activities(inDen("member_left", "Ben"))));
    await clock.advance(GROUP_MS);
    expect(shown).toEqual([]);
  });

  it("are no news when they came before the program listened", async () => {
    notices.onState(state({ ...rooms(den), ...activities(inDen("member_joined", "Ben")) }));
    await clock.advance(GROUP_MS);
    expect(shown).toEqual([]);
  });
});

describe("the end of a room", () => {
  it.each([
    ["kicked", "kicked"],
    ["room_closed", "closed"],
  ] as const)("is told of at once: %s", (kind, notice) => {
    happens([{ kind, room: "Den", roomId: den.roomId }]);
    expect(shown).toEqual([{ kind: notice, roomId: den.roomId, room: "Den" }]);
  });

  it("is not told of where that is not wanted", () => {
    happens([{ kind: "kicked", room: "Den", roomId: den.roomId }], withSettings({ rooms: false }));
    expect(shown).toEqual([]);
  });
});

describe("trust", () => {
  const mine = { ...den, trust: { ...den.trust, canLetIn: true } };
  const knock = [inDen("door_knock", "Dee")];

  it("is told of when somebody is at the door, to who can open it", () => {
    happens(knock, rooms(mine));
    expect(shown).toEqual([{ kind: "door", roomId: den.roomId, room: "Den", name: "Dee" }]);
  });

  it("is told of once a minute, however many come to the door", async () => {
    const crowd = ["Dee", "Eve", "Fay"].map((name) => inDen("door_knock", name));
    happens(crowd, rooms(mine));
    expect(shown).toHaveLength(1);
    await clock.advance(TRUST_EVERY_MS);
    notices.onState(state({ ...rooms(mine), ...activities(...crowd, inDen("door_knock", "Gil")) }));
    expect(shown).toHaveLength(2);
  });

  it("is no news of a door that others open", () => {
    happens(knock);
    expect(shown).toEqual([]);
  });

  it.each(["key_changed", "let_in", "turned_away"] as const)("is told of at once: %s", (kind) => {
    happens([inDen(kind, "Ben")]);
    expect(shown).toEqual([{ kind, roomId: den.roomId, room: "Den", name: "Ben" }]);
  });

  it("is left to the window where the person looks at it, or wants no notices", () => {
    watched = true;
    happens(knock, rooms(mine));
    watched = false;
    happens(knock, { ...rooms(mine), ...withSettings({ rooms: false }) });
    expect(shown).toEqual([]);
  });
});

describe("a lost connection", () => {
  const offline = (change: Partial<AppState> = {}) =>
    state({ ...rooms(den), server: { url: "", state: "waiting", since: 0 }, ...change });

  it("is told of after half a minute, with who is still there", async () => {
    notices.onState(offline());
    await clock.advance(LOST_MS - 1);
    expect(shown).toEqual([]);
    await clock.advance(1);
    expect(shown).toEqual([{ kind: "lost", stillConnected: 1 }]);
  });

  it("is told of once, however often it is tried", async () => {
    notices.onState(offline());
    await clock.advance(LOST_MS / 2);
    notices.onState(offline({ server: { url: "", state: "connecting", since: 0 } }));
    notices.onState(offline());
    await clock.advance(10 * LOST_MS);
    expect(shown).toHaveLength(1);
  });

  it("is no news if it is back in time", async () => {
    notices.onState(offline());
    await clock.advance(LOST_MS - 1);
    notices.onState(state(rooms(den)));
    await clock.advance(LOST_MS);
    expect(shown).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it("is no news to whoever is in no room, or wants no connection", async () => {
    notices.onState(offline({ rooms: {} }));
    await clock.advance(LOST_MS);
    notices.onState(offline({ wanted: false }));
    await clock.advance(LOST_MS);
    expect(shown).toEqual([]);
  });

  it("begins anew when the machine wakes up", async () => {
    notices.onState(offline());
    await clock.advance(LOST_MS - 1);
    notices.resumed();
    await clock.advance(LOST_MS - 1);
    expect(shown).toEqual([]);
    await clock.advance(1);
    expect(shown).toHaveLength(1);
  });

  it("is not told of a second time because the machine wakes up", async () => {
    notices.onState(offline());
    await clock.advance(LOST_MS);
    notices.resumed();
    await clock.advance(LOST_MS);
    expect(shown).toHaveLength(1);
  });
});

it("leaves no timer behind", () => {
  happens([inDen("member_joined", "Ben")], { server: { url: "", state: "waiting", since: 0 } });
  expect(clock.pending).toBe(2);
  notices.dispose();
  expect(clock.pending).toBe(0);
});

describe("the words", () => {
  const say = (notice: Notice) => wordsOf(notice, translator("en"));
  const members = (joined: string[], left: string[]): Notice => ({
    kind: "members",
    roomId: "r" as RoomId,
    room: "Den",
    joined,
    left,
  });

  it.each<[string, Notice, string]>([
    ["one who joined", members(["Ben"], []), "Ben joined Den"],
    ["one who left", members([], ["Ben"]), "Ben left Den"],
    ["several who joined", members(["Ben", "Cem"], []), "2 members joined Den"],
    ["both", members(["Ben", "Cem"], ["Dee"]), "Den: 2 joined, 1 left"],
    [
      "a lost server",
      { kind: "lost", stillConnected: 0 },
      "GoVPN keeps trying. Nobody new can be reached until it is back.",
    ],
    [
      "a lost server and one link",
      { kind: "lost", stillConnected: 1 },
      "GoVPN keeps trying. 1 member is still connected.",
    ],
    [
      "a lost server and links",
      { kind: "lost", stillConnected: 3 },
      "GoVPN keeps trying. 3 members are still connected.",
    ],
    ["being removed", { kind: "kicked", roomId: "r" as RoomId, room: "Den" }, "Its owner took you out."],
    [
      "somebody at the door",
      { kind: "door", roomId: "r" as RoomId, room: "Den", name: "Dee" },
      "Open the room to let them in, or to turn them away.",
    ],
    [
      "a changed key",
      { kind: "key_changed", roomId: "r" as RoomId, room: "Den", name: "Ben" },
      "It may be somebody else. Compare words in Den before you trust it.",
    ],
    ["being let in", { kind: "let_in", roomId: "r" as RoomId, room: "Den", name: "Ben" }, "Ben let you in."],
    [
      "being turned away",
      { kind: "turned_away", roomId: "r" as RoomId, room: "Den", name: "Ben" },
      "Ben turned you away.",
    ],
    [
      "a closed room",
      { kind: "closed", roomId: "r" as RoomId, room: "Den" },
      "Its owner ended the room for everybody.",
    ],
  ])("tell of %s", (_what, notice, body) => {
    expect(say(notice).body).toBe(body);
    expect(say(notice).title).not.toContain("{");
  });
});
