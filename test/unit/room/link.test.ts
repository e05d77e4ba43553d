import { describe, expect, it } from "vitest";
import type { RoomId } from "../../../shared/base/brand.ts";
import { ok } from "../../../shared/base/result.ts";
import { formatJoinLink, MAX_LINK_LENGTH, parseJoinLink } from "../../../shared/room/link.ts";
import { parseOwnerPin, parseRoomKey } from "../../../shared/trust/room-key.ts";

const room = (id: string) => id as RoomId;

describe("a join link", () => {
  it("brings room, server and name across", () => {
    const link = { roomId: room("a1b2c3"), server: "wss://vpn.example.org:8443/ws", name: "Ann's Räume & <b> 🎉" };
    const text = formatJoinLink(link);
    expect(text).toMatch(/^govpn:\/\/join\/a1b2c3\?server=wss%3A%2F%2Fvpn/);
    expect(parseJoinLink(text)).toEqual(ok(link));
  });

  it("brings a sealed room's key and founder across, in the fragment alone", () => {
    const secrets = { key: "k".repeat(43), owner: "w".repeat(22) };
    const text = formatJoinLink({ roomId: room("a1"), name: "Den", ...secrets });
    expect(text).toBe(`govpn://join/a1?name=Den#k=${secrets.key}&o=${secrets.owner}`);
    expect(parseJoinLink(text)).toEqual(ok({ roomId: "a1", name: "Den", ...secrets }));
    // Where a browser would send it along, it is no key.
    expect(parseJoinLink(`govpn://join/a1?k=${secrets.key}`)).toEqual(ok({ roomId: "a1" }));
  });

  it("reads a key and a founder's hash where they can be taken up, and nowhere else", () => {
    const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (const digit of digits) {
      const [key, owner] = [`${"k".repeat(42)}${digit}`, `${"w".repeat(21)}${digit}`];
      const isRead = (k: string, o: string) => parseJoinLink(`govpn://join/a1#k=${k}&o=${o}`).ok;
      expect(isRead(key, "w".repeat(22)), key).toBe(parseRoomKey(key) !== undefined);
      expect(isRead("k".repeat(43), owner), owner).toBe(parseOwnerPin(owner) !== undefined);
    }
  });

  it("needs neither server nor name", () => {
    expect(formatJoinLink({ roomId: room("a1") })).toBe("govpn://join/a1");
    expect(parseJoinLink("govpn://join/a1")).toEqual(ok({ roomId: "a1" }));
  });

  it.each([
    ["with a slash behind it, as some systems write it", "govpn://join/a1/"],
    ["in capitals, as some programs write it", "GOVPN://JOIN/a1"],
    ["with blanks around it", "  govpn://join/a1\n"],
    ["with a fragment of a later version", "govpn://join/a1#colour=red"],
    ["with parameters of a later version", "govpn://join/a1?colour=red&"],
    ["with a name of which nothing can be seen", "govpn://join/a1?name=%E2%80%8B"],
  ])("is read %s", (_, text) => {
    expect(parseJoinLink(text)).toEqual(ok({ roomId: "a1" }));
  });

  it("makes a name fit to be shown on one line", () => {
    const read = parseJoinLink(`govpn://join/a1?name=${encodeURIComponent(`De\u202en  ${"x".repeat(100)}`)}`);
    expect(read.ok && read.value.name).toBe(`Den ${"x".repeat(60)}`);
  });

  it.each([
    ["link_scheme", "https://join/a1"],
    ["link_scheme", "javascript:alert(1)"],
    ["link_scheme", "join/a1"],
    ["link_scheme", ""],
    ["link_action", "govpn://leave/a1"],
    ["link_action", "govpn://evil@join/a1"],
    ["link_action", "govpn://join:80/a1"],
    ["link_action", "govpn:join/a1"],
    ["link_action", "govpn:///a1"],
    ["link_action", "govpn://join/a1/b2"],
    ["link_room", "govpn://join"],
    ["link_room", "govpn://join/"],
    ["link_room", "govpn://join/a b"],
    ["link_room", "govpn://join/%61"],
    ["link_room", `govpn://join/${"a".repeat(65)}`],
    ["link_too_long", `govpn://join/a1?name=${"x".repeat(MAX_LINK_LENGTH)}`],
    ["link_characters", "govpn://join/a\u0000"],
    ["link_characters", "govpn://join/a1?name=a\nb"],
    ["link_characters", "govpn://join/a1?name=a%0Ab"],
    ["link_characters", "govpn://join/a1?server=ws%3A%2F%2Fx%00"],
    ["link_malformed", "govpn://join/a1?name=%"],
    ["link_malformed", "govpn://join/a1?name=%C3"],
    ["link_repeated", "govpn://join/a1?server=ws://good.test&server=ws://evil.test"],
    ["link_repeated", "govpn://join/a1?name=a&n%61me=b"],
    ["link_repeated", "govpn://join/a1?x&x"],
    ["link_server", "govpn://join/a1?server=javascript:alert(1)"],
    ["link_server", "govpn://join/a1?server=file:///etc/passwd"],
    ["link_server", "govpn://join/a1?server=http://x.test"],
    ["link_server", "govpn://join/a1?server=ws://user:pass@x.test"],
    ["link_server", "govpn://join/a1?server="],
    ["link_server", "govpn://join/a1?server=ws://"],
    ["link_key", "govpn://join/a1#k=abc"],
    ["link_key", `govpn://join/a1#k=${"k".repeat(44)}`],
    ["link_key", `govpn://join/a1#k=${"+".repeat(43)}`],
    ["link_key", `govpn://join/a1#k=${"k".repeat(43)}&o=short`],
    ["link_key", "govpn://join/a1#k="],
    ["link_key", `govpn://join/a1#k=${"k".repeat(42)}l&o=${"w".repeat(22)}`],
    ["link_key", `govpn://join/a1#k=${"k".repeat(43)}&o=${"w".repeat(21)}x`],
    ["link_key", `govpn://join/a1#k=${"k".repeat(43)}`],
    ["link_repeated", `govpn://join/a1#k=${"k".repeat(43)}&k=${"l".repeat(43)}`],
  ])("is refused with %s: %j", (code, text) => {
    const read = parseJoinLink(text);
    expect(read).toMatchObject({ ok: false, error: { code } });
    expect(read.ok ? "" : read.error.message).toMatch(/^[a-z][a-zA-Z0-9 ,:/'-]+$/);
  });
});
