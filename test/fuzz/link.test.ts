import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RoomId } from "../../shared/base/brand.ts";
import { ok } from "../../shared/base/result.ts";
import { ROOM_ID_PATTERN } from "../../shared/protocols/govpn/limits.ts";
import { formatJoinLink, parseJoinLink } from "../../shared/room/link.ts";
import { cleanRoomName } from "../../shared/room/names.ts";
import { PROPERTY_RUNS } from "./runs.ts";

const RUNS = PROPERTY_RUNS;

const part = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string().map(encodeURIComponent),
  fc.constantFrom("join", "server", "name", "wss://a.test/ws", "ws%3A%2F%2Fa", "%", "%00", "%0A", "..", "@", "a1"),
);
const nearLink = fc
  .tuple(fc.constantFrom("govpn", "GoVPN", "https", ""), part, part, fc.array(fc.tuple(part, part), { maxLength: 4 }))
  .map(
    ([scheme, host, path, query]) =>
      `${scheme}://${host}/${path}?${query.map(([key, value]) => `${key}=${value}`).join("&")}`,
  );
const roomId = fc.stringMatching(ROOM_ID_PATTERN).map((id) => id as RoomId);

describe("a link from anywhere", () => {
  it("gives a room by its id, a server to dial and a name to show, or a code", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), nearLink), (text) => {
        const read = parseJoinLink(text);
        if (!read.ok) {
          expect(read.error.code).toMatch(/^link_/);
          return;
        }
        const { roomId: id, server, name } = read.value;
        expect(id).toMatch(ROOM_ID_PATTERN);
        if (server !== undefined) expect(new URL(server).protocol).toMatch(/^wss?:$/);
        if (name !== undefined) expect(cleanRoomName(name)).toBe(name);
      }),
      { numRuns: RUNS },
    );
  });

  it("that was read can be written again, and means the same", () => {
    fc.assert(
      fc.property(nearLink, (text) => {
        const read = parseJoinLink(text);
        if (read.ok) expect(parseJoinLink(formatJoinLink(read.value))).toEqual(read);
      }),
      { numRuns: RUNS },
    );
  });

  it("that we wrote is read as it was meant, whatever the name", () => {
    const name = fc
      .string({ unit: "binary", maxLength: 64 })
      .map((raw) => cleanRoomName(raw))
      .filter((clean) => clean !== undefined);
    fc.assert(
      fc.property(roomId, fc.webAuthority(), name, (id, host, label) => {
        const link = { roomId: id, server: new URL(`wss://${host}/ws`).href, name: label };
        const read = parseJoinLink(formatJoinLink(link));
        if (!host.includes("@")) expect(read).toEqual(ok(link));
      }),
      { numRuns: RUNS },
    );
  });
});
