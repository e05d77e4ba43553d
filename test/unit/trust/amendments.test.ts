import { describe, expect, it } from "vitest";
import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import { base64 } from "../../../shared/base/bytes.ts";
import { admit, listPresent, type Present, remove, setRole } from "../../../shared/trust/amendments.ts";
import { MAX_LISTED, MAX_REMOVED, type Policy } from "../../../shared/trust/policy.ts";

const key = (n: number) => base64.encode(Uint8Array.of(n >> 8, n & 255, ...new Uint8Array(30))) as PublicKey;
const keys = (from: number, count: number) => Array.from({ length: count }, (_, n) => key(from + n));
const owner = key(0);
const policy = (changes: Partial<Policy>): Policy => ({
  v: 1,
  room: "0123456789abcdef" as RoomId,
  founder: owner,
  chain: [],
  epoch: 1,
  name: "Den",
  sealed: false,
  doors: "owner",
  key: "",
  members: [],
  removed: [],
  sig: "",
  ...changes,
});
const present = (inside: readonly PublicKey[], here: readonly PublicKey[] = inside): Present => ({
  inside,
  isHere: (member) => here.includes(member),
});
const plain = (from: number, count: number) =>
  keys(from, count).map((each): Policy["members"][number] => [each, "member"]);

describe("a full list of members", () => {
  const full = policy({ members: [[key(1), "trusted"], ...plain(2, MAX_LISTED - 1)] });

  it("is not emptied by a crowd that merely has the key", () => {
    expect(listPresent(full, present(keys(500, 50)))).toBeUndefined();
    const nearly = policy({ members: plain(1, MAX_LISTED - 1) });
    expect(listPresent(nearly, present([owner, ...keys(500, 50)]))?.members).toEqual([
      ...plain(1, MAX_LISTED - 1),
      ...plain(500, 1),
    ]);
  });

  it("has a place for whom the owner lets in: of those who are away, the one listed longest ago goes", () => {
    const members = admit(full, key(999), present([], [key(2)])).members ?? [];
    expect(members).toHaveLength(MAX_LISTED);
    expect(members.map(([each]) => each)).not.toContain(key(3));
    expect(members.slice(0, 2)).toEqual([
      [key(1), "trusted"],
      [key(2), "member"],
    ]);
    expect(members.at(-1)).toEqual([key(999), "member"]);
  });

  it("keeps everybody on it when one of them gets another role", () => {
    const members = setRole(full, key(7), "trusted", present([])).members ?? [];
    expect(new Set(members.map(([each]) => each))).toEqual(new Set(full.members.map(([each]) => each)));
  });
});

describe("a full list of the removed", () => {
  const bans = keys(1, MAX_REMOVED - 1).map((each): Policy["removed"][number] => [each, "banned"]);

  it("forgets whoever was kicked longest ago, and no ban", () => {
    const full = policy({ removed: [...bans, [key(500), "kicked"]] });
    const removed = remove(full, key(501), "kicked", present([]));
    expect(removed).toMatchObject({ ok: true, value: { removed: [...bans, [key(501), "kicked"]] } });
  });

  it("of bans only takes no more", () => {
    const full = policy({ removed: [...bans, [key(500), "banned"]] });
    expect(remove(full, key(501), "kicked", present([]))).toMatchObject({
      ok: false,
      error: { code: "too_many_removed" },
    });
    expect(remove(full, key(500), "kicked", present([]))).toMatchObject({ ok: true });
  });
});
