import { describe, expect, it } from "vitest";
import { writeReport } from "../../../electron/main/app/report.ts";
import type { LogRecord } from "../../../shared/base/logger.ts";
import type { AppState } from "../../../shared/ipc/app.ts";
import { defaultSettings } from "../../../shared/ipc/settings.ts";

const app = { version: "1.2.3", surface: "browser", platform: "linux", locale: "en", canStartAtLogin: false } as const;
const key = `${"A".repeat(43)}=`;
const state = {
  app,
  self: { publicKey: key, username: "Ann", ipv4: "100.64.1.2", ipv6: "fd67:6f76:706e::1" },
  wanted: true,
  server: { url: "wss://vpn.example.org/ws", state: "online", since: 0 },
  tunnel: { state: "up", device: "govpn0", mtu: 1420 },
  secrets: "file",
  settings: { ...defaultSettings, username: "Ann" },
  rooms: {
    a1b2c3d4e5f60718: {
      roomId: "a1b2c3d4e5f60718",
      name: "Annual meeting",
      state: "joined",
      owner: true,
      hasPin: true,
      members: {},
    },
  },
  traffic: { packetsIn: 0, bytesIn: 0, packetsOut: 0, bytesOut: 0, dropped: {} },
  activity: { 7: { at: 0, kind: "member_left", member: "Benedict", publicKey: key, roomId: "gone-room-1234" } },
} as unknown as AppState;

const reportOf = (message: string) =>
  writeReport({
    app,
    state,
    findings: [],
    home: "/home/anna.smith",
    machine: () => ["Linux 6.1"],
    logs: () => [{ level: "info", scope: "govpn", message, fields: {} } satisfies LogRecord],
  });

describe("a report", () => {
  it.each([
    ["lost 192.168.7.21:5000", "lost 192.168.x.x:5000"],
    ["from fd67:6f76:706e:1:2:3:4:5", "from fd67:x"],
    ["via 2001:db8::17", "via 2001:x"],
    ["own 100.64.1.2 and fd67:6f76:706e::1", "own 100.64.1.2 and fd67:6f76:706e::1"],
    ["listening on 127.0.0.1 and 0.0.0.0", "listening on 127.0.0.1 and 0.0.0.0"],
    ["at 12:34:56 sharp", "at 12:34:56 sharp"],
    [`peer ${"B".repeat(43)}= refused`, "peer BBBBBB… refused"],
    ["room a1b2c3d4e5f60718 and gone-room-1234", "room a1b2c3… and gone-r…"],
    ["/home/anna.smith/.local/share/govpn, 3 GiB free", "~/.local/share/govpn, 3 GiB free"],
    ["Benedict and the Annual meeting", "[name] and the [name]"],
  ])("writes %j as %j", (message, clean) => {
    expect(reportOf(message)).toContain(`govpn: ${clean}`);
  });

  it("has a section for each thing a maintainer asks for", () => {
    const titles = [...reportOf("x").matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    expect(titles).toEqual(["GoVPN", "State", "Rooms", "Settings", "Checks", "Activity", "Log"]);
  });
});
