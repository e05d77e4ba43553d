import { describe, expect, it } from "vitest";
import {
  callable,
  linkInWords,
  notesOn,
  reachInWords,
  removedInWords,
  sealInWords,
  turnedAwayInWords,
} from "../../../electron/cli/standing.ts";
import { inWords } from "../../../electron/cli/words.ts";
import type { PublicKey } from "../../../shared/base/brand.ts";
import type { InboundRule, MemberView, RoomView } from "../../../shared/ipc/contract.ts";
import { member, room, trust } from "./views.ts";

describe("a room in words", () => {
  it.each([
    [{ seal: "sealed", doors: "owner" }, "sealed, the owner lets in"],
    [{ seal: "sealed", doors: "trusted" }, "sealed, the owner and those it trusts let in"],
    [{ seal: "sealed", doors: "members" }, "sealed, every member lets in"],
    [{ seal: "open", doors: "owner" }, "open to whoever has the PIN"],
    [{ seal: "unknown", doors: "owner" }, "not let in yet"],
  ] as const)("%j is %j", (rules, words) => {
    expect(sealInWords(rules)).toBe(words);
  });

  it("names whom its owner removed, by key where the name is not known or several had it", () => {
    const removed = {
      ["key-of-ben" as PublicKey]: { username: "Ben", kind: "banned" },
      ["key-of-eve" as PublicKey]: { username: "Eve", kind: "kicked" },
      ["other-eve" as PublicKey]: { username: "Eve", kind: "banned" },
      ["nameless" as PublicKey]: { username: "", kind: "kicked" },
    } as const;
    expect(removedInWords({ ...trust, removed })).toBe(
      "Ben (banned), Eve key-of-eve (kicked), Eve other-eve (banned), nameless (kicked)",
    );
  });
});

describe("who was turned away, in words", () => {
  it("is nobody where nobody was", () => {
    expect(turnedAwayInWords({ ...room, members: [member, { ...member, standing: "door" }] })).toBe("");
  });

  it("is named, with how to let it in after all", () => {
    const eve = { ...member, username: "Eve", standing: "turned_away" } as const;
    expect(turnedAwayInWords({ ...room, members: [member, eve] })).toBe(
      'Turned away from "Den" a moment ago: Eve. To let somebody in after all: govpn let-in MEMBER',
    );
  });
});

describe("a member in words", () => {
  it.each<[Partial<MemberView>, string]>([
    [{ state: "self" }, "this machine"],
    [{ state: "connecting", standing: "proving" }, "connecting"],
    [{ state: "connecting", standing: "door" }, "at the door"],
    [{ state: "connecting", standing: "turned_away" }, "turned away"],
    [{ state: "connecting", standing: "away" }, "has not let this machine in"],
    [{ state: "connecting", standing: "removed" }, "removed"],
    [{ state: "connecting", standing: "banned" }, "banned"],
    [{ state: "reconnecting", standing: "member" }, "reconnecting"],
    [{}, "direct, media, 1.50 ms"],
    [{ quality: { rttMs: 1, lossPercent: 0.09, reorderedPercent: 0 } }, "direct, media, 1.50 ms"],
    [
      { quality: { rttMs: 1, lossPercent: 1.25, reorderedPercent: 0 } },
      "direct, media, 1.50 ms, 1.3 % of its packets lost",
    ],
    [{ verified: false }, "direct, media, 1.50 ms, not verified"],
  ])("%j is %j", (fields, words) => {
    expect(linkInWords({ ...member, ...fields })).toBe(words);
  });

  it("has no notes where there is nothing to note", () => {
    expect(notesOn(member)).toBe("");
  });

  it("has the loudest note first", () => {
    const changedKey = { knownKey: "K" as PublicKey, since: 0, compared: true };
    const inbound = { rule: { mode: "none" }, own: true, refused: 12 } as const;
    expect(notesOn({ ...member, role: "trusted", compared: true, changedKey, inbound })).toBe(
      "CHANGED KEY, trusted, words compared, may begin nothing, 12 packets refused",
    );
  });

  it("is called by its name in a command, or by its address where that would not do", () => {
    const twin = { ...member, publicKey: "T" as PublicKey, ipv4: "100.64.0.9" };
    const nameless = { ...member, username: "" };
    const den = (members: readonly MemberView[]): RoomView => ({ ...room, members });
    expect(callable(member, den([member]))).toBe("Ben");
    expect(callable(twin, den([member, twin]))).toBe("100.64.0.9");
    expect(callable(nameless, den([nameless]))).toBe(member.ipv4);
  });
});

describe("what members may begin, in words", () => {
  it.each<[InboundRule, string]>([
    [{ mode: "all" }, "anything"],
    [{ mode: "none" }, "nothing"],
    [{ mode: "ports", ports: [{ protocol: "tcp", from: 22, to: 22 }] }, "tcp:22"],
  ])("%j is %j", (rule, words) => {
    expect(reachInWords(rule)).toBe(words);
  });
});

describe("a failure that has two senses", () => {
  it("says what is not connected", () => {
    const code = "not_connected";
    expect(inWords({ code, message: "GoVPN is not connected" })).toContain("govpn ui");
    expect(inWords({ code, message: "there is no connection to the member" })).toContain("govpn peers");
  });
});
