import { describe, expect, it } from "vitest";
import { LinkInbox, linkAmong } from "../../../electron/main/desktop/deep-link.ts";
import { languageFor, translator } from "../../../electron/main/desktop/strings.ts";
import { trayHost } from "../../../electron/main/desktop/tray-host.ts";
import { DEFAULT_SIZE, openingFor } from "../../../electron/main/desktop/window-place.ts";

describe("the window's place", () => {
  const laptop = { x: 0, y: 0, width: 1440, height: 900 };
  const beside = { x: 1440, y: 0, width: 1920, height: 1080 };
  const place = (x: number, y: number, width = 900, height = 640) => ({ x, y, width, height, maximized: false });

  it("is left to the system at first", () => {
    expect(openingFor(undefined, [laptop])).toEqual(DEFAULT_SIZE);
  });

  it("is where it was", () => {
    expect(openingFor(place(1500, 40), [laptop, beside])).toEqual({ x: 1500, y: 40, width: 900, height: 640 });
  });

  it("is on a display that is there: its size is kept, its position is not", () => {
    expect(openingFor(place(1500, 40, 1000, 700), [laptop])).toEqual({ width: 1000, height: 700 });
  });

  it.each([
    ["above the display", place(100, -10)],
    ["below the display", place(100, 890)],
    ["nearly out to the right", place(1400, 100)],
    ["nearly out to the left", place(-850, 100)],
  ])("can be taken hold of: not %s", (_where, was) => {
    expect(openingFor(was, [laptop])).toEqual({ width: 900, height: 640 });
  });

  it("may hang over an edge", () => {
    expect(openingFor(place(-700, 100), [laptop])).toMatchObject({ x: -700, y: 100 });
  });

  it("is not beside the display that is left of the two that it lay over", () => {
    const left = { x: -1920, y: 0, width: 1920, height: 1080 };
    const over = place(-1900, 40, 3300, 800);
    expect(openingFor(over, [left, laptop])).toMatchObject({ x: -1900, y: 40, width: 1920 });
    expect(openingFor(over, [laptop])).toEqual({ width: 1440, height: 800 });
  });

  it("is never larger than its display", () => {
    expect(openingFor(place(0, 0, 4000, 3000), [laptop])).toEqual({ x: 0, y: 0, width: 1440, height: 900 });
    expect(openingFor(undefined, [{ x: 0, y: 0, width: 800, height: 600 }])).toEqual({ width: 800, height: 600 });
  });
});

describe("a link among arguments", () => {
  it.each<[string | undefined, string[]]>([
    ["govpn://join/a", ["/opt/govpn", "govpn://join/a"]],
    ["GoVPN://join/a", ["/opt/govpn", "--hidden", "GoVPN://join/a"]],
    ["govpn:join/a", ["/opt/govpn", "govpn:join/a"]],
    ["govpn://join/a", ["/opt/govpn", "govpn://join/a", "govpn://join/b"]],
    [undefined, ["/opt/govpn", "--hidden"]],
    [undefined, ["/opt/govpn", "https://example.com/?u=govpn://join/a"]],
    [undefined, ["/opt/govpn", " govpn://join/a"]],
    [undefined, ["/opt/govpn", "--link=govpn://join/a"]],
    [undefined, ["/opt/govpn", "govpn-evil://join/a"]],
  ])("is %s in %j", (link, argv) => {
    expect(linkAmong(argv)).toBe(link);
  });

  it("is cut where the app is sure to refuse it, and never held whole", () => {
    expect(linkAmong([`govpn://join/${"a".repeat(10_000_000)}`])).toHaveLength(4_097);
  });
});

describe("links that come before the app does", () => {
  it("wait, and the newest one is opened", () => {
    const inbox = new LinkInbox();
    const opened: string[] = [];
    inbox.take(undefined);
    expect(inbox.isWaiting).toBe(false);
    inbox.take("govpn://join/a");
    inbox.take("govpn://join/b");
    expect(inbox.isWaiting).toBe(true);
    inbox.deliverTo((link) => opened.push(link));
    expect(opened).toEqual(["govpn://join/b"]);
    expect(inbox.isWaiting).toBe(false);
    inbox.take("govpn://join/c");
    expect(opened).toEqual(["govpn://join/b", "govpn://join/c"]);
  });
});

describe("the desktop's tray", () => {
  const answers = (replies: Record<string, string | undefined>) => async (tool: string) => replies[tool];

  it.each<[boolean, string, Record<string, string | undefined>]>([
    [true, "dbus-send says so", { "dbus-send": "   boolean true" }],
    [false, "dbus-send denies it", { "dbus-send": "   boolean false", gdbus: "(true,)" }],
    [true, "gdbus says so", { gdbus: "(true,)" }],
    [false, "gdbus denies it", { gdbus: "(false,)" }],
    [true, "busctl says so", { busctl: "b true" }],
    [false, "nobody can be asked", {}],
  ])("is there on Linux: %s, when %s", async (isThere, _when, replies) => {
    expect(await trayHost("linux", answers(replies))()).toBe(isThere);
  });

  it.each(["win32", "darwin"] as const)("is always there on %s", async (platform) => {
    expect(await trayHost(platform, answers({}))()).toBe(true);
  });
});

describe("the words of the shell", () => {
  it("fill in values, and leave an unknown one as it is", () => {
    const translate = translator("en");
    expect(translate("joined", { name: "Ben {room}", room: "Den" })).toBe("Ben {room} joined Den");
    expect(translate("joined", { name: "Ben" })).toBe("Ben joined {room}");
  });

  it("have a form for one", () => {
    const translate = translator("en");
    expect([0, 1, 2].map((count) => translate("members", { count }))).toEqual(["0 members", "1 member", "2 members"]);
  });

  it.each([
    ["de", [], "de"],
    ["system", ["de-AT", "en"], "de"],
    ["system", ["pt-PT"], "pt-BR"],
    ["system", ["zh-TW"], "zh-CN"],
    ["system", ["tlh", "fr-CA"], "fr"],
    ["system", ["tlh"], "en"],
    ["system", [], "en"],
  ] as const)("are in the language that is chosen: %s of %j is %s", (chosen, system, language) => {
    expect(languageFor(chosen, system)).toBe(language);
  });
});
