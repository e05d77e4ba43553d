import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { isServerInUse, reachArgument, readEntry } from "../../../electron/cli/entry.ts";

const KEY = "k".repeat(43);
const OWNER = "w".repeat(22);
const LINK = `govpn://join/den?server=wss%3A%2F%2Fvpn.example.org%2Fws&name=Den#k=${KEY}&o=${OWNER}`;
const ENTRY = { roomId: "den", server: "wss://vpn.example.org/ws", key: KEY, owner: OWNER };

describe("what people name a room by who want in", () => {
  it("is an id, or a link with what it holds", async () => {
    expect(await readEntry(" den ")).toEqual({ ok: true, value: { roomId: "den" } });
    expect(await readEntry(LINK)).toEqual({ ok: true, value: ENTRY });
    expect(await readEntry("GOVPN://join/den")).toEqual({ ok: true, value: { roomId: "den" } });
  });

  it("is read from standard input where it must not show", async () => {
    expect(await readEntry("-", Readable.from([`${LINK}\n`]))).toEqual({ ok: true, value: ENTRY });
  });

  it("is refused where it is half a link, without being repeated", async () => {
    const refused = await readEntry(LINK.replace(KEY, KEY.slice(1)));
    expect(refused).toMatchObject({ ok: false, error: { code: "link_key" } });
    expect(JSON.stringify(refused)).not.toContain("kkkk");
  });
});

describe("the server of a link", () => {
  const inUse = { url: "ws://127.0.0.1:8080/ws", publicUrl: "ws://192.0.2.7:8080/ws" };

  it.each(["ws://192.0.2.7:8080/ws", "ws://127.0.0.1:8080/ws", "ws://192.0.2.7:8080"])(
    "is the one in use: %s",
    (url) => {
      expect(isServerInUse(url, inUse)).toBe(true);
    },
  );

  it.each(["ws://192.0.2.8:8080/ws", "wss://192.0.2.7:8080/ws", "not an address"])("is another: %s", (url) => {
    expect(isServerInUse(url, inUse)).toBe(false);
    expect(isServerInUse(url, { url: inUse.url })).toBe(false);
  });
});

describe("what members may begin", () => {
  it("is a rule as people write it", () => {
    expect(reachArgument("none")).toEqual({ mode: "none" });
    expect(reachArgument("tcp:22,udp:27015-27030")).toEqual({
      mode: "ports",
      ports: [
        { protocol: "tcp", from: 22, to: 22 },
        { protocol: "udp", from: 27015, to: 27030 },
      ],
    });
  });

  it.each(["", "some", "tcp", "tcp:0", "tcp:22-21", "icmp:1"])("is not %j", (text) => {
    expect(() => reachArgument(text)).toThrow(/ports such as/);
  });
});
