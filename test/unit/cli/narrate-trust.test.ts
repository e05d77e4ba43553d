import { beforeEach, describe, expect, it } from "vitest";
import { narrateTrust } from "../../../electron/cli/narrate-trust.ts";
import type { Output } from "../../../electron/cli/output.ts";
import type { HostEvents } from "../../../electron/main/host/events.ts";
import type { Host } from "../../../electron/main/host/host.ts";
import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import { Emitter } from "../../../shared/base/emitter.ts";
import { keyPairFrom } from "../../../shared/identity/keys.ts";
import { safetyWords } from "../../../shared/identity/safety-words.ts";
import type { RoomView } from "../../../shared/ipc/contract.ts";
import { member, room, trust } from "./views.ts";

const self = keyPairFrom(new Uint8Array(32).fill(7)).publicKey;
const { roomId } = room;
const { publicKey: ben } = member;
const atDoor = { ...member, state: "connecting", standing: "door" } as const;

let rooms: RoomView[];
let events: Emitter<HostEvents>;
let said: string[];
let emitted: object[];

beforeEach(() => {
  rooms = [room];
  events = new Emitter(() => {});
  said = [];
  emitted = [];
});

/** The part of a host that is listened to. */
function narrated(): void {
  const host = {
    publicKey: self,
    events,
    nameOf: (key: PublicKey) =>
      rooms.flatMap(({ members }) => members).find((one) => one.publicKey === key)?.username ?? "",
    snapshot: () => ({ username: "Ann", rooms }),
  } as unknown as Host;
  const output: Output = {
    json: false,
    say: (line = "") => said.push(line),
    emit: (event) => emitted.push(event),
    complain: (code) => said.push(`! ${code}`),
  };
  narrateTrust(host, output, "govpn --profile P");
}
const news = (what: HostEvents["trust"] extends infer N ? (N extends unknown ? Omit<N, "roomId"> : never) : never) =>
  events.emit("trust", { roomId, ...what } as HostEvents["trust"]);

describe("a knock", () => {
  it("is told with the words and with both answers, each to be typed as it stands", () => {
    narrated();
    rooms = [{ ...room, members: [atDoor] }];
    news({ kind: "knock", member: ben });
    expect(said).toEqual([
      `? Ben is at the door of "Den". Its words: ${member.words}`,
      "  If a voice you know reads you these words: govpn --profile P let-in Ben",
      "  If not: govpn --profile P turn-away Ben",
    ]);
    expect(emitted).toEqual([
      { event: "door", roomId, publicKey: ben, username: "Ben", words: member.words, mayLetIn: true },
    ]);
  });

  it("names the room where there are several, and quotes a name that a shell would take apart", () => {
    narrated();
    rooms = [
      { ...room, members: [{ ...atDoor, username: "Ben; reboot" }] },
      { ...room, roomId: "attic" as RoomId, members: [] },
    ];
    news({ kind: "knock", member: ben });
    expect(said[1]).toContain("let-in 'Ben; reboot' --room den");
  });

  it("offers nothing to whom the owner has not allowed to let in", () => {
    narrated();
    rooms = [{ ...room, trust: { ...trust, canLetIn: false }, members: [atDoor] }];
    news({ kind: "knock", member: ben });
    expect(said.join("\n")).not.toContain("let-in");
    expect(emitted).toMatchObject([{ event: "door", mayLetIn: false }]);
  });

  it("from before is told when the telling begins", () => {
    rooms = [{ ...room, members: [atDoor] }];
    narrated();
    expect(emitted).toMatchObject([{ event: "door", username: "Ben" }]);
  });
});

describe("waiting at a door", () => {
  it("is told to people once, however many members answer, and to programs each time", () => {
    narrated();
    const eve = { ...member, publicKey: "EVE" as PublicKey, username: "Eve" };
    rooms = [{ ...room, members: [member, eve] }];
    news({ kind: "answered", member: ben, answer: "wait" });
    news({ kind: "answered", member: eve.publicKey, answer: "wait" });
    expect(said).toEqual([
      'Waiting at the door of "Den": somebody inside has to let this machine in.',
      `  Read them your words by voice: ${safetyWords(self)}`,
    ]);
    expect(emitted).toMatchObject([
      { event: "waiting", username: "Ben" },
      { event: "waiting", username: "Eve" },
    ]);
  });

  it("ends with being let in, and is news again after that", () => {
    narrated();
    news({ kind: "answered", member: ben, answer: "wait" });
    news({ kind: "let_in", member: ben });
    expect(said.at(-1)).toBe('Ben let this machine in: it is in "Den" now.');
    said.length = 0;
    news({ kind: "answered", member: ben, answer: "wait" });
    expect(said).toHaveLength(2);
  });

  it.each([
    ["no", 'Ben turned this machine away from "Den".'],
    ["banned", 'Ben says that the owner banned this machine from "Den". Only the owner can let it in again.'],
  ] as const)("ends with %j", (answer, words) => {
    narrated();
    news({ kind: "answered", member: ben, answer });
    expect(said).toEqual([words]);
  });

  it("is not what a door that opens means", () => {
    narrated();
    news({ kind: "answered", member: ben, answer: "open" });
    expect([...said, ...emitted]).toEqual([]);
  });
});

describe("the owner's word", () => {
  it.each([
    [{ kind: "removed", member: ben, removal: "kicked" }, '- Ben was removed from "Den" by its owner.'],
    [{ kind: "removed", member: ben, removal: "banned" }, '- Ben was banned from "Den" by its owner.'],
    [{ kind: "role", member: ben, role: "trusted" }, 'The owner of "Den" trusts Ben.'],
    [{ kind: "role", member: self, role: "member" }, 'The owner of "Den" does not trust this machine any more.'],
    [{ kind: "owner", member: ben }, '"Den" belongs to Ben now.'],
    [{ kind: "owner", member: self }, '"Den" belongs to this machine now.'],
    [{ kind: "rules", sealed: false, doors: "owner" }, 'New rules of "Den": open to whoever has the PIN.'],
  ] as const)("is told: %j", (what, words) => {
    narrated();
    news(what);
    expect(said).toEqual([words]);
    expect(emitted).toMatchObject([{ event: what.kind, roomId }]);
  });

  it("on this machine's own removal is told by its being out of the room", () => {
    narrated();
    news({ kind: "removed", member: self, removal: "banned" });
    expect(said).toEqual([]);
    expect(emitted).toEqual([{ event: "removed", roomId, publicKey: self, username: "Ann", removal: "banned" }]);
  });

  it("forgives by the name that the removed one had, now or before the start", () => {
    const removed = { ["EVE" as PublicKey]: { username: "Eve", kind: "banned" as const } };
    rooms = [{ ...room, trust: { ...trust, removed } }];
    narrated();
    news({ kind: "removed", member: ben, removal: "kicked" });
    rooms = [{ ...room, members: [] }];
    said.length = 0;
    for (const key of [ben, "EVE" as PublicKey]) news({ kind: "forgiven", member: key });
    expect(said).toEqual(['Ben may come back to "Den".', 'Eve may come back to "Den".']);
  });
});

describe("a known name with another key", () => {
  it("is a loud warning, with the words of the new key and what to do", () => {
    narrated();
    const changedKey = { knownKey: "OLD" as PublicKey, since: Date.UTC(2026, 4, 1), compared: true };
    rooms = [{ ...room, members: [{ ...member, changedKey }] }];
    events.emit("key_changed", { roomId, publicKey: ben });
    expect(said[0]).toBe(
      '!!! Ben in "Den" has ANOTHER KEY than the Ben known since 2026-05-01, whose words were compared.',
    );
    for (const line of said) expect(line).toMatch(/^!!! /);
    expect(said.join("\n")).toContain(member.words);
    expect(said.at(-1)).toContain("govpn --profile P accept-key Ben");
    expect(emitted).toMatchObject([{ event: "key_changed", publicKey: ben, knownKey: "OLD", compared: true }]);
  });
});
